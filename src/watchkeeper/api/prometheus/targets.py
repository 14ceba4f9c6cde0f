"""What is scraped: `/targets`, `/targets/metadata`, `/scrape_pools`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, success
from watchkeeper.api.prometheus.params import Params, whole_number
from watchkeeper.api.rooms import Core
from watchkeeper.receive.scrape import ActiveTarget, TargetMetadata, Targets

_NEVER = "0001-01-01T00:00:00Z"


class Pools(Protocol):
    """The scrape jobs that run."""

    def pools(self) -> list[str]:
        """Their names, sorted."""
        ...

    def targets(self) -> Targets:
        """Their targets."""
        ...

    def metadata(self) -> list[TargetMetadata]:
        """What each target says of its metrics."""
        ...


def routes(core: Core, pools: Pools) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def targets(request: Request) -> Response:
        params = await Params.of(request)
        state, pool = params.text("state").lower(), params.text("scrapePool")
        found = pools.targets()
        data: dict[str, Any] = {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": None}
        if state in ("", "any", "active"):
            data["activeTargets"] = [
                _active(target, core.options.external_url)
                for target in found.active
                if pool in ("", target.scrape_pool)
            ]
        if state in ("", "any", "dropped"):
            data["droppedTargets"] = [
                {"discoveredLabels": dict(target.discovered_labels), "scrapePool": target.scrape_pool}
                for target in found.dropped
                if pool in ("", target.scrape_pool)
            ]
            data["droppedTargetCounts"] = {
                name: count for name, count in found.dropped_counts.items() if pool in ("", name)
            }
        return success(data)

    async def metadata(request: Request) -> Response:
        params = await Params.of(request)
        sets = params.matcher_sets("match_target")
        wanted = sets[0] if sets else ()
        metric, limit = params.text("metric"), whole_number(params.text("limit", "0"))
        if limit is None:
            raise ApiFailure(ErrorType.BAD_DATA, "limit must be a number")
        rows = [
            _metadata(entry, metric)
            for entry in pools.metadata()
            if metric in ("", entry.metadata.metric) and all(m.matches(entry.target.get(m.name, "")) for m in wanted)
        ]
        return success(rows[:limit] if limit > 0 else rows)

    async def scrape_pools(request: Request) -> Response:
        return success({"scrapePools": pools.pools()})

    return [
        Route("/targets", targets),
        Route("/targets/metadata", metadata),
        Route("/scrape_pools", scrape_pools),
    ]


def _active(target: ActiveTarget, external_url: str) -> dict[str, Any]:
    last = target.last_scrape_ms
    when = _NEVER if last is None else datetime.fromtimestamp(last / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "discoveredLabels": dict(target.discovered_labels),
        "labels": dict(target.labels),
        "scrapePool": target.scrape_pool,
        "scrapeUrl": target.scrape_url,
        "globalUrl": _global(target.scrape_url, external_url),
        "lastError": target.last_error,
        "lastScrape": when.replace("+00:00", "Z"),
        "lastScrapeDuration": target.last_scrape_duration_s,
        "health": target.health.value,
        "scrapeInterval": target.scrape_interval,
        "scrapeTimeout": target.scrape_timeout,
    }


def _global(url: str, external_url: str) -> str:
    """The URL as people elsewhere would write it: a loopback name becomes the external URL's host."""
    parts = urlsplit(url)
    host = urlsplit(external_url).hostname
    if parts.hostname not in ("localhost", "127.0.0.1", "::1") or not host:
        return url
    shown = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=shown if parts.port is None else f"{shown}:{parts.port}"))


def _metadata(entry: TargetMetadata, metric: str) -> dict[str, Any]:
    told = entry.metadata
    row: dict[str, Any] = {"target": dict(entry.target), "type": told.type, "help": told.help, "unit": told.unit}
    return row if metric else {**row, "metric": told.metric}
