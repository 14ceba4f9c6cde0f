"""Unit-test files as they are written, in promtool's format."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from watchkeeper.base.configuration import (
    ConfigurationFailure,
    DurationMs,
    Flag,
    Number,
    Problem,
    Section,
    Text,
    decode,
    locate,
    read_file,
)
from watchkeeper.base.configuration.globs import matching_files
from watchkeeper.base.configuration.section import EMPTY


def _instant(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return round(float(value) * 1000)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f'cannot parse "{value}" to a valid timestamp') from None
    return round(
        (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000
    )


InstantMs: TypeAlias = Annotated[int, BeforeValidator(_instant)]


class InputSeries(Section):
    """One series in the notation of PromQL's tests."""

    series: Text = ""
    values: Text = ""


class ExpectedAlert(Section):
    """An alert that should fire; `alertname` need not stand among its labels."""

    exp_labels: Mapping[Text, Text] = EMPTY
    exp_annotations: Mapping[Text, Text] = EMPTY


class AlertTest(Section):
    """These alerts of that name fire at that time, and no others."""

    eval_time_ms: DurationMs = 0
    alertname: Text = ""
    exp_alerts: tuple[ExpectedAlert, ...] = ()


class ExpectedSample(Section):
    """A sample that should be answered; with a `histogram` its value does not matter."""

    labels: Text = ""
    value: Number = 0.0
    histogram: Text = ""


class QueryTest(Section):
    """This expression answers these samples at that time."""

    expr: Text = ""
    eval_time_ms: DurationMs = 0
    exp_samples: tuple[ExpectedSample, ...] = ()


class TestGroup(Section):
    """Series, and what should become of them. Times count from `start_timestamp`, by default the epoch."""

    __test__ = False

    name: Text = ""
    interval_ms: DurationMs = 0
    input_series: tuple[InputSeries, ...] = ()
    alert_rule_test: tuple[AlertTest, ...] = ()
    promql_expr_test: tuple[QueryTest, ...] = ()
    external_labels: Mapping[Text, Text] = EMPTY
    external_url: Text = ""
    start_timestamp: InstantMs = 0

    @property
    def end_ms(self) -> int:
        """The last time that is asked for."""
        times = (*self.alert_rule_test, *self.promql_expr_test)
        return max((test.eval_time_ms for test in times), default=0)


class TestFile(Section):
    """A whole file; `rule_files` are patterns, relative to its folder."""

    __test__ = False

    rule_files: tuple[Text, ...] = ()
    evaluation_interval_ms: DurationMs = 60_000
    group_eval_order: tuple[Text, ...] = ()
    tests: tuple[TestGroup, ...] = ()
    fuzzy_compare: Flag = False

    def matching(self, folder: Path) -> tuple[list[Path], list[str]]:
        """The rule files that there are, and the patterns that lead to none."""
        found: list[Path] = []
        missing: list[str] = []
        for pattern in self.rule_files:
            matches = matching_files(folder / pattern)
            found.extend(matches)
            if not matches:
                missing.append(str(folder / pattern))
        return found, missing


def read_test_file(path: Path) -> TestFile:
    """The file's content. Raises ConfigurationFailure with everything that is wrong with it."""
    tree = read_file(path)
    file = decode(TestFile, tree)
    problems: list[Problem] = []
    for i, name in enumerate(file.group_eval_order):
        if name in file.group_eval_order[:i]:
            place = locate(tree, ("group_eval_order", i))
            problems.append(Problem(place, f"group name repeated in evaluation order: {name}"))
    if problems:
        raise ConfigurationFailure(problems)
    return file
