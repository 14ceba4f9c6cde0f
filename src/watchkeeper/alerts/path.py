"""The way of an alert through the routing tree, and why it is this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.alerts.matchers import matcher_text
from watchkeeper.alerts.route import Route
from watchkeeper.model.matcher import Matcher


class Verdict(StrEnum):
    """What became of the alert at a route."""

    TAKEN = "taken"
    """It matches, and no route below it does."""
    PASSED_ON = "passed on"
    """It matches, and so do routes below it."""
    REFUSED = "refused"
    """A matcher does not hold; the routes below are not asked."""
    NOT_REACHED = "not reached"
    """A sibling before it matched and does not continue."""


@dataclass(frozen=True, slots=True)
class Step:
    """A route on or beside the way, `depth` levels below the root."""

    route: Route
    depth: int
    verdict: Verdict
    why: str


def path(root: Route, labels: Mapping[str, str]) -> tuple[Step, ...]:
    """Every route that was asked, in the order of the file, and the siblings that were not reached.

    Those that are taken are `root.match(labels)`.
    """
    return tuple(_steps(root, labels, 0))


def _steps(route: Route, labels: Mapping[str, str], depth: int) -> list[Step]:
    wrong = [matcher for matcher in route.matchers if not matcher.matches(labels.get(matcher.name, ""))]
    if wrong:
        why = "; ".join(_why_not(matcher, labels.get(matcher.name, "")) for matcher in wrong)
        return [Step(route, depth, Verdict.REFUSED, why)]
    below: list[Step] = []
    found, ended_by = False, ""
    for one in route.routes:
        if ended_by:
            below.append(Step(one, depth + 1, Verdict.NOT_REACHED, ended_by))
            continue
        steps = _steps(one, labels, depth + 1)
        below.extend(steps)
        if steps[0].verdict is not Verdict.REFUSED:
            found = True
            ended_by = "" if one.continues else "a route before it matches and does not continue"
    verdict = Verdict.PASSED_ON if found else Verdict.TAKEN
    return [Step(route, depth, verdict, _why(route, found)), *below]


def _why(route: Route, found: bool) -> str:
    matches = "all matchers hold" if route.matchers else "it takes every alert"
    if found:
        return f"{matches}, and a route below does, too"
    return f"{matches}, and no route below does" if route.routes else matches


def _why_not(matcher: Matcher, value: str) -> str:
    is_ = f'{matcher.name} is "{value}"' if value else f"there is no label {matcher.name}"
    return f"{matcher_text(matcher)} does not hold: {is_}"
