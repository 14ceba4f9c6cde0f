"""Alertmanager's sections about routing, as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import re2
from pydantic import AfterValidator

from watchkeeper.alerts.failure import MatcherFailure
from watchkeeper.alerts.intervals import NamedIntervals
from watchkeeper.alerts.matchers import read_matchers
from watchkeeper.base.configuration import DurationMs, Flag, Section, Text
from watchkeeper.base.configuration.scalars import Written
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.duration import format_duration
from watchkeeper.base.regex import regex_failure

ALL_LABELS = "..."
_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def _matchers(text: str) -> str:
    try:
        read_matchers(text)
    except MatcherFailure as failure:
        raise ValueError(str(failure)) from None
    return text


def _expression(text: str) -> str:
    try:
        re2.compile(text, _quiet())
    except re2.error:
        raise ValueError(f"error parsing regexp: {regex_failure(text)}") from None
    return text


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _classic_name(name: str) -> str:
    if not _CLASSIC_NAME.fullmatch(name):
        raise ValueError(f'invalid label name "{name}": names with other characters go under matchers')
    return name


def _label(name: str) -> str:
    if not name:
        raise ValueError("a label's name is empty")
    return name


def _group_by(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    labels = [name for name in names if name != ALL_LABELS]
    if labels and ALL_LABELS in names:
        raise ValueError(f'"{ALL_LABELS}" stands for all labels and leaves no place for others')
    if len(set(labels)) != len(labels):
        raise ValueError("a label is named twice")
    return names


def _longer_than_zero(ms: int | None) -> int | None:
    if ms == 0:
        raise ValueError("must be longer than 0s")
    return ms


MatchersText = Annotated[Text, AfterValidator(_matchers)]
ClassicName = Annotated[Text, AfterValidator(_classic_name)]
Expression = Annotated[Text, AfterValidator(_expression)]
LabelName = Annotated[Text, AfterValidator(_label)]
Wait = Annotated[DurationMs | None, Written(format_duration)]
Interval = Annotated[DurationMs | None, AfterValidator(_longer_than_zero), Written(format_duration)]


class RouteSection(Section):
    """A node of the routing tree; what it does not say it takes from the node above."""

    receiver: Text = ""
    group_by: Annotated[tuple[LabelName, ...] | None, AfterValidator(_group_by)] = None
    match: Mapping[ClassicName, Text] = EMPTY
    match_re: Mapping[ClassicName, Expression] = EMPTY
    matchers: tuple[MatchersText, ...] = ()
    mute_time_intervals: tuple[Text, ...] = ()
    active_time_intervals: tuple[Text, ...] = ()
    continue_: Flag = False
    routes: tuple[RouteSection, ...] = ()
    group_wait_ms: Wait = None
    group_interval_ms: Interval = None
    repeat_interval_ms: Interval = None


class InhibitSection(Section):
    """Targets are mute while a source fires whose `equal` labels have the same values."""

    name: Text = ""
    source_match: Mapping[ClassicName, Text] = EMPTY
    source_match_re: Mapping[ClassicName, Expression] = EMPTY
    source_matchers: tuple[MatchersText, ...] = ()
    target_match: Mapping[ClassicName, Text] = EMPTY
    target_match_re: Mapping[ClassicName, Expression] = EMPTY
    target_matchers: tuple[MatchersText, ...] = ()
    equal: tuple[LabelName, ...] = ()


class RoutingSections(Section):
    """The top level of alertmanager.yml, as far as it is about routing."""

    route: RouteSection | None = None
    inhibit_rules: tuple[InhibitSection, ...] = ()
    mute_time_intervals: tuple[NamedIntervals, ...] = ()
    time_intervals: tuple[NamedIntervals, ...] = ()


class RoutingGlobal(Section):
    """What `global` says about routing."""

    resolve_timeout_ms: DurationMs = 300_000
