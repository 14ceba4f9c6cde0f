"""`/`: what is running, how it feels and where the APIs are, for whoever opens the address in a browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.page import bdi, heading, page
from watchkeeper.api.rooms import Core

_Rows = tuple[tuple[str, str], ...]

_QUESTIONS: _Rows = (
    ("/api/v1/query?query=up", "Prometheus' HTTP API: ask with PromQL"),
    ("/api/v1/targets", "what is scraped, and how that goes"),
    ("/api/v1/rules", "rules and what they say now"),
    ("/api/v1/alerts", "alerts that are pending or firing"),
    ("/api/v1/status/tsdb", "how many series there are, and of what"),
)
_PLACES: _Rows = (
    ("/api/v2/alerts", "Alertmanager's HTTP API: alerts that are routed, beside /api/v2/silences and others"),
    ("/incidents", "incidents, their timelines and runbooks"),
    ("/metrics", "our own metrics"),
    ("/-/healthy", "is it up"),
    ("/-/ready", "does it answer"),
)
_ALERTS: _Rows = (("/api/v2/alerts", "alerts, as to an Alertmanager"),)
_SAMPLES: _Rows = (
    ("/api/v1/write", "Prometheus remote write 1.0 and 2.0"),
    ("/api/v1/otlp/v1/metrics", "OpenTelemetry metrics (also at /v1/metrics)"),
    ("/metrics/job/NAME", "Pushgateway"),
    ("/api/watchkeeper/v1/import/openmetrics", "history"),
    ("/api/watchkeeper/v1/sql", "read-only SQL"),
)


@dataclass(frozen=True, slots=True)
class Feeling:
    """One line about how something is doing."""

    name: str
    text: str
    good: bool = True


def routes(core: Core, feelings: Callable[[], Sequence[Feeling]]) -> list[BaseRoute]:
    """The page; `feelings` is asked at each request."""

    async def home(request: Request) -> Response:
        return _page(core, feelings(), request.url_for("home").path.rstrip("/"))

    return [Route("/", home, name="home")]


def _page(core: Core, feelings: Sequence[Feeling], prefix: str) -> Response:
    good = core.status.ready and all(feeling.good for feeling in feelings)
    state = "All is well." if good else core.status.summary or "Something needs a look."
    rows = "".join(
        f'<tr><th scope="row">{escape(f.name)}</th><td class="{"good" if f.good else "bad"}">{bdi(f.text)}</td></tr>'
        for f in feelings
    )
    looked, sent = (_QUESTIONS + _PLACES, _SAMPLES + _ALERTS) if core.options.telemetry else (_PLACES, _ALERTS)
    places = "".join(f'<tr><td><a href="{prefix}{p}"><code>{p}</code></a></td><td>{t}</td></tr>' for p, t in looked)
    receivers = "".join(f"<tr><td><code>{p}</code></td><td>{t}</td></tr>" for p, t in sent)
    body = f"""{heading("Watchkeeper")}
<p class="soft">{escape(core.build.version)}</p>
<p class="{"good" if good else "bad"}">{escape(state)}</p>
<h2>How it feels</h2><table class="stack"><tbody>{rows}</tbody></table>
<h2>Where to look</h2><table class="stack"><tbody>{places}</tbody></table>
<h2>Where to send</h2><table class="stack"><tbody>{receivers}</tbody></table>"""
    return page("", body)
