"""Durations that depend on the query's range and step."""

import pytest

from watchkeeper.query.promql import ParseFailure, parse
from watchkeeper.query.promql.ast import Call, MatrixSelector, Subquery, VectorSelector
from watchkeeper.query.promql.durations import bind, durations_of


def bound_range(duration: str, *, end: int = 100_000, step: int = 10_000) -> int:
    text = f"foo[{duration}]"
    tree = bind(text, parse(text), start=0, end=end, step=step)
    assert isinstance(tree, MatrixSelector)
    assert isinstance(tree.range, int)
    return tree.range


@pytest.mark.parametrize(
    ("duration", "ms"),
    [
        ("5m", 300_000),
        ("2m * (10 + 5)", 1_800_000),
        ("-5m + 35m", 1_800_000),
        ("1h30m % 1h", 1_800_000),
        ("2 ^ 3 ^ 2", 512_000),
        ("-2 ^ 2 + 10", 6_000),
        ("1 + (step() - 5) * 2", 11_000),
        ("range() / 4", 25_000),
        ("min_of(step() + 1, 1h)", 11_000),
        ("max_of(min_of(step() + 1, 1h), 1ms)", 11_000),
        ("step() / 3", 3_333),
        ("1.5", 1_500),
    ],
)
def test_duration_expressions_are_arithmetic_over_seconds(duration: str, ms: int):
    assert bound_range(duration) == ms


@pytest.mark.parametrize("duration", ["5m - 10m", "step() - 10", "-range()"])
def test_a_range_must_be_greater_than_zero(duration: str):
    with pytest.raises(ParseFailure, match="duration must be greater than 0"):
        bound_range(duration)


@pytest.mark.parametrize(
    ("duration", "message"),
    [
        ("5m / (step() - 10)", "division by zero"),
        ("5m % (step() - 10)", "modulo by zero"),
        ("10 ^ 100", "duration is out of range"),
        ("(2 - 10) ^ 0.5", "duration is out of range"),
    ],
)
def test_a_duration_that_cannot_be_computed_is_refused_with_its_place(duration: str, message: str):
    with pytest.raises(ParseFailure, match=f"1:5: parse error: {message}"):
        bound_range(duration)


def test_an_instant_query_has_no_step():
    tree = bind("foo offset step()", parse("foo offset step()"), start=5, end=5, step=0)
    assert isinstance(tree, VectorSelector)
    assert tree.offset == 0


def test_everything_that_has_a_duration_is_bound():
    text = "max_over_time((-sum(a offset step() > (b)) + quantile(scalar(d), c))[range():step()] offset range())"
    tree = bind(text, parse(text), start=0, end=60_000, step=15_000)
    assert all(isinstance(duration, int) for duration in durations_of(tree))
    assert isinstance(tree, Call)
    (inner,) = tree.args
    assert isinstance(inner, Subquery)
    assert (inner.range, inner.step, inner.offset) == (60_000, 15_000, 60_000)


@pytest.mark.parametrize("text", ["foo offset NaN", "foo offset Inf", "foo offset (NaN+1)"])
def test_an_offset_that_is_no_finite_number_is_out_of_range(text: str) -> None:
    with pytest.raises(ParseFailure, match="duration out of range"):
        parse(text)
