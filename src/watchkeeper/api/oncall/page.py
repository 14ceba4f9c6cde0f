"""Pages without scripts, that nobody else may frame, keep or follow."""

from __future__ import annotations

import logging
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse, Response

from watchkeeper.api.look import STYLE
from watchkeeper.model.alert import Alert
from watchkeeper.oncall.responding import GroupNow
from watchkeeper.store import StoreFailure

log = logging.getLogger(__name__)

MOST_ALERTS = 50
_FORM_STYLE = """
h1 { overflow-wrap: anywhere } .labels { font: .85em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
th { text-align: left; font-weight: 600; padding: .35rem .75rem .35rem 0 }
td:first-child { white-space: normal; width: auto }
form { margin: 1.5rem 0; display: grid; gap: .9rem; max-width: 30rem } label, legend { font-weight: 600 }
fieldset { border: 1px solid var(--line); border-radius: .4rem; display: grid; gap: .4rem } fieldset label
{ font-weight: 400 } input[type=text], select { display: block; width: 100%; box-sizing: border-box; font: inherit;
  padding: .5rem; margin-top: .2rem; color: inherit; background: transparent; border: 1px solid var(--soft);
  border-radius: .4rem } option { color: #1c2330; background: #fbfcfd }
button { font: inherit; font-weight: 600; padding: .6rem 1rem; border: 1px solid var(--link); border-radius: .4rem;
  color: var(--link); background: transparent; cursor: pointer } button.first { color: var(--ground);
  background: var(--link) } .said { border-left: .3rem solid var(--good); padding: .3rem .8rem }
.said.bad { border-color: var(--bad) } :focus-visible { outline: .2rem solid var(--link); outline-offset: .15rem }
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    # Not `no-referrer`: with it browsers hide from us that a form comes from our own page.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def page(title: str, body: str, status: int = 200) -> Response:
    """A page; `body` is HTML."""
    text = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Watchkeeper</title><style>{STYLE}{_FORM_STYLE}</style></head>
<body><main>
<h1>{escape(title)}</h1>
{body}
</main></body></html>
"""
    return HTMLResponse(text, status, _HEADERS)


def refusal(title: str, why: str, status: int) -> Response:
    """A page that says why not."""
    return page(title, f'<p class="said bad" role="alert">{escape(why)}</p>', status)


def not_kept(failure: StoreFailure) -> Response:
    """The page where the database takes nothing."""
    log.warning("what somebody did on a page could not be kept: %s", failure)
    return refusal("Not done", "The database takes nothing just now: send the form again soon.", 503)


def time_text(ms: int, zone: ZoneInfo) -> str:
    """An instant for people, as HTML."""
    moment = datetime.fromtimestamp(ms / 1000, zone)
    shown = f"{moment:%Y-%m-%d %H:%M} {zone.key}"
    return f'<time datetime="{moment.isoformat(timespec="seconds")}">{escape(shown)}</time>'


def title_of(group: GroupNow) -> str:
    """What a group is called: its alerts' name where they have one, else its labels."""
    name = group.common_labels.get("alertname") or ", ".join(f"{n}={v}" for n, v in group.labels.pairs)
    return name or "Alerts"


def alerts_table(group: GroupNow, zone: ZoneInfo) -> str:
    """What fires, since when, and who is told."""
    rows = "".join(_row(held.alert, zone) for held in group.firing[:MOST_ALERTS])
    more = len(group.firing) - MOST_ALERTS
    rest = f'<p class="soft">and {more} more</p>' if more > 0 else ""
    receivers = ", ".join(group.receivers)
    return f"""<h2>{len(group.firing)} firing since {time_text(group.since, zone)}</h2>
<p class="soft">Told to: {escape(receivers)}</p>
<table><thead><tr><th scope="col">Alert</th><th scope="col">Since</th></tr></thead><tbody>{rows}</tbody></table>
{rest}"""


def _row(alert: Alert, zone: ZoneInfo) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in alert.labels.pairs)
    said = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    summary = f"{escape(said)}<br>" if said else ""
    since = time_text(alert.starts_at, zone)
    return f'<tr><td>{summary}<span class="labels">{escape(labels)}</span></td><td>{since}</td></tr>'
