"""What only shows when all of routing is looked at together: names without a meaning, a root that is none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from watchkeeper.alerts.sections import InhibitSection, RouteSection, RoutingSections
from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.place import Place, did_you_mean
from watchkeeper.base.configuration.tree import Loc, Table, Tree, locate

_EXPRESSION = re.compile(r"\||\.[*+]|^\^|\$$|\[[^\]]+\]")

_ROUTED = ("receivers", "inhibit_rules", "templates", "mute_time_intervals", "time_intervals")
"""The sections of which Alertmanager makes nothing, and refuses the file, where there is no route."""


@dataclass(slots=True)
class Findings:
    """What keeps a configuration from being used, and what may surprise."""

    problems: list[Problem] = field(default_factory=list[Problem])
    warnings: list[Problem] = field(default_factory=list[Problem])


def check_routing(sections: RoutingSections, receivers: Collection[str], tree: Tree) -> Findings:
    """Everything that is wrong with the sections together; `tree` is the file's top level, for the places."""
    return _Checks(sections, receivers, tree).findings


class _Checks:
    def __init__(self, sections: RoutingSections, receivers: Collection[str], tree: Tree) -> None:
        self.findings = Findings()
        self._receivers = receivers
        self._tree = tree
        self._intervals = self._interval_names(sections)
        if sections.route is not None:
            self._root(sections.route)
            self._route(sections.route, ("route",))
        elif (place := _first_of(_ROUTED, tree)) is not None:
            text = '"route" is missing: nobody would be told of any alert; right would be route: {receiver: NAME}'
            self.findings.problems.append(Problem(place, text))
        for i, rule in enumerate(sections.inhibit_rules):
            self._inhibit(rule, ("inhibit_rules", i))

    def _interval_names(self, sections: RoutingSections) -> set[str]:
        seen: dict[str, Loc] = {}
        for key in ("mute_time_intervals", "time_intervals"):
            for i, one in enumerate(getattr(sections, key)):
                loc = (key, i, "name")
                first = seen.setdefault(one.name, loc)
                if first != loc:
                    other = locate(self._tree, first)
                    self._problem(loc, f'there is another time interval "{one.name}" at {other}: names must differ')
        return set(seen)

    def _root(self, root: RouteSection) -> None:
        if not root.receiver:
            self._problem(("route",), "the root route needs a receiver, for what no other route takes")
        for key in ("match", "match_re", "matchers", "mute_time_intervals", "active_time_intervals"):
            if getattr(root, key):
                self._problem(("route", key), f"the root route takes every alert at any time: it has no {key}")
        if root.continue_:
            self._problem(("route", "continue"), "the root route has no siblings to continue with")

    def _route(self, route: RouteSection, loc: Loc) -> None:
        if route.receiver and route.receiver not in self._receivers:
            hint = did_you_mean(route.receiver, self._receivers)
            self._problem((*loc, "receiver"), f'there is no receiver "{route.receiver}"{hint}')
        for key in ("mute_time_intervals", "active_time_intervals"):
            for i, name in enumerate(getattr(route, key)):
                if name not in self._intervals:
                    hint = did_you_mean(name, self._intervals)
                    self._problem((*loc, key, i), f'there is no time interval "{name}"{hint}')
        self._literal(route.match, (*loc, "match"), "match_re")
        for i, one in enumerate(route.routes):
            self._route(one, (*loc, "routes", i))

    def _inhibit(self, rule: InhibitSection, loc: Loc) -> None:
        self._literal(rule.source_match, (*loc, "source_match"), "source_match_re")
        self._literal(rule.target_match, (*loc, "target_match"), "target_match_re")

    def _literal(self, match: Mapping[str, str], loc: Loc, instead: str) -> None:
        for name, value in _like_expressions(match):
            at = (*loc, name)
            text = f'"{value}" is compared as it stands, so it can hardly ever match: as an expression it goes under'
            self.findings.warnings.append(Problem(locate(self._tree, at), f"{path(at)}: {text} {instead}"))

    def _problem(self, loc: Loc, text: str) -> None:
        self.findings.problems.append(Problem(locate(self._tree, loc), f"{path(loc)}: {text}"))


def _first_of(keys: Collection[str], tree: Tree) -> Place | None:
    """Where the first of the keys stands that are there."""
    there = [locate(tree, (key,), key=True) for key in keys if isinstance(tree, Table) and key in tree.entries]
    return min(there, default=None)


def _like_expressions(match: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in match.items() if _EXPRESSION.search(value))
