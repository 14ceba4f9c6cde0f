"""What PromQL texts mean; where Prometheus can be asked, tests/differential does."""

import math

import pytest

from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql import ParseFailure, parse, parse_selector
from watchkeeper.query.promql.ast import (
    Aggregate,
    AtEdge,
    Binary,
    BinaryOp,
    Call,
    Cardinality,
    DurationExpr,
    DurationOp,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeModifier,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
    children,
    walk,
)
from watchkeeper.query.promql.printer import to_text


def selector(text: str) -> VectorSelector:
    tree = parse(text)
    assert isinstance(tree, VectorSelector)
    return tree


def binary(text: str) -> Binary:
    tree = parse(text)
    assert isinstance(tree, Binary)
    return tree


def refusal(text: str) -> str:
    with pytest.raises(ParseFailure) as caught:
        parse(text)
    return str(caught.value)


def test_a_metric_name_is_the_last_matcher():
    found = selector('foo{b="1", a=~"2"}')
    assert found.name == "foo"
    assert [str(m) for m in found.matchers] == ['b="1"', 'a=~"2"', '__name__="foo"']
    assert (found.start, found.end) == (0, 18)


def test_a_quoted_metric_name_stands_among_the_matchers():
    found = selector('{"my.metric", "label.x"="v"}')
    assert found.name == ""
    assert [(m.name, m.value) for m in found.matchers] == [(METRIC_NAME, "my.metric"), ("label.x", "v")]


@pytest.mark.parametrize(
    "word", ["sum", "by", "offset", "start", "step", "range", "fill", "anchored", "smoothed", "or"]
)
def test_a_keyword_may_be_a_metrics_or_a_labels_name(word: str):
    assert selector(word).name == word
    assert selector(f'{word}{{{word}="x"}}').matchers[0].name == word
    aggregate = parse(f"sum by ({word}) (x)")
    assert isinstance(aggregate, Aggregate)
    assert aggregate.grouping == (word,)


def test_fill_is_a_metric_unless_a_parenthesis_follows():
    assert binary("fill + fill_left").matching == VectorMatching()
    assert binary("a + fill (3) b").matching == VectorMatching(fill_left=3.0, fill_right=3.0)


@pytest.mark.parametrize(
    ("modifier", "left", "right"),
    [
        ("fill(0)", 0.0, 0.0),
        ("fill_left(-5)", -5.0, None),
        ("fill_right(+Inf)", None, math.inf),
        ("fill_left(5) fill_right(7)", 5.0, 7.0),
        ("fill_right(7) fill_left(1m)", 60.0, 7.0),
    ],
)
def test_fill_values_stand_in_for_the_missing_side(modifier: str, left: float | None, right: float | None):
    matching = binary(f"a / on (x) group_left (y) {modifier} b").matching
    assert matching == VectorMatching(Cardinality.MANY_TO_ONE, ("x",), True, ("y",), left, right)


def test_fill_values_need_two_vectors_and_no_set_operator():
    assert (
        refusal("a + fill(0) 1") == "1:1: parse error: filling in missing series only allowed between instant vectors"
    )
    assert refusal("a or fill(0) b") == "1:1: parse error: filling in missing series not allowed for set operators"
    assert refusal("a + fill(x) b") == '1:10: parse error: unexpected identifier "x"'


def test_set_operators_match_many_to_many():
    assert binary("a and on (x) b").matching == VectorMatching(Cardinality.MANY_TO_MANY, ("x",), True)


def test_trim_operators_bind_like_comparisons():
    tree = binary("a + b </ 5 and c >/ 3")
    assert tree.op is BinaryOp.AND
    assert isinstance(tree.left, Binary)
    assert isinstance(tree.right, Binary)
    assert (tree.left.op, tree.right.op) == (BinaryOp.TRIM_UPPER, BinaryOp.TRIM_LOWER)


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("a - b - c", "((a - b) - c)"),
        ("-a ^ b", "-((a ^ b))"),
        ("-a * b", "(-(a) * b)"),
        ("a ^ -b * c", "((a ^ -(b)) * c)"),
        ("a or b and c unless d", "(a or ((b and c) unless d))"),
        ("a == b or c", "((a == b) or c)"),
        ("a % b atan2 c / d", "(((a % b) atan2 c) / d)"),
    ],
)
def test_operators_bind_as_in_prometheus(text: str, grouped: str):
    def shown(node: object) -> str:
        if isinstance(node, Binary):
            return f"({shown(node.left)} {node.op} {shown(node.right)})"
        if isinstance(node, Unary):
            return f"{node.op}({shown(node.expr)})"
        assert isinstance(node, VectorSelector)
        return node.name

    assert shown(parse(text)) == grouped


def test_a_sign_before_a_number_belongs_to_it():
    assert parse("--1") == NumberLiteral(1.0, 0, 3)
    assert isinstance(parse("-(1)"), Unary)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0x1F", 31.0),
        ("1e3", 1000.0),
        ("1_000", 1000.0),
        ("017", 15.0),
        (".5", 0.5),
        ("inf", math.inf),
        ("-INF", -math.inf),
    ],
)
def test_numbers_are_written_as_in_go(text: str, value: float):
    tree = parse(text)
    assert isinstance(tree, NumberLiteral)
    assert tree.value == value


@pytest.mark.parametrize(
    "number",
    ["1" * 40 + "e", "0" + "1" * 40 + "e", "1" * 50_000 + "e", "1" * 50_000, "1_" * 5000 + "1", "0x" + "1" * 400],
    ids=["decimal", "octal", "much longer", "too large", "too large in groups", "too large in sixteens"],
)
def test_a_long_number_that_is_none_is_refused_and_keeps_nobody_waiting(number: str):
    with pytest.raises(ParseFailure):
        parse(f"(1 + {number})")


def test_a_duration_is_a_number_of_seconds():
    assert parse("1h30m") == NumberLiteral(5400.0, 0, 5, is_duration=True)


def test_a_range_may_be_a_number_of_seconds():
    tree = parse("foo[0.5]")
    assert isinstance(tree, MatrixSelector)
    assert tree.range == 500


def test_times_and_offsets_belong_to_the_selector_within():
    tree = parse("foo[5m] @ 1.0005 offset -1h")
    assert isinstance(tree, MatrixSelector)
    assert (tree.selector.at, tree.selector.offset, tree.end) == (1001, -3_600_000, 27)
    assert selector("foo @ end()").at is AtEdge.END


def test_subqueries_have_their_own_times():
    tree = parse("foo[1h:5m] @ start() offset 30s")
    assert isinstance(tree, Subquery)
    assert (tree.range, tree.step, tree.at, tree.offset) == (3_600_000, 300_000, AtEdge.START, 30_000)


@pytest.mark.parametrize("modifier", RangeModifier)
def test_selectors_may_be_anchored_or_smoothed(modifier: RangeModifier):
    assert selector(f"foo {modifier}").modifier is modifier
    tree = parse(f"rate(foo[5m] {modifier} offset 3m)")
    assert isinstance(tree, Call)
    inner = tree.args[0]
    assert isinstance(inner, MatrixSelector)
    assert (inner.selector.modifier, inner.selector.offset) == (modifier, 180_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo anchored smoothed", "1:1: parse error: anchored and smoothed modifiers cannot be used together"),
        ("foo[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"),
        ("sum(foo) smoothed", "1:1: parse error: smoothed modifier not implemented"),
    ],
)
def test_other_uses_of_anchored_and_smoothed_are_refused(text: str, message: str):
    assert refusal(text) == message


def test_the_querys_own_times_are_functions_too():
    for name in ("start", "end", "range", "step"):
        tree = parse(f"{name}()")
        assert isinstance(tree, Call)
        assert tree.type is ValueType.SCALAR


def test_durations_may_depend_on_the_query():
    tree = selector("foo offset -min_of(step(), range() / 2)")
    assert isinstance(tree.offset, DurationExpr)
    assert (tree.offset.op, tree.offset.left) == (DurationOp.SUB, None)
    assert to_text(tree) == "foo offset -min_of(step(), range() / 2)"
    assert to_text(parse("foo[MAX(step(), 5m)]")) == "foo[max_of(step(), 5m)]"


def test_arithmetic_behind_an_offset_is_done_with_the_result():
    assert binary("foo offset -step() * 2").op is BinaryOp.MUL
    assert binary("foo offset -(5m) ^ 2").op is BinaryOp.POW
    assert isinstance(selector("foo offset (5m) * 2").offset, DurationExpr)


def test_an_aggregation_takes_its_grouping_before_or_after():
    before, after = parse("topk by (a) (3, x)"), parse("topk(3, x) by (a)")
    assert isinstance(before, Aggregate)
    assert isinstance(after, Aggregate)
    assert (before.op, before.grouping, before.parameter) == (after.op, after.grouping, NumberLiteral(3.0, 13, 14))


def test_the_second_argument_of_info_may_be_empty_braces():
    tree = parse("info(a, {})")
    assert isinstance(tree, Call)
    assert refusal("info(a, b)").endswith("expected label selectors only, got vector selector instead")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "foo[]",
            '1:5: parse error: unexpected "]" in subquery or range selector, '
            "expected number, duration, step(), or range()",
        ),
        (
            "foo offset",
            "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
        ),
        ("foo @ bar", '1:7: parse error: unexpected identifier "bar" in @, expected timestamp'),
        ("@", "1:1: parse error: unexpected <op:@>"),
        ("foo[5m x]", "1:8: parse error: unexpected character: 'x', expected ':'"),
        ("foo[nonsense]", "1:5: parse error: unexpected character in duration expression: 'n'"),
        ("rate(foo)", '1:6: parse error: expected type range vector in call to function "rate", got instant vector'),
        ("foo()", '1:1: parse error: unknown function with name "foo"'),
        ("a\n  + b c", '2:7: parse error: unexpected identifier "c"'),
        ('{a="é"} €', "1:10: parse error: unexpected character: '€'"),
        (
            "histogram_quantiles(x)",
            '1:1: parse error: expected at least 3 argument(s) in call to "histogram_quantiles", got 1',
        ),
        ("", "unknown position: parse error: no expression found in input"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, message: str):
    assert refusal(text) == message


def test_a_failure_knows_its_place():
    with pytest.raises(ParseFailure) as caught:
        parse('foo{é="b"}')
    assert (caught.value.start, caught.value.line, caught.value.column) == (4, 1, 5)


def test_deep_nesting_is_refused_rather_than_fatal():
    assert "nested too deeply" in refusal("(" * 5000 + "a" + ")" * 5000)


def test_long_chains_are_no_nesting():
    tree = parse(" + ".join(["a"] * 400))
    assert sum(isinstance(node, VectorSelector) for node in walk(tree)) == 400
    assert to_text(tree) == " + ".join(["a"] * 400)


def test_long_blanks_take_no_long_time():
    assert refusal(" " * 100_000 + "€").endswith("unexpected character: '€'")


def test_a_broken_expression_cannot_hide_in_the_anchors():
    assert refusal('{a=~"x)|(?:y"}') == "1:2: parse error: error parsing regexp: unexpected ): `x)|(?:y`"


def test_an_expression_of_bytes_that_are_no_text_is_refused():
    assert refusal(r'{a=~"x\x98"}') == "1:2: parse error: error parsing regexp: invalid UTF-8: `x?`"


def test_a_selector_alone_gives_its_matchers():
    assert [str(m) for m in parse_selector('foo{a!="b"}')] == ['a!="b"', '__name__="foo"']
    with pytest.raises(ParseFailure):
        parse_selector("foo + bar")
    with pytest.raises(ParseFailure):
        parse_selector("foo[5m]")


def test_children_stand_in_the_order_of_the_text():
    tree = parse("quantile(0.5, (a))")
    number, paren = children(tree)
    assert isinstance(number, NumberLiteral)
    assert isinstance(paren, Paren)
