"""Which lines make a script."""

import pytest

from watchkeeper.query.promql.script import ScriptFailure, read_script
from watchkeeper.query.promql.script.command import Clear, Evaluation, ExpectationKind, Load, Times


def test_commands_are_read_in_their_order():
    script = read_script("clear\nload 30s\n  a 1\n\neval instant at 1m30s a + b\n  {} 1\n\nclear\n")
    first, load, evaluation, last = script.commands
    assert (first, last) == (Clear(1), Clear(8))
    assert isinstance(load, Load)
    assert (load.line, load.step, len(load.series)) == (2, 30_000, 1)
    assert isinstance(evaluation, Evaluation)
    assert (evaluation.line, evaluation.query, evaluation.times) == (5, "a + b", Times(90_000, 90_000, 0))


def test_a_comment_ends_a_block_as_an_empty_line_does():
    with pytest.raises(ScriptFailure, match="line 4: invalid command"):
        read_script("load 1m\n  a 1\n  # comment\n  b 2")


def test_expectations_may_stand_anywhere_in_the_block():
    (evaluation,) = read_script(
        "eval instant at 0 a\n expect warn\n a 1\n expect warn regex:x\n expect no_info"
    ).commands
    assert isinstance(evaluation, Evaluation)
    assert len(evaluation.expectations[ExpectationKind.WARN]) == 2
    assert evaluation.expects(ExpectationKind.NO_INFO)


def test_a_metric_called_expect_needs_braces():
    (evaluation,) = read_script("eval instant at 0 expect\n expect{} 1").commands
    assert isinstance(evaluation, Evaluation)
    assert [series.labels["__name__"] for series in evaluation.series] == ["expect"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", 'line 1: invalid command "nonsense"'),
        ("\n\nload", "line 3: invalid load command"),
        ("load x", 'line 1: invalid step "x"'),
        ("load 1m\n  a{ 1", "line 2: "),
        ("load 1m\n  a 1 two", 'line 2: unexpected "two" in series values'),
        ("load 1m\n  a@st -1m", "start timestamps of"),
        ("eval", "line 1: invalid evaluation command"),
        ("eval instant at 5x a", 'line 1: invalid timestamp "5x": unknown unit "x"'),
        ("eval range from 5m to 1m step 1m a", "end timestamp (1m) is before start timestamp (5m)"),
        ("eval instant at 0 a\n  a 1 2", "line 2: expecting multiple values"),
        ("eval instant at 0 a\n  expect nothing", "line 2: invalid expect statement"),
        ("eval instant at 0 a\n  expect warn\n  expect no_warn", "line 3: no_warn and warn cannot be expected at once"),
        ("eval instant at 0 a\n  expect fail\n  expect fail", "multiple expect fail lines"),
        ("eval instant at 0 a\n  expect warn regex: (", "line 2: invalid regex (: missing closing )"),
        ("eval instant at 0 a\n  expect string x", "expected string literal not valid"),
        ("eval instant at 0 1\n  1\n  2", "line 3: invalid command"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(text: str, message: str):
    with pytest.raises(ScriptFailure) as caught:
        read_script(text)
    assert message in str(caught.value)
