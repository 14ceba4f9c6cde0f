"""Environment variables in values."""

from __future__ import annotations

import pytest

from watchkeeper.base.configuration import Problem, read_document
from watchkeeper.base.configuration.environment import expand
from watchkeeper.base.configuration.tree import plain

ENVIRON = {"NAME": "value", "EMPTY": "", "lower": "case"}


def expanded(text: str) -> tuple[object, list[Problem]]:
    problems: list[Problem] = []
    return plain(expand(read_document(text, "f.yml"), ENVIRON, problems)), problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a${NAME}b", "avalueb"),
        ("${NAME:-x}", "value"),
        ("${OTHER:-x y}", "x y"),
        ("${OTHER:-}", ""),
        ("${EMPTY}", ""),
        ("${EMPTY:-x}", "x"),
        ("$${NAME}", "${NAME}"),
        ("$NAME", "$NAME"),
        ("${lower}", "${lower}"),
        ("${1}", "${1}"),
        ("{{ .X }} ${NAME}", "{{ .X }} ${NAME}"),
    ],
)
def test_a_value_is_expanded(text, value):
    assert expanded(f"a: [{{b: '{text}'}}]") == ({"a": [{"b": value}]}, [])


@pytest.mark.parametrize("key", ["replacement", "expr", "regex", "target_label"])
def test_what_has_a_dollar_of_its_own_stays(key):
    assert expanded(f"{key}: '${{NAME}}'") == ({key: "${NAME}"}, [])


def test_an_unset_variable_is_a_problem_at_its_place():
    _, (problem,) = expanded("a: 1\nb: ${OTHER}\n")
    assert str(problem).startswith("f.yml:2:4: the environment variable OTHER is not set")
    assert "${OTHER:-default}" in problem.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$NAME", "value"),
        ("${lower}", "case"),
        ("$lower-x", "case-x"),
        ("$OTHER", ""),
        ("${OTHER}x", "x"),
        ("${OTHER:-d}", "d"),
        ("$$NAME", "$NAME"),
        ("a$", "a$"),
        ("$-", ""),
    ],
)
def test_external_labels_are_expanded_as_in_prometheus(text, value):
    assert expanded(f"external_labels: {{a: '{text}'}}") == ({"external_labels": {"a": value}}, [])


def test_an_expanded_value_keeps_its_place_and_its_kind():
    problems: list[Problem] = []
    tree = expand(read_document("a: ${OTHER:-5}", "f.yml"), {}, problems)
    (value,) = tree.entries.values()  # pyright: ignore[reportAttributeAccessIssue]
    assert (str(value.place), value.plain) == ("f.yml:1:4", True)
