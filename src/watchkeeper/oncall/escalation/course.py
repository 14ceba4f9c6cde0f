"""How an escalation goes on: functions from a value, the roster and the time to the next value and what to record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from watchkeeper.journal import Kind
from watchkeeper.model.alert import Alert
from watchkeeper.oncall.escalation.escalation import Escalation, Page, State
from watchkeeper.oncall.escalation.outcome import Course, Event
from watchkeeper.oncall.escalation.policy import Target
from watchkeeper.oncall.escalation.steps import next_due, paged, pagings, steps_of, take_step
from watchkeeper.oncall.roster import Roster

RETRY_MS = 60_000
"""How long after a page that did not arrive the same receiver is tried again, where the person has no other."""
MOST_ATTEMPTS = 60


def begun(escalation: Escalation, roster: Roster, now: int) -> Course:
    """The first step is to come."""
    steps = steps_of(escalation, roster)
    due_at = now + (steps[0].after_ms if steps else 0)
    text = f"Escalation by policy {escalation.policy} begins"
    fresh = replace(
        escalation, state=State.ESCALATING, steps_told=0, due_at=due_at, pages=(), assigned="", acknowledged_by=""
    )
    return Course(fresh, (Event(Kind.ESCALATION_BEGUN, text),))


def advanced(escalation: Escalation, roster: Roster, now: int) -> Course:
    """Every step that is due by now has been taken."""
    course = Course(escalation)
    while (due_at := course.escalation.due_at) is not None and due_at <= now:
        course = take_step(course, roster, now)
    return course


def updated(escalation: Escalation, alerts: Sequence[Alert], roster: Roster, now: int, *, again: bool) -> Course:
    """The group has newer alerts; `again` says that the same were to be told once more.

    A new alert starts an acknowledged escalation anew, and one that is exhausted; being told again only the latter.
    """
    known = {alert.labels for alert in escalation.alerts if not alert.is_resolved(now)}
    new = any(alert.labels not in known for alert in alerts if not alert.is_resolved(now))
    newer = replace(escalation, alerts=tuple(alerts))
    if newer.state is State.ACKNOWLEDGED and new:
        return begun(newer, roster, now)
    if newer.state is State.EXHAUSTED and (new or again):
        return begun(newer, roster, now)
    return Course(newer)


def acknowledged(escalation: Escalation, actor: str) -> Course:
    """Nobody else is told."""
    if escalation.state not in (State.ESCALATING, State.EXHAUSTED):
        return Course(escalation)
    stopped = replace(escalation, state=State.ACKNOWLEDGED, due_at=None, pages=(), acknowledged_by=actor)
    return Course(stopped, (Event(Kind.ESCALATION_STEP, f"Escalation stops: {actor} has acknowledged", actor),))


def released(escalation: Escalation, actor: str, now: int) -> Course:
    """The acknowledgement has ended: the step that was told last is told again, and the chain goes on from there."""
    if escalation.state is not State.ACKNOWLEDGED:
        return Course(escalation)
    back = max(escalation.steps_told - 1, 0)
    resumed = replace(escalation, state=State.ESCALATING, steps_told=back, due_at=now, acknowledged_by="")
    by = f"{actor} has released the alerts" if actor else "the acknowledgement has run out"
    return Course(resumed, (Event(Kind.ESCALATION_STEP, f"Escalation goes on: {by}", actor),))


def resolved(escalation: Escalation, actor: str, now: int, on_the_way: Iterable[str] = ()) -> Course:
    """It is over, and all who know of it, or may know (`on_the_way`), are to be told."""
    if escalation.state is State.RESOLVED:
        return Course(escalation)
    told = tuple(dict.fromkeys([*escalation.told, *on_the_way]))
    alerts = tuple(one if one.is_resolved(now) else replace(one, ends_at=now) for one in escalation.alerts)
    over = replace(escalation, state=State.RESOLVED, due_at=None, pages=(), told=told, alerts=alerts, note="")
    over = paged(over, [("", receiver, now, "") for receiver in told])
    text = f"Escalation ends: {actor} has resolved it" if actor else "Escalation ends: the alerts are resolved"
    return Course(over, (Event(Kind.ESCALATION_ENDED, text, actor),))


def orphaned(escalation: Escalation, now: int, fires: Callable[[Alert], bool]) -> Course:
    """Its group is there no more. What still `fires` is another group's; where nothing does, all who know are told."""
    if not any(fires(alert) for alert in escalation.alerts):
        return resolved(escalation, "", now)
    over = replace(escalation, state=State.RESOLVED, due_at=None, pages=(), note="")
    text = "Escalation ends: routes have changed, and its alerts are in another group now"
    return Course(over, (Event(Kind.ESCALATION_ENDED, text),))


def assigned(escalation: Escalation, target: Target, roster: Roster, actor: str, now: int) -> Course:
    """Handed over: whoever is meant is told at once, and the chain waits for them as for a step."""
    if escalation.state is State.RESOLVED:
        return Course(escalation)
    handed = replace(escalation, pages=(), assigned=str(target))
    handed = paged(handed, pagings(handed, (target,), roster, now, f"{actor or 'Somebody'} hands this over to you"))
    if handed.state is State.ESCALATING:
        handed = replace(handed, due_at=next_due(handed, roster, now))
    return Course(handed, (Event(Kind.ASSIGNED, f"Handed over to {target} by {actor or 'somebody'}", actor),))


def told(escalation: Escalation, page: Page, now: int, *, arrived: bool) -> Course:
    """A page has been sent, or could not be: then the person's next contact is due now, else it is tried again."""
    rest = tuple(one for one in escalation.pages if one.number != page.number)
    without = replace(escalation, pages=rest)
    if arrived:
        over = escalation.state is State.RESOLVED
        knows = escalation.told if over else tuple(dict.fromkeys([*escalation.told, page.receiver]))
        return Course(replace(without, told=knows))
    if len(rest) == len(escalation.pages):
        return Course(escalation)
    text = f"{page.receiver} could not be told"
    later = [one for one in rest if one.person == page.person and one.at > now] if page.person else []
    if later:
        first = min(later, key=lambda one: one.at)
        sooner = tuple(replace(one, at=now) if one is first else one for one in rest)
        text += f": {first.receiver} is told now"
        return Course(replace(without, pages=sooner), (Event(Kind.ESCALATION_STEP, text),))
    if page.attempts + 1 >= MOST_ATTEMPTS:
        text += f" in {MOST_ATTEMPTS} attempts: given up"
        return Course(without, (Event(Kind.ESCALATION_STEP, text),))
    once_more = replace(page, at=now + RETRY_MS, attempts=page.attempts + 1)
    events = (Event(Kind.ESCALATION_STEP, f"{text}: tried again every minute"),) if page.attempts == 0 else ()
    return Course(replace(without, pages=(*rest, once_more)), events)
