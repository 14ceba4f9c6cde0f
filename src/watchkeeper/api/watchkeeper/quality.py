"""How good alerts are: `/quality`, `/quality/review`."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter, success
from watchkeeper.api.prometheus.params import pairs_of
from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.failure import Failure
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.quality import (
    By,
    History,
    Measure,
    QualityOrder,
    figures_csv,
    figures_json,
    markdown,
    review,
    review_json,
)


def routes(core: Core, history: History, severities: Callable[[], Severities]) -> list[Route]:
    """The routes below `/api/watchkeeper/v1`; `severities` gives those that are configured."""

    async def quality(request: Request) -> Response:
        by, measure, form = _asked(core, severities(), request, ("json", "csv"))
        found = await review(history, measure, tenant_of(request))
        if form == "csv":
            return Response(figures_csv(found.by(by)), media_type="text/csv; charset=utf-8")
        return success(figures_json(found, found.by(by)))

    async def whole(request: Request) -> Response:
        _, measure, form = _asked(core, severities(), request, ("json", "markdown"))
        found = await review(history, measure, tenant_of(request))
        if form == "markdown":
            return Response(markdown(found), media_type="text/markdown; charset=utf-8")
        return success(review_json(found))

    return [Route("/quality", quality, methods=["GET"]), Route("/quality/review", whole, methods=["GET"])]


def _asked(core: Core, severities: Severities, request: Request, forms: tuple[str, ...]) -> tuple[By, Measure, str]:
    asked = dict(pairs_of(request.url.query))
    form = asked.pop("format", forms[0])
    if form not in forms:
        raise bad_parameter("format", f'there is no format "{form}": {" or ".join(forms)} would be right')
    if unknown := sorted(asked.keys() - set(QualityOrder.__slots__)):
        raise bad_parameter(unknown[0], f"{', '.join(QualityOrder.__slots__)} and format are known")
    order = QualityOrder(**asked)
    try:
        return order.kind(), order.measure(core.clock.now_ms(), severities), form
    except Failure as why:
        raise ApiFailure(ErrorType.BAD_DATA, str(why)) from None
