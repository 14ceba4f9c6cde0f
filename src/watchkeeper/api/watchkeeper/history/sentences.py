"""A story's turns, as sentences that a page and a terminal show alike."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.alerts import Explanation, Way
from watchkeeper.alerts.history import alert_text, silence_text
from watchkeeper.alerts.inhibition import Inhibition, InhibitRule
from watchkeeper.alerts.intervals import Hold
from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.base.duration import format_duration
from watchkeeper.base.instant import instant_text
from watchkeeper.notify import Outlook


def state_text(explanation: Explanation) -> str:
    """How the alert stands."""
    alert = explanation.held
    if alert is None:
        return "is not held: nobody has sent it, or it ended long ago; what follows is what would happen to it"
    if alert.is_resolved(explanation.at):
        return f"ended at {instant_text(alert.ends_at)}"
    return f"fires since {instant_text(alert.starts_at)}"


def held_back(explanation: Explanation, way: Way) -> list[str]:
    """Everything that keeps the alert from a way's receiver now."""
    silences = [silence_text(one) for one in explanation.silences]
    inhibition = [inhibition_text(explanation.inhibition)] if explanation.inhibition is not None else []
    return [*silences, *inhibition, *(hold_text(hold) for hold in way.holds)]


def inhibition_text(inhibition: Inhibition) -> str:
    """Why an alert that fires holds another one back."""
    return f"{alert_text(inhibition.source.alert.labels)} inhibits it by the rule {rule_text(inhibition.rule)}"


def rule_text(rule: InhibitRule) -> str:
    """An inhibit rule in one line."""
    equal = f" with equal {', '.join(rule.equal)}" if rule.equal else ""
    return f"{matchers_text(rule.source)} mutes {matchers_text(rule.target)}{equal}"


def hold_text(hold: Hold) -> str:
    """Why a time interval holds a group back."""
    clock = f" on the clock of {', '.join(hold.zones)}" if hold.zones else ""
    until = f", until {instant_text(hold.until)}" if hold.until is not None else ", for more than a week"
    if hold.active:
        return f"the route is active only within the time interval {hold.name}{clock}, which it is not now{until}"
    return f"the time interval {hold.name}{clock} mutes the route{until}"


def times_text(way: Way) -> str:
    """When the way's group is looked at."""
    options = way.route.options
    wait, interval, repeat = (
        format_duration(ms) for ms in (options.group_wait_ms, options.group_interval_ms, options.repeat_interval_ms)
    )
    if way.next_flush_at is None:
        first = f"there is no such group now; a new one is looked at {wait} after its first alert"
    else:
        first = f"the group is looked at next at {instant_text(way.next_flush_at)}"
    return f"{first}, then every {interval}; the same is told again after {repeat}"


def summary(explanation: Explanation, outlooks: Sequence[Sequence[Outlook]]) -> str:
    """The short answer; `outlooks` are those of the explanation's ways."""
    name = alert_text(explanation.labels)
    if not explanation.ways:
        return f"{name}: nobody is told, because no route is configured"
    ways = [_short(explanation, *pair) for pair in zip(explanation.ways, outlooks, strict=True)]
    return f"{name}: {'; '.join(ways)}"


def _short(explanation: Explanation, way: Way, known: Sequence[Outlook]) -> str:
    receiver, why = way.route.options.receiver, held_back(explanation, way)
    if why:
        return f"{receiver} is not told now, because {' and '.join(why)}"
    integrations = [f"{receiver} ({one.integration}) {one.why}" for one in known]
    return "; ".join(integrations) or f"{receiver} has no integrations: nobody is told"


def lines(title: str, below: Sequence[str]) -> list[str]:
    """A title, and what stands below it."""
    return [title, *(f"  {line}" for line in below)]
