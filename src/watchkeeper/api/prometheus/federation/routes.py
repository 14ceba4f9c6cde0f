"""The route."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.federation.exposition import exposed
from watchkeeper.api.prometheus.federation.format import Format, negotiated
from watchkeeper.api.prometheus.federation.latest import newest
from watchkeeper.api.prometheus.params import Params
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.tenant import tenant_of
from watchkeeper.model.samples import Selection
from watchkeeper.query.promql import ParseFailure, parse_selector
from watchkeeper.store import Store


def routes(core: Core, store: Store, running: Running, lookback_ms: Callable[[], int]) -> list[BaseRoute]:
    """`/federate`: what was sampled in the last `lookback_ms()` and has not ended since."""

    async def federate(request: Request) -> Response:
        params = await Params.of(request)
        now = core.clock.now_ms()
        tenant = tenant_of(request)
        try:
            wanted = [
                Selection(tenant, parse_selector(text), now - lookback_ms(), now, newest_only=True)
                for text in params.all("match[]")
            ]
        except ParseFailure as why:
            return PlainTextResponse(f"{why}\n", 400)
        form = negotiated(request.headers.get("accept", ""))
        body = await core.readers.run(_answer, store, wanted, running.external_labels(), form)
        return Response(body, headers={"Content-Type": form.content_type})

    return [Route("/federate", federate, methods=["GET"])]


def _answer(store: Store, wanted: Sequence[Selection], external: Mapping[str, str], form: Format) -> bytes:
    return exposed(newest([store.select(selection) for selection in wanted], external), form)
