"""Templates: what they print, and what they say when they are wrong."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.template import Function, Struct, Template, TemplateFailure


class Alert(Struct):
    @property
    def go_type(self) -> str:
        return "template.Alert"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        return {"Name": "Down", "Nested": {"k": [1, 2]}}

    @property
    def go_methods(self) -> Mapping[str, Function]:
        return {"Twice": Function(lambda text: text * 2, ("string",))}


DATA = {
    "labels": MappingProxyType({"a": "1", "b": "x"}),
    "value": 0.123456,
    "list": ["p", "q"],
    "count": 3,
    "alert": Alert(),
}


def render(text: str, data: Any = DATA) -> str:
    return Template.read("t", text).render("t", data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ('{{ .value | printf "%.2f" }}%', "0.12%"),
        ("{{range $i, $e := .list}}{{$i}}={{$e}},{{end}}", "0=p,1=q,"),
        ("a {{- if eq .count 3 -}} three {{- else}}x{{end}}", "athree"),
        ("{{if false}}1{{else if .list}}2{{else}}3{{end}}", "2"),
        ("{{with .labels}}{{.a}}{{.missing}}{{end}}", "1"),
        ("{{with false}}x{{else with .count}}{{.}}{{end}}", "3"),
        ("{{range .nothing}}x{{else}}none{{end}}", "none"),
        ("{{range $k, $v := .labels}}{{if eq $k `b`}}{{break}}{{end}}{{$k}}{{end}}", "a"),
        ("{{range 3}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}", "02"),
        ('{{define "x"}}[{{.}}]{{end}}{{template "x" .count}}', "[3]"),
        ('{{block "b" .count}}B{{.}}{{end}}', "B3"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2"),
        ("{{$x := 1}}{{with 5}}{{$x := 3}}{{end}}{{$x}}", "1"),
        ("{{/* nothing */ -}}   x", "x"),
        ("{{.alert.Name}} {{.alert.Twice `ab`}} {{index .alert.Nested.k 1}}", "Down abab 2"),
        ('{{ "ab" | .alert.Twice }}', "abab"),
        ("{{(index .list 0)}}{{ (.alert).Name }}", "pDown"),
        ("{{.missing}}|{{.labels}}|{{.list}}", "<no value>|map[a:1 b:x]|[p q]"),
        ("{{$.count}}{{with .list}}{{$.count}}{{end}}", "33"),
    ],
)
def test_a_template_prints(text: str, expected: str) -> None:
    assert render(text) == expected


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("{{ foo }}", (1, 4), 'function "foo" not defined'),
        ("a\n  {{ .count.x }}", (2, 6), "can't evaluate field x in type int"),
        ("{{ .alert.Nope }}", (1, 4), "can't evaluate field Nope in type template.Alert"),
        ("{{ if }}", (1, 7), "missing value for if"),
        ("{{ if 1 }}", (1, 11), "unexpected EOF"),
        ('{{ "x', (1, 4), "unterminated quoted string"),
        ("{{ .x", (1, 6), "unclosed action"),
        ("{{ $y }}", (1, 4), 'undefined variable "$y"'),
        ("{{break}}", (1, 3), "outside {{range}}"),
        ('{{template "zz"}}', (1, 3), 'template "zz" not defined'),
        ("{{ eq 1 1.0 }}", (1, 4), "incompatible types for comparison: int and float64"),
        ("{{ index .list 9 }}", (1, 4), "index out of range: 9"),
        ("{{ .alert.Twice 5 6 }}", (1, 4), "wrong number of args for Twice"),
        ("{{/* x", (1, 1), "unclosed comment"),
        ("{{ ( 1 }}", (1, 8), "unclosed left paren"),
        ("{{ 1 ) }}", (1, 6), "unexpected right paren"),
        ('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}', (1, 17), "maximum template depth"),
    ],
)
def test_a_wrong_template_names_its_place(text: str, place: tuple[int, int], part: str) -> None:
    with pytest.raises(TemplateFailure) as failure:
        render(text)
    assert (failure.value.line, failure.value.column) == place
    assert part in str(failure.value)


def test_a_wrong_addition_adds_nothing() -> None:
    template = Template.read("a", '{{define "x"}}1{{end}}')
    with pytest.raises(TemplateFailure):
        template.add("b", '{{define "x"}}2{{end}}{{ nope }}')
    assert template.render("x", None) == "1"


@given(st.text(alphabet="{}-. $|()\"`'=:,/*\nabifendrangewithdefine01", max_size=60))
def test_any_text_is_rendered_or_refused_with_its_place(text: str) -> None:
    try:
        render(text)
    except TemplateFailure as failure:
        assert failure.line >= 1
        assert failure.column >= 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 10000 }}{{ range 10000 }}{{ end }}{{ end }}",
        '{{ define "d" }}{{ if true }}{{ with 1 }}{{ template "d" }}{{ end }}{{ end }}{{ end }}{{ template "d" }}',
        "{{ $x := `aaaa` }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}{{ $x }}",
        "{{ $x := pair 1 1 }}{{ range 40 }}{{ $x = pair $x $x }}{{ end }}{{ $x }}",
        "{{ $x := pair 1 1 }}{{ range 40 }}{{ $x = pair $x $x }}{{ end }}{{ printf `%d` $x }}",
        "{{ $x := pair 1 1 }}{{ range 3000 }}{{ $x = pair $x 1 }}{{ end }}{{ $x }}",
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{{ if 1 }}" * 3000 + "{{ end }}" * 3000,
    ],
)
def test_a_template_that_goes_round_for_ever_or_grows_without_end_is_refused(text: str) -> None:
    pair = {"pair": Function(lambda a, b: [a, b], ("any", "any"))}
    with pytest.raises(TemplateFailure):
        Template.read("t", text, pair).render("t", DATA)


def test_a_function_that_was_not_made_for_a_value_is_a_failure_with_its_place() -> None:
    with pytest.raises(TemplateFailure) as failed:
        Template.read("t", "a\n{{ half 0 }}", {"half": Function(lambda n: 1 / n, ("int",))}).render("t", DATA)
    assert (failed.value.line, failed.value.column) == (2, 4)


def test_a_template_that_is_defined_twice_in_one_text_is_refused_at_the_second_place() -> None:
    with pytest.raises(TemplateFailure) as failed:
        Template.read("t", '{{ define "a" }}A{{ end }}\n{{ define "a" }}B{{ end }}')
    assert (failed.value.line, failed.value.column) == (2, 11)
