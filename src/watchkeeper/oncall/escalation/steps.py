"""Taking a step: whom it tells, who is told in their place, and when the next one is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from watchkeeper.base.duration import format_duration
from watchkeeper.journal import Kind
from watchkeeper.oncall.escalation.escalation import Escalation, Page, State
from watchkeeper.oncall.escalation.outcome import Course, Event
from watchkeeper.oncall.escalation.policy import Policy, Step, Target
from watchkeeper.oncall.roster import Roster

Paging = tuple[str, str, int, str]
"""Whose receiver, the receiver, when, and what is said besides."""


def steps_of(escalation: Escalation, roster: Roster) -> tuple[Step, ...]:
    """The steps that its alerts' severities lead to; none where the policy has gone."""
    policy = roster.policies.get(escalation.policy)
    return policy.steps_for(roster.severities_of(escalation.alerts)) if policy is not None else ()


def take_step(course: Course, roster: Roster, now: int) -> Course:
    """Tell the next step."""
    escalation, policy = course.escalation, roster.policies.get(course.escalation.policy)
    steps = steps_of(escalation, roster)
    if policy is None:
        why = f"Escalation stops: there is no policy {escalation.policy} any more"
        stopped = replace(escalation, state=State.EXHAUSTED, due_at=None)
        return course.then(stopped, Event(Kind.ESCALATION_STEP, why, gap=True))
    if not steps:
        return _nothing_fits(course, policy, roster, now)
    number = escalation.steps_told % len(steps)
    course = _tell(course, steps[number], policy, roster, now, f"Step {number + 1} of policy {policy.name}")
    nobody = course.escalation.pages_made == escalation.pages_made
    taken = replace(course.escalation, steps_told=escalation.steps_told + 1)
    due_at = next_due(taken, roster, now)
    if due_at is None:
        return course.then(replace(taken, state=State.EXHAUSTED, due_at=None))
    return course.then(replace(taken, due_at=now if nobody else due_at))


def next_due(escalation: Escalation, roster: Roster, now: int) -> int | None:
    """When the step after those that are told is, if they were told now; None after the last of the last round."""
    policy, steps = roster.policies.get(escalation.policy), steps_of(escalation, roster)
    if policy is None or not steps:
        return None
    rounds, number = divmod(escalation.steps_told, len(steps))
    if rounds > policy.repeat:
        return None
    return now + (policy.repeat_after_ms if number == 0 and rounds else steps[number].after_ms)


def _nothing_fits(course: Course, policy: Policy, roster: Roster, now: int) -> Course:
    """No step is for alerts of that severity: the fallback is all there is."""
    escalation = course.escalation
    named = ", ".join(sorted(roster.severities_of(escalation.alerts))) or "none"
    note = f"No step of policy {policy.name} is for these alerts ({roster.severities.label}: {named})"
    ended = replace(escalation, state=State.EXHAUSTED, due_at=None, steps_told=1)
    ended = paged(ended, pagings(ended, policy.fallback, roster, now, note, urgent=True))
    return course.then(ended, Event(Kind.ESCALATION_STEP, f"{note}: {_told_instead(ended.pages)}", gap=True))


def _tell(course: Course, step: Step, policy: Policy, roster: Roster, now: int, name: str) -> Course:
    escalation, events = course.escalation, list[Event]()
    note = escalation.note
    tellings = pagings(escalation, step.targets, roster, now, note)
    severities = roster.severities_of(escalation.alerts)
    lost = [t for t in step.targets if not roster.tellings(t, severities, now, urgent=policy.urgent)]
    if lost:
        why = f"{name} finds nobody to tell by {', '.join(map(str, lost))}"
        known = {receiver for _, receiver, _, _ in tellings}
        fallback = pagings(escalation, policy.fallback, roster, now, why, urgent=True)
        instead = [one for one in fallback if one[1] not in known]
        tellings = [*tellings, *instead]
        events.append(Event(Kind.ESCALATION_STEP, f"{why}: {_told_instead(_pages(escalation, instead))}", gap=True))
        note = why
    told = replace(paged(escalation, tellings), note="" if tellings else note)
    if tellings:
        events.append(Event(Kind.ESCALATION_STEP, f"{name}: {_told_whom(tellings, now)}"))
    return course.then(told, *events)


def pagings(
    escalation: Escalation, targets: Iterable[Target], roster: Roster, now: int, note: str, *, urgent: bool = False
) -> list[Paging]:
    """What telling these targets leads to, each receiver once; `urgent` where it is so without the policy's saying."""
    policy = roster.policies.get(escalation.policy)
    loud = urgent or (policy is not None and policy.urgent)
    found: dict[str, Paging] = {}
    severities = roster.severities_of(escalation.alerts)
    for target in targets:
        for person, telling in roster.tellings(target, severities, now, urgent=loud):
            found.setdefault(telling.receiver, (person, telling.receiver, telling.at, note))
    return list(found.values())


def _pages(escalation: Escalation, tellings: Sequence[Paging]) -> tuple[Page, ...]:
    return tuple(
        Page(escalation.pages_made + i, receiver, at, person, note)
        for i, (person, receiver, at, note) in enumerate(tellings)
    )


def paged(escalation: Escalation, tellings: Sequence[Paging]) -> Escalation:
    """The escalation with these receivers to tell besides."""
    pages = _pages(escalation, tellings)
    return replace(escalation, pages=(*escalation.pages, *pages), pages_made=escalation.pages_made + len(pages))


def _told_whom(tellings: Sequence[Paging], now: int) -> str:
    whom = (
        receiver + (f" (in {format_duration((at - now) // 1000 * 1000)})" if at - now >= 1000 else "")
        for _, receiver, at, _ in tellings
    )
    return ", ".join(whom)


def _told_instead(pages: Sequence[Page]) -> str:
    if not pages:
        return "and there is no fallback that reaches anybody"
    return f"the fallback is told: {', '.join(page.receiver for page in pages)}"
