"""Matchers in both notations, and in what order and form they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts import MatcherFailure
from watchkeeper.alerts.matchers import (
    classic,
    in_order,
    matcher_text,
    matchers_text,
    read_matcher,
    read_matchers,
    utf8,
)
from watchkeeper.model.matcher import Matcher, MatchOp

OPS = st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL])
CLASSIC_NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
MATCHERS = st.builds(Matcher, TEXTS.filter(bool), OPS, TEXTS)


@given(st.builds(Matcher, CLASSIC_NAMES, OPS, st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_is_written_is_read_by_the_older_notation(matcher: Matcher):
    assert classic.read_one(matcher_text(matcher)) == matcher
    assert read_matcher(matcher_text(matcher)) == matcher


@given(st.lists(MATCHERS, min_size=1, max_size=4))
def test_what_is_written_is_read_by_the_newer_notation(matchers: list[Matcher]):
    assert utf8.read_all(matchers_text(matchers)) == matchers


@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(text: str):
    for read in (read_matchers, read_matcher, classic.read_all, utf8.read_all):
        try:
            read(text)
        except MatcherFailure as failure:
            assert str(failure)


@given(st.lists(st.sampled_from(list('a=!~"\\,{} b\n')), max_size=14).map("".join))
def test_where_both_notations_understand_a_text_the_older_one_decides(text: str):
    try:
        expected = classic.read_all(text)
    except MatcherFailure:
        return
    assert read_matchers(text) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("team=a", ["team", "=", "a"]),
        (" team != a b ", ["team", "!=", "a b"]),
        ('team=~"a|b"', ["team", "=~", "a|b"]),
        ('team!~"a\\"b"', ["team", "!~", 'a"b']),
        ('team="a\\tb"', ["team", "=", "a\\tb"]),
        ("team=", ["team", "=", ""]),
        ('"a b"="c\\td"', ["a b", "=", "c\td"]),
        ("über=x", ["über", "=", "x"]),
    ],
)
def test_a_matcher_is_read(text: str, found: list[str]):
    matcher = read_matcher(text)
    assert [matcher.name, matcher.op.value, matcher.value] == found


@pytest.mark.parametrize("text", ["", "team", "=a", 'team="a', 'team=a"', "{team=a}", 'team=~"("', '"a"', "ü=a b"])
def test_a_text_that_is_no_matcher_is_refused(text: str):
    with pytest.raises(MatcherFailure):
        read_matcher(text)


def test_matchers_stand_by_name_value_and_operator():
    matchers = read_matchers('{b="1",a=~"2",a!="1",a="1"}')
    assert matchers_text(in_order(matchers)) == '{a="1",a!="1",a=~"2",b="1"}'


def test_a_name_with_reserved_characters_stands_in_quotes():
    assert matcher_text(Matcher("a b", MatchOp.EQUAL, 'c"d')) == '"a b"="c\\"d"'
