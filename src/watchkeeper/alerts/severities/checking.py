"""Routes and inhibit rules that name a severity which the vocabulary does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from watchkeeper.alerts.matchers import read_matchers
from watchkeeper.alerts.sections import RouteSection, RoutingSections
from watchkeeper.base.configuration import Problem
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.model.matcher import MatchOp
from watchkeeper.model.severity import Severities

_PLAIN = re.compile(r"[\w -]+(\|[\w -]+)*")


def check_severities(sections: RoutingSections, severities: Severities, tree: Tree) -> Iterator[Problem]:
    """A warning for each value that means nothing; none at all where no vocabulary is configured."""
    if not severities.levels:
        return
    for loc, value in _values(sections, severities.label):
        if why := unknown_word(value, severities):
            yield Problem(locate(tree, loc), f"{path(loc)}: {why}")


def unknown_word(value: str, severities: Severities) -> str:
    """Why a value of the label means nothing; empty where it is known."""
    if not value or not severities.levels or severities.named(value) is not None:
        return ""
    hint = did_you_mean(value, severities.words) or f": there are {', '.join(severities.words)}"
    return f'there is no {severities.label} "{value}"{hint}'


def _values(sections: RoutingSections, label: str) -> Iterator[tuple[Loc, str]]:
    if sections.route is not None:
        yield from _of_route(sections.route, ("route",), label)
    for i, rule in enumerate(sections.inhibit_rules):
        for side in ("source", "target"):
            match: Mapping[str, str] = getattr(rule, f"{side}_match")
            match_re: Mapping[str, str] = getattr(rule, f"{side}_match_re")
            texts: Sequence[str] = getattr(rule, f"{side}_matchers")
            yield from _of_matchers(match, match_re, texts, ("inhibit_rules", i), f"{side}_", label)


def _of_route(route: RouteSection, loc: Loc, label: str) -> Iterator[tuple[Loc, str]]:
    yield from _of_matchers(route.match, route.match_re, route.matchers, loc, "", label)
    for i, one in enumerate(route.routes):
        yield from _of_route(one, (*loc, "routes", i), label)


def _of_matchers(
    match: Mapping[str, str], match_re: Mapping[str, str], texts: Sequence[str], loc: Loc, side: str, label: str
) -> Iterator[tuple[Loc, str]]:
    if label in match:
        yield (*loc, f"{side}match", label), match[label]
    for value in _alternatives(match_re.get(label, "")):
        yield (*loc, f"{side}match_re", label), value
    for i, text in enumerate(texts):
        for matcher in read_matchers(text):
            if matcher.name == label:
                plain = matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL)
                for value in [matcher.value] if plain else _alternatives(matcher.value):
                    yield (*loc, f"{side}matchers", i), value


def _alternatives(expression: str) -> Sequence[str]:
    """The values of an expression that only lists some."""
    bare = expression.removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")")
    return bare.split("|") if _PLAIN.fullmatch(bare) else ()
