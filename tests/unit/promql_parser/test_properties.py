"""Properties that hold for every text."""

import string

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.quoting import quote, unquote
from watchkeeper.query.promql import ParseFailure, parse
from watchkeeper.query.promql.ast import walk
from watchkeeper.query.promql.durations import bind
from watchkeeper.query.promql.json_tree import tree_json
from watchkeeper.query.promql.lexer import EOF, ERROR, tokens
from watchkeeper.query.promql.numerals import format_plain, parse_number
from watchkeeper.query.promql.printer import to_pretty, to_text

SIGNS = [
    "+",
    "-",
    "*",
    "/",
    "^",
    "==",
    ">",
    "(",
    ")",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "=",
    "=~",
    ":",
    "@",
    "#",
    "\n",
]
NAMED = [
    "foo",
    "sum",
    "rate",
    "by",
    "on",
    "offset",
    "bool",
    "and",
    "or",
    "start",
    "fill",
    "min_of",
    "anchored",
    "without",
]
PIECES = ["5m", "1", "0.5", "'x'", '"y"', "`z`", "step()", "{a='b'}", "[5m]", "[5m:1m]"]
WORDS = st.sampled_from([*SIGNS, *NAMED, *PIECES])
FRAGMENTS = st.lists(WORDS, max_size=25).map(" ".join)
TEXTS = FRAGMENTS | st.text(max_size=40) | st.text(alphabet=string.printable, max_size=40)
NAMES = st.sampled_from(["foo", "bar_total", "sum", "le"])
EXPRESSIONS = st.recursive(
    st.builds(
        "{}{}".format, NAMES, st.sampled_from(["", '{a="b"}', '{"x.y"!~"é.*"}', " offset 5m", " @ end()", " smoothed"])
    )
    | st.sampled_from(["1", "5m", "1e3", "NaN", "vector(1)", "time()", '{"a b"}']),
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "^", "and", "> bool", "/ on (a)", "</"]), inner)
        | st.builds("({})".format, inner)
        | st.builds("-{}".format, inner)
        | st.builds('sum by (a, "b.c") ({})'.format, inner)
        | st.builds("topk(3, {})".format, inner)
        | st.builds("max_over_time({}[5m:step()] offset (1m * 2))".format, inner)
        | st.builds('label_replace({}, "a", "$1", "b", `\\d`)'.format, inner)
    ),
    max_leaves=8,
)


@given(TEXTS)
def test_any_text_is_parsed_or_refused(text: str):
    try:
        parse(text)
    except ParseFailure as failure:
        assert 0 <= failure.start <= len(text)
        assert "parse error: " in str(failure)


@given(TEXTS)
def test_tokens_are_the_text_in_its_order(text: str):
    read = tokens(text)
    assert read[-1].kind in (EOF, ERROR)
    end = 0
    for token in read[:-1]:
        assert token.start >= end
        assert text[token.start : token.end] == token.text
        end = token.end


@given(EXPRESSIONS)
def test_what_is_printed_means_the_same(text: str):
    try:
        tree = parse(text)
    except ParseFailure:
        return
    line = to_text(tree)
    assert to_text(parse(line)) == line
    assert tree_json(parse(line)) == tree_json(tree)
    assert to_text(parse(to_pretty(tree))) == line


@given(EXPRESSIONS)
def test_bound_durations_are_milliseconds(text: str):
    try:
        tree = parse(text)
    except ParseFailure:
        return
    bound = bind(text, tree, start=0, end=60_000, step=15_000)
    assert [type(node) for node in walk(bound)] == [type(node) for node in walk(tree)]
    assert "step()" not in to_text(bound)


@given(EXPRESSIONS)
def test_every_node_lies_within_its_parents_text(text: str):
    try:
        tree = parse(text)
    except ParseFailure:
        return
    for node in walk(tree):
        assert 0 <= node.start < node.end <= len(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd")))
def test_quoting_is_undone_by_unquoting(text: str):
    assert unquote(quote(text)) == text


@given(st.binary())
def test_bytes_that_are_no_text_survive_quoting(raw: bytes):
    text = raw.decode("utf-8", "surrogateescape")
    assert unquote(quote(text)) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_the_number(value: float):
    printed = format_plain(abs(value))
    assert parse_number(printed) == abs(value)
    assert "e" not in printed
