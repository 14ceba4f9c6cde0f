"""An incident's alerts, of which some may become an incident of their own."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from watchkeeper.api.alert_rows import MOST, alert_html, common_html, common_of, folded
from watchkeeper.api.incident_pages.facts import when
from watchkeeper.api.incident_pages.pager import Pager
from watchkeeper.api.incident_pages.visit import Visit, button, choice, text_field
from watchkeeper.oncall.incident import Incident, LinkedAlert

ALERTS = "alerts"


def alerts_part(visit: Visit, one: Incident, path: str, receivers: Mapping[str, str]) -> str:
    """The alerts, those that fire first; with boxes to tick where there are several."""
    if not one.alerts:
        return ""
    ordered = sorted(one.alerts, key=lambda alert: (not alert.fires, -alert.starts_at))
    pager, common = Pager.asked(visit.request, ALERTS, MOST), common_of([alert.labels for alert in ordered])
    splits = len(ordered) > 1 and not one.merged_into
    ticked = visit.chosen(ALERTS, "alerts")
    rows = [_row(visit, alert, common, ticked if splits else None) for alert in pager.of(ordered)]
    firing = sum(alert.fires for alert in ordered)
    table = folded(("Alert", "State", "Since"), rows)
    links = pager.links(visit.request, len(ordered), "Before", "More")
    counted = f"<p>{firing} of {len(ordered)} fire.</p>{common_html(common)}"
    if not splits:
        return visit.section(ALERTS, "Alerts", f"{counted}{table}{links}")
    title = text_field("Title of the new incident", "title", visit.value(ALERTS, "title"), most=300)
    ticket = choice("Its ticket", "ticket", {"": "none", **receivers}, visit.value(ALERTS, "ticket"))
    apart = button("split", "Make those that are ticked an incident of their own")
    form = visit.form(path, ALERTS, f"<div>{table}</div>{title}{ticket}<div>{apart}</div>", narrow=False)
    return visit.section(ALERTS, "Alerts", f"{counted}{form}{links}")


def _row(visit: Visit, alert: LinkedAlert, common: Mapping[str, str], ticked: frozenset[str] | None) -> str:
    shown = f"<span>{alert_html(alert.labels, common)}</span>"
    if ticked is not None:
        checked = " checked" if alert.fingerprint in ticked else ""
        box = f'<input type="checkbox" name="alerts" value="{escape(alert.fingerprint)}"{checked}>'
        shown = f'<label class="pick">{box}{shown}</label>'
    state = '<td class="when bad">fires</td>' if alert.fires else '<td class="when good">ended</td>'
    return f'<tr><td>{shown}</td>{state}<td class="when">{when(alert.starts_at, visit)}</td></tr>'
