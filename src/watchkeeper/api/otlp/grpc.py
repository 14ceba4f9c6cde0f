"""OTLP metrics over gRPC, on the same loop as everything else."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from starlette.datastructures import Headers

from watchkeeper.api.prometheus.envelope import ApiFailure
from watchkeeper.api.tenant import tenant_named
from watchkeeper.receive.otlp import OTLP, Code, OTLPFailure, status_details

_SERVICE = "opentelemetry.proto.collector.metrics.v1.MetricsService"
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_GRACE_S = 2.0

Admits = Callable[[Headers], Awaitable[bool]]
"""Says whether a caller with these headers may come in."""


class PortTaken(OSError):
    """The address cannot be listened on."""


def _probe(address: str) -> None:
    """Raise PortTaken where the address cannot be had: gRPC itself would write its own words to standard error."""
    host, _, port = address.rpartition(":")
    name = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((name, int(port)))
        except OSError as why:
            raise PortTaken(f"cannot listen on {address}: {why.strerror}") from why


class GRPCServer:
    """Serves OTLP's metrics service at one address, with TLS where `credentials` are given."""

    def __init__(self, otlp: OTLP, admits: Admits | None, credentials: grpc.ServerCredentials | None) -> None:
        self._otlp = otlp
        self._admits = admits
        self._credentials = credentials
        self._server: grpc.aio.Server | None = None

    async def start(self, address: str) -> int:
        """Listen at `host:port`; the port. Raises PortTaken."""
        _probe(address)
        # Without the first option two processes could share a port, and neither would know.
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", self._otlp.limits.unpacked_bytes)]
        server = grpc.aio.server(options=options)
        methods = {"Export": grpc.unary_unary_rpc_method_handler(self._export)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
        try:
            if self._credentials is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, self._credentials)
        except RuntimeError as why:
            raise PortTaken(f"cannot listen on {address}") from why
        await server.start()
        self._server = server
        return port

    async def stop(self) -> None:
        """Take no further calls, and let those under way end."""
        if self._server is not None:
            await self._server.stop(_GRACE_S)

    async def _export(self, request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        try:
            headers = Headers({str(key): str(value) for key, value in context.invocation_metadata() or ()})
            answer = await self._exported(request, headers)
        except OTLPFailure as failure:
            await self._refuse(context, failure.code, str(failure), failure.retry_after_s)
            raise AssertionError("unreachable: a refused call has ended") from None
        self._otlp.metrics.requests.labels("grpc", "OK").inc()
        return answer

    async def _exported(self, request: bytes, headers: Headers) -> bytes:
        if self._admits is not None and not await self._admits(headers):
            raise OTLPFailure("Unauthorized", 401, Code.UNAUTHENTICATED)
        try:
            tenant = tenant_named(headers)
        except ApiFailure as why:
            raise OTLPFailure(str(why), 400, Code.INVALID_ARGUMENT) from None
        return (await self._otlp.export(request, tenant)).protobuf()

    async def _refuse(
        self, context: grpc.aio.ServicerContext[Any, Any], code: Code, text: str, retry_after_s: int | None
    ) -> None:
        self._otlp.metrics.requests.labels("grpc", code.name).inc()
        details = status_details(code, text, retry_after_s)
        await context.abort(_CODES[code], text, (("grpc-status-details-bin", details),))
