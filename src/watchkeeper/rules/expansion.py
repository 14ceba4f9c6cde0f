"""The templates of rules: their functions and what they see (`$labels`, `$value`, `$externalLabels`, `query` …)."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlsplit

from watchkeeper.template import Function, Struct, Template, TemplateFailure
from watchkeeper.template.expressions import matches, re_replace_all
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.humanize import (
    go_time,
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
    number,
    parse_duration,
)

PREAMBLE = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""What every template of a rule begins with."""


@dataclass(frozen=True, slots=True)
class Sample(Struct):
    """One series of what `query` found; `value` is a float, or a native histogram's text."""

    labels: Mapping[str, str]
    value: float | str

    @property
    def go_type(self) -> str:
        """Prometheus' name for it."""
        return "*template.sample"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Its two fields."""
        return {"Labels": self.labels, "Value": self.value}


@dataclass(frozen=True, slots=True)
class AlertData(Struct):
    """What the template of an alert sees."""

    labels: Mapping[str, str]
    external_labels: Mapping[str, str]
    external_url: str
    value: float | str

    @property
    def go_type(self) -> str:
        """Go's name for an unnamed struct."""
        return "struct"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Its fields."""
        return {
            "Labels": self.labels,
            "ExternalLabels": self.external_labels,
            "ExternalURL": self.external_url,
            "Value": self.value,
        }


Query = Callable[[str], Sequence[Sample]]
"""Runs an instant query at the evaluation's time; raises FunctionFailure."""


def no_query(text: str) -> Sequence[Sample]:
    """The query function of templates that are only read."""
    raise FunctionFailure(f"there is no data to run {text!r} on")


class RuleTemplate:
    """The text of a label or an annotation of an alert, read once. Raises TemplateFailure where it cannot be."""

    __slots__ = ("_name", "_plain", "_template")

    def __init__(self, text: str, alert: str) -> None:
        self._name = f"__alert_{alert}"
        self._plain = text if "{{" not in text else None
        self._template: Template | None = None
        if self._plain is None:
            self._template = Template(functions(no_query, "", 0.0))
            with _own_columns():
                self._template.add(self._name, PREAMBLE + text)

    def render(self, data: AlertData, query: Query, now_s: float) -> str:
        """The text for one alert. Raises TemplateFailure."""
        if self._template is None:
            return self._plain or ""
        with _own_columns():
            return self._template.render(self._name, data, functions(query, data.external_url, now_s))

    def expand(self, data: AlertData, query: Query, now_s: float) -> str:
        """The text for one alert, or in its place what went wrong, as Prometheus writes it."""
        try:
            return self.render(data, query, now_s)
        except TemplateFailure as why:
            return f"<error expanding template: error executing template {self._name}: {why}>"


@contextmanager
def _own_columns() -> Generator[None]:
    """Count the columns of the first line without what we put before the text."""
    try:
        yield
    except TemplateFailure as failure:
        shift = len(PREAMBLE) if failure.line == 1 else 0
        raise TemplateFailure(failure.template, failure.line, failure.column - shift, failure.message) from None


def functions(query: Query, external_url: str, now_s: float) -> Mapping[str, Function]:
    """Prometheus' template functions; `now_s` is the evaluation's time, seconds since the epoch."""
    return {
        **_FIXED,
        "query": Function(query, ("string",)),
        "externalURL": Function(lambda: external_url),
        "pathPrefix": Function(lambda: urlsplit(external_url).path),
        "now": Function(lambda: now_s),
    }


def _first(samples: Sequence[Sample]) -> Sample:
    if not samples:
        raise FunctionFailure("first() called on vector with no elements")
    return samples[0]


def _of_sample(sample: object) -> Sample:
    if not isinstance(sample, Sample):
        raise FunctionFailure("wrong type for value; expected *template.sample")
    return sample


def _label(name: str, sample: Any) -> str:
    return _of_sample(sample).labels.get(name, "")


def _value(sample: Any) -> float | str:
    return _of_sample(sample).value


def _strvalue(sample: Any) -> str:
    return _of_sample(sample).labels.get("__value__", "")


def _args(*values: Any) -> Mapping[str, Any]:
    return {f"arg{i}": value for i, value in enumerate(values)}


def _title(text: str) -> str:
    return re.sub(r"(^|[^\w'])(\w)", lambda m: m.group(1) + m.group(2).upper(), text)


def _sort_by_label(name: str, samples: Sequence[Sample]) -> Sequence[Sample]:
    return sorted(samples, key=lambda sample: sample.labels.get(name, ""))


def _strip_port(host: str) -> str:
    match = re.fullmatch(r"\[?([^\]]*)\]?:\d+", host)
    return match.group(1) if match and (host.count(":") == 1 or host.startswith("[")) else host


def _strip_domain(host: str) -> str:
    bare = _strip_port(host)
    port = host[host.rfind(":") :] if bare != host else ""
    if re.fullmatch(r"[\d.]+|[0-9a-fA-F:]+", bare):
        return host
    return bare.split(".")[0] + port


def graph_link(expression: str) -> str:
    """The path that shows an expression as a graph."""
    return f"/graph?g0.expr={quote_plus(expression)}&g0.tab=0"


def table_link(expression: str) -> str:
    """The path that shows an expression as a table."""
    return f"/graph?g0.expr={quote_plus(expression)}&g0.tab=1"


_FIXED: Mapping[str, Function] = {
    "first": Function(_first, ("slice",)),
    "label": Function(_label, ("string", "any")),
    "value": Function(_value, ("any",)),
    "strvalue": Function(_strvalue, ("any",)),
    "args": Function(_args, (), "any"),
    "reReplaceAll": Function(re_replace_all, ("string", "string", "string")),
    "safeHtml": Function(lambda text: text, ("string",)),
    "match": Function(matches, ("string", "string")),
    "title": Function(_title, ("string",)),
    "toUpper": Function(lambda text: text.upper(), ("string",)),
    "toLower": Function(lambda text: text.lower(), ("string",)),
    "graphLink": Function(graph_link, ("string",)),
    "tableLink": Function(table_link, ("string",)),
    "sortByLabel": Function(_sort_by_label, ("string", "slice")),
    "stripPort": Function(_strip_port, ("string",)),
    "stripDomain": Function(_strip_domain, ("string",)),
    "humanize": Function(humanize, ("any",)),
    "humanize1024": Function(humanize1024, ("any",)),
    "humanizeDuration": Function(humanize_duration, ("any",)),
    "humanizePercentage": Function(humanize_percentage, ("any",)),
    "humanizeTimestamp": Function(humanize_timestamp, ("any",)),
    "toTime": Function(lambda value: go_time(number(value)), ("any",)),
    "toDuration": Function(lambda value: humanize_duration(number(value)), ("any",)),
    "parseDuration": Function(parse_duration, ("string",)),
    "urlQueryEscape": Function(quote_plus, ("string",)),
}
