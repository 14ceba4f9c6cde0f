"""A group of alerts as its pages show it."""

from __future__ import annotations

from html import escape
from zoneinfo import ZoneInfo

from watchkeeper.api.alert_rows import MOST, alert_html, common_html, common_of, folded
from watchkeeper.api.page import time_text
from watchkeeper.model.alert import Alert
from watchkeeper.oncall.responding import GroupNow


def title_of(group: GroupNow) -> str:
    """What a group is called: its alerts' name where they have one, else its labels."""
    name = group.common_labels.get("alertname") or ", ".join(f"{n}={v}" for n, v in group.labels.pairs)
    return name or "Alerts"


def alerts_table(group: GroupNow, zone: ZoneInfo) -> str:
    """What fires, since when, and who is told."""
    firing = [held.alert for held in group.firing]
    common = common_of([alert.labels for alert in firing])
    rows = [_row(alert, common, zone) for alert in firing[:MOST]]
    receivers = escape(", ".join(group.receivers))
    return f"""<h2>{len(firing)} firing since {time_text(group.since, zone)}</h2>
<p class="soft">Told to: {receivers}</p>
{common_html(common)}{folded(("Alert", "Since"), rows, len(firing) - MOST)}"""


def _row(alert: Alert, common: dict[str, str], zone: ZoneInfo) -> str:
    said = alert.annotations.get("summary") or alert.annotations.get("description") or ""
    since = time_text(alert.starts_at, zone)
    return f'<tr><td>{alert_html(alert.labels, common, said)}</td><td class="when">{since}</td></tr>'
