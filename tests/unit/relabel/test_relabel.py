"""Relabelling rules, one behaviour at a time; the differential test holds all of them against Prometheus."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.model.expansion import Template
from watchkeeper.model.expression import Expression, ExpressionFailure
from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import Action, RelabelFailure, RelabelRule, apply, legacy_problem

LABELS = Labels({"a": "foo", "b": "Bar", "tmp_c": "x1"})


def rule(**fields) -> RelabelRule:
    return RelabelRule(**fields)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (rule(source_labels=("a",), target_label="d"), {"d": "foo"}),
        (rule(source_labels=("a", "b", "z"), target_label="d"), {"d": "foo;Bar;"}),
        (rule(source_labels=("a", "b"), separator="-", target_label="d"), {"d": "foo-Bar"}),
        (rule(source_labels=("a",), regex="f(.)(?P<rest>.*)", target_label="d", replacement="$1${rest}"), {"d": "oo"}),
        (rule(source_labels=("a",), regex="f", target_label="d"), {}),
        (rule(source_labels=("a",), target_label="b", replacement=""), {"b": ""}),
        (rule(source_labels=("a",), target_label="t_$1", replacement="v"), {"t_foo": "v"}),
        (rule(source_labels=("z",), target_label="$1", replacement="v"), {}),
        (rule(target_label="d", replacement="v"), {"d": "v"}),
        (rule(source_labels=("b",), target_label="d", action=Action.LOWERCASE), {"d": "bar"}),
        (rule(source_labels=("b",), target_label="d", action=Action.UPPERCASE), {"d": "BAR"}),
        (rule(action=Action.LABELMAP, regex="tmp_(.+)"), {"c": "x1"}),
        (rule(action=Action.LABELMAP, regex="(a|b)", replacement="m_$1"), {"m_a": "foo", "m_b": "Bar"}),
        (rule(action=Action.LABELDROP, regex="tmp_.*"), {"tmp_c": ""}),
        (rule(action=Action.LABELKEEP, regex="a|b"), {"tmp_c": ""}),
    ],
)
def test_a_rule_rewrites(made, expected):
    assert apply([made], LABELS) == LABELS.with_(expected)


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (rule(action=Action.KEEP, source_labels=("a",), regex="fo+"), True),
        (rule(action=Action.KEEP, source_labels=("a",), regex="fo"), False),
        (rule(action=Action.DROP, source_labels=("a",), regex="foo"), False),
        (rule(action=Action.DROP, source_labels=("z",), regex=".+"), True),
        (rule(action=Action.KEEP_EQUAL, source_labels=("a",), target_label="a"), True),
        (rule(action=Action.KEEP_EQUAL, source_labels=("a",), target_label="b"), False),
        (rule(action=Action.DROP_EQUAL, source_labels=("z",), target_label="y"), False),
        (rule(action=Action.DROP_EQUAL, source_labels=("a",), target_label="b"), True),
    ],
)
def test_a_rule_keeps_or_drops(made, kept):
    assert apply([made], LABELS) == (LABELS if kept else None)


def test_the_modulus_is_of_the_md5_sums_last_half():
    made = rule(action=Action.HASHMOD, source_labels=("a", "b"), target_label="shard", modulus=1000)
    expected = int(hashlib.md5(b"foo;Bar").hexdigest()[16:], 16) % 1000
    assert apply([made], LABELS) == LABELS.with_({"shard": str(expected)})


def test_rules_see_what_earlier_ones_did():
    rules = [
        rule(source_labels=("a",), target_label="d"),
        rule(source_labels=("d",), target_label="e"),
        rule(action=Action.LABELDROP, regex="a|d"),
    ]
    assert apply(rules, Labels({"a": "1"})) == Labels({"e": "1"})


def test_the_last_of_two_labels_mapped_to_one_name_wins():
    mapped = rule(action=Action.LABELMAP, regex="(.).*", replacement="m")
    assert apply([mapped], Labels({"a": "1", "b": "2"})) == Labels({"a": "1", "b": "2", "m": "2"})
    touched = [rule(target_label="a", replacement="3"), mapped]
    assert apply(touched, Labels({"a": "1", "b": "2"})) == Labels({"a": "3", "b": "2", "m": "3"})


def test_a_dot_matches_a_line_break():
    made = rule(source_labels=("a",), target_label="d")
    assert apply([made], Labels({"a": "x\ny"})) == Labels({"a": "x\ny", "d": "x\ny"})


def test_letters_are_mapped_one_by_one_as_in_go():
    upper = rule(source_labels=("a",), target_label="d", action=Action.UPPERCASE)
    lower = rule(source_labels=("a",), target_label="d", action=Action.LOWERCASE)
    assert apply([upper], Labels({"a": "straße"})) == Labels({"a": "straße", "d": "STRAßE"})
    assert apply([lower], Labels({"a": "İΣ"})) == Labels({"a": "İΣ", "d": "iσ"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": Action.HASHMOD, "target_label": "a"}, "hashmod needs a modulus"),
        ({}, "replace needs a target_label"),
        ({"action": Action.KEEP_EQUAL}, "keepequal needs a target_label"),
        ({"action": Action.LABELMAP, "replacement": ""}, "labelmap needs a replacement"),
        ({"action": Action.LOWERCASE, "target_label": "a", "replacement": "x"}, "lowercase takes no replacement"),
        ({"action": Action.LABELDROP, "separator": "x"}, "labeldrop takes only regex"),
        ({"action": Action.LABELKEEP, "source_labels": ("a",)}, "labelkeep takes only regex"),
        ({"action": Action.DROP_EQUAL, "target_label": "a", "regex": "x"}, "dropequal takes only source_labels"),
        ({"action": Action.KEEP, "regex": "("}, r'the regex "\(" is malformed: missing \)'),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(fields, said):
    with pytest.raises(RelabelFailure, match=said):
        rule(**fields)


@pytest.mark.parametrize(
    ("fields", "valid"),
    [
        ({"target_label": "a_b"}, True),
        ({"target_label": "a-b"}, False),
        ({"target_label": "a_${1}_b"}, True),
        ({"target_label": "a-${1}"}, False),
        ({"action": Action.LABELMAP}, True),
        ({"action": Action.LABELMAP, "replacement": "a-$1"}, False),
        ({"action": Action.HASHMOD, "modulus": 1, "target_label": "${1}"}, False),
        ({"action": Action.KEEP, "target_label": "a-b"}, True),
    ],
)
def test_legacy_names_are_letters_digits_and_underscores(fields, valid):
    assert (legacy_problem(rule(**fields)) is None) is valid


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$1", "ab"),
        ("$0", "ab-cd"),
        ("${name}", "cd"),
        ("$name", "cd"),
        ("$names", ""),
        ("$1x", ""),
        ("${1}x", "abx"),
        ("$01", ""),
        ("$3", ""),
        ("$99999999999", ""),
        ("$$1", "$1"),
        ("$", "$"),
        ("a$-", "a$-"),
        ("${", "${"),
        ("${}", "${}"),
        ("${1", "${1"),
        ("${a-b}", "${a-b}"),
    ],
)
def test_a_template_expands_as_in_go(template, expected):
    expression = Expression("(ab)-(?P<name>cd)")
    match = expression.match("ab-cd")
    assert match is not None
    assert Template(template, expression.groups, expression.names).expand(match) == expected


def test_a_group_that_took_no_part_is_empty():
    expression = Expression("a(b)?")
    match = expression.match("a")
    assert match is not None
    assert Template("[$1]", expression.groups, expression.names).expand(match) == "[]"


def test_a_template_without_references_is_constant():
    assert Template("a$$b", 1, {}).constant == "a$b"
    assert Template("a$9b", 1, {}).constant == "a"
    assert Template("a$1", 1, {}).constant is None


def test_an_expression_says_why_it_is_malformed():
    with pytest.raises(ExpressionFailure, match=r"invalid repetition size: \{1001\}"):
        Expression("a{1001}")


@given(st.text(max_size=20))
def test_no_template_makes_trouble(text):
    expression = Expression("(a)?(?P<b>.*)")
    match = expression.match("xyz")
    assert match is not None
    Template(text, expression.groups, expression.names).expand(match)


@given(
    st.dictionaries(st.text("abc_", min_size=1, max_size=4), st.text(max_size=5), max_size=5),
    st.sampled_from(["(.*)", ".+", "[ab]", ""]),
)
def test_keep_and_drop_are_opposites(pairs, regex):
    labels = Labels(pairs)
    kept = apply([rule(action=Action.KEEP, source_labels=("a",), regex=regex)], labels)
    dropped = apply([rule(action=Action.DROP, source_labels=("a",), regex=regex)], labels)
    assert (kept is None) is (dropped is not None)
