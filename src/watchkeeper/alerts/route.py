"""The routing tree."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchkeeper.alerts.matchers import in_order, matchers_text, read_matchers
from watchkeeper.alerts.sections import ALL_LABELS, RouteSection
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """How alerts of a route are grouped, whom and when they are told; times in ms."""

    receiver: str = ""
    group_by: frozenset[str] = frozenset()
    by_all_labels: bool = False
    group_wait_ms: int = 30_000
    group_interval_ms: int = 300_000
    repeat_interval_ms: int = 14_400_000
    mute_intervals: tuple[str, ...] = ()
    active_intervals: tuple[str, ...] = ()

    def group_labels(self, labels: Labels) -> Labels:
        """What alerts must have in common to be told together."""
        if self.by_all_labels:
            return labels
        return Labels((name, value) for name, value in labels.pairs if name in self.group_by)


@dataclass(frozen=True, slots=True)
class Route:
    """A node: `id` differs from every other node's, `key` is Alertmanager's text for the way to it."""

    id: str
    key: str
    matchers: tuple[Matcher, ...]
    options: RouteOptions
    continues: bool = False
    routes: tuple[Route, ...] = ()

    @classmethod
    def root(cls, section: RouteSection) -> Route:
        """The tree that a section writes down."""
        return _route(section, RouteOptions(), "", "")

    def match(self, labels: Mapping[str, str]) -> list[Route]:
        """The routes that an alert with these labels takes, in the order of the file; none where this is not for it.

        The deepest nodes that match; a node that matches ends the search among its siblings unless it continues.
        """
        if not all(matcher.matches(labels.get(matcher.name, "")) for matcher in self.matchers):
            return []
        found: list[Route] = []
        for route in self.routes:
            below = route.match(labels)
            found.extend(below)
            if below and not route.continues:
                break
        return found or [self]

    def walk(self) -> Iterator[Route]:
        """This node and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()


def continued(before: Route, after: Route) -> dict[str, Route]:
    """By the ids of nodes of one tree, the nodes of the next with the same way to them and the same options.

    Of several that are alike the first continues the first, and so on.
    """
    alike: defaultdict[tuple[str, RouteOptions], deque[Route]] = defaultdict(deque)
    for route in after.walk():
        alike[route.key, route.options].append(route)
    pairs = ((route.id, alike[route.key, route.options]) for route in before.walk())
    return {id: routes.popleft() for id, routes in pairs if routes}


def matchers_of(
    match: Mapping[str, str], match_re: Mapping[str, str], matchers: tuple[str, ...]
) -> tuple[Matcher, ...]:
    """The matchers of all three notations, in the order of group keys."""
    equal = [Matcher(name, MatchOp.EQUAL, value) for name, value in match.items()]
    # Alertmanager shows these expressions with their anchors in group keys.
    expressions = [Matcher(name, MatchOp.REGEX, f"^(?:{value})$") for name, value in match_re.items()]
    return in_order([*equal, *expressions, *(m for text in matchers for m in read_matchers(text))])


def _route(section: RouteSection, above: RouteOptions, key: str, id: str) -> Route:
    options = _options(section, above)
    matchers = matchers_of(section.match, section.match_re, section.matchers)
    own_key = f"{key}/{matchers_text(matchers)}" if id else matchers_text(matchers)
    own_id = f"{id}/{matchers_text(matchers)}" if id else matchers_text(matchers)
    routes = tuple(_route(one, options, own_key, f"{own_id}/{i}") for i, one in enumerate(section.routes))
    return Route(own_id, own_key, matchers, options, section.continue_, routes)


def _options(section: RouteSection, above: RouteOptions) -> RouteOptions:
    by_all, labels = above.by_all_labels, above.group_by
    if section.group_by is not None:
        by_all, labels = ALL_LABELS in section.group_by, frozenset(section.group_by) - {ALL_LABELS}
    return RouteOptions(
        section.receiver or above.receiver,
        labels,
        by_all,
        _own(section.group_wait_ms, above.group_wait_ms),
        _own(section.group_interval_ms, above.group_interval_ms),
        _own(section.repeat_interval_ms, above.repeat_interval_ms),
        section.mute_time_intervals,
        section.active_time_intervals,
    )


def _own(ms: int | None, above_ms: int) -> int:
    return above_ms if ms is None else ms
