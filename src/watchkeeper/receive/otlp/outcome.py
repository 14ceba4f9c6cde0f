"""What an exporter is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from watchkeeper.receive.otlp.body import Encoding
from watchkeeper.receive.otlp.failure import OTLPFailure
from watchkeeper.receive.otlp.messages import messages
from watchkeeper.receive.otlp.status import status_json, status_protobuf


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of a request that was taken: `rejected` data points were not stored, and `text` says why."""

    rejected: int = 0
    text: str = ""

    def protobuf(self) -> bytes:
        """An ExportMetricsServiceResponse message; empty where everything was stored."""
        if not self.rejected and not self.text:
            return b""
        known = messages()
        partial = known.PartialSuccess(rejected_data_points=self.rejected, error_message=self.text.encode())
        return known.Response(partial_success=partial).SerializeToString()

    def json(self) -> bytes:
        """The same in protobuf's JSON mapping, where 64 bits are a string."""
        if not self.rejected and not self.text:
            return b"{}"
        partial = {"rejectedDataPoints": str(self.rejected), "errorMessage": self.text}
        return msgspec.json.encode({"partialSuccess": partial})


@dataclass(frozen=True, slots=True)
class Outcome:
    """An HTTP answer, in the encoding of the request."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def success(exported: Exported, encoding: Encoding) -> Outcome:
    """The answer to a request that was taken, in part at least."""
    body = exported.json() if encoding is Encoding.JSON else exported.protobuf()
    return Outcome(200, body, encoding)


def refusal(failure: OTLPFailure, encoding: Encoding | None) -> Outcome:
    """The answer to a request of which nothing was stored; as JSON where its encoding is not known."""
    headers = {} if failure.retry_after_s is None else {"Retry-After": str(failure.retry_after_s)}
    if encoding is Encoding.PROTOBUF:
        return Outcome(failure.status, status_protobuf(failure.code, str(failure)), encoding, headers)
    return Outcome(failure.status, status_json(failure.code, str(failure)), Encoding.JSON, headers)
