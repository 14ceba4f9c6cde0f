"""Rule files: what loads, and what is wrong with those that do not."""

from __future__ import annotations

import pytest

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.rules import AlertingRule, GroupDefaults, RecordingRule, read_rule_text

DEFAULTS = GroupDefaults(15_000, 2_000)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as caught:
        read_rule_text(text, "r.yml", DEFAULTS)
    return [str(problem) for problem in caught.value.problems]


def test_a_whole_file():
    (group,) = read_rule_text(
        """
groups:
- name: g
  interval: 30s
  limit: 3
  query_offset: 1m
  tenant: a
  labels: {team: x, severity: low}
  rules:
  - record: r:m
    expr: sum ( up )
    labels: {instance: ""}
  - alert: A
    expr: up==0
    for: 5m
    keep_firing_for: 10m
    labels: {severity: high, number: 5}
    annotations: {s: "{{ $value }}"}
""",
        "r.yml",
        DEFAULTS,
    )
    assert (group.name, group.file, group.tenant, group.limit) == ("g", "r.yml", "a", 3)
    assert (group.interval_ms, group.query_offset_ms) == (30_000, 60_000)
    assert group.rules == (
        RecordingRule("r:m", "sum(up)", (("instance", ""), ("severity", "low"), ("team", "x"))),
        AlertingRule(
            "A",
            "up == 0",
            300_000,
            600_000,
            (("number", "5"), ("severity", "high"), ("team", "x")),
            (("s", "{{ $value }}"),),
        ),
    )


def test_what_a_group_does_not_say_comes_from_the_defaults():
    (group,) = read_rule_text("groups: [{name: g}]", "r.yml", DEFAULTS)
    assert (group.interval_ms, group.query_offset_ms, group.limit, group.tenant) == (15_000, 2_000, 0, "default")


def test_an_offset_of_zero_is_not_the_default():
    (group,) = read_rule_text("groups: [{name: g, query_offset: 0s}]", "r.yml", DEFAULTS)
    assert group.query_offset_ms == 0


def test_an_empty_file_has_no_groups():
    assert read_rule_text("", "r.yml", DEFAULTS) == ()


def test_every_problem_is_told_at_its_place():
    found = problems(
        """groups:
- name: a
  rules:
  - {record: x, expr: 'sum('}
  - {alert: y, expr: up, labels: {__name__: x}, annotations: {s: "{{ nope }}"}}
  - {record: x, alert: y}
- name: a
- name: ""
  intervall: 5s
"""
    )
    assert found == [
        'r.yml:4:23: group "a", rule 1, "x": could not parse expression: 1:5: parse error: unclosed left parenthesis',
        'r.yml:5:35: group "a", rule 2, "y": invalid label name: __name__',
        'r.yml:5:63: group "a", rule 2, "y": annotation "s": template: __alert_y:1:4: function "nope" not defined',
        'r.yml:6:5: group "a", rule 3, "y": field \'expr\' must be set in rule',
        "r.yml:6:24: group \"a\", rule 3, \"y\": only one of 'record' and 'alert' must be set",
        'r.yml:7:9: groupname: "a" is repeated in the same file',
        'r.yml:9:3: unknown key "intervall" in groups[2]: did you mean "interval"?',
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{expr: up}", "one of 'record' or 'alert' must be set"),
        ("{record: a, expr: up, for: 1m}", "invalid field 'for' in recording rule"),
        ("{record: a, expr: up, keep_firing_for: 1m}", "invalid field 'keep_firing_for' in recording rule"),
        ("{record: a, expr: up, annotations: {a: b}}", "invalid field 'annotations' in recording rule"),
        ("{record: 'a{}', expr: up}", "braces present in the recording rule name; should it be in expr?: a{}"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule, message):
    (found,) = problems(f"groups: [{{name: g, rules: [{rule}]}}]")
    assert message in found


def test_a_label_of_a_group_is_checked():
    (found,) = problems("groups: [{name: g, labels: {__name__: x}}]")
    assert found == "r.yml:1:29: invalid label name: __name__"


def test_a_malformed_rule_does_not_hide_what_is_wrong_with_the_others_of_its_group() -> None:
    text = """\
groups:
- name: g
  rules:
  - alert: A
    expr: up
    fro: 5m
  - alert: B
    expr: up ==
  - record: c
    expr: up
    for: 5m
"""
    with pytest.raises(ConfigurationFailure) as failure:
        read_rule_text(text, "r.yml", GroupDefaults())
    places = [(problem.place.line, problem.place.column) for problem in failure.value.problems]
    assert places == [(6, 5), (8, 11), (11, 10)]
