"""label_replace and label_join: new labels from old ones, computed once for each distinct value."""

from __future__ import annotations

import re
from typing import Protocol

import numpy as np
import re2
from numpy.typing import NDArray

from watchkeeper.model.labels import METRIC_NAME
from watchkeeper.query.promql.context import Context
from watchkeeper.query.promql.failure import EvaluationFailure
from watchkeeper.query.promql.frames import columns, rows_as_groups, with_column
from watchkeeper.query.promql.merge import merged
from watchkeeper.query.promql.value import Vector


class Match(Protocol):
    """What a regular expression found."""

    def __getitem__(self, group: int | str) -> str | None: ...


class Pattern(Protocol):
    """A regular expression's groups."""

    @property
    def groups(self) -> int:
        """How many there are."""
        ...

    @property
    def groupindex(self) -> dict[str, int]:
        """The named ones."""
        ...


_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def label_replace(context: Context, vector: Vector, arguments: list[str]) -> Vector:
    """Where the source label matches, the target label is what the replacement makes of the match."""
    target, replacement, source, pattern = arguments
    try:
        regex = re2.compile(f"^(?s:{pattern})$")
    except re2.error:
        raise EvaluationFailure(f"invalid regular expression in label_replace(): {pattern}") from None
    _check_label(target, "destination", "label_replace")
    distinct, at = np.unique(vector.frame.column(source), return_inverse=True)
    fresh = np.zeros(distinct.size, dtype=np.int32)
    hit = np.zeros(distinct.size, dtype=np.bool_)
    for i, text in enumerate(context.symbols.texts(distinct)):
        match = regex.search(text)
        if match is not None:
            hit[i] = True
            fresh[i] = context.symbols.intern(expanded(replacement, match, regex))
    codes = np.where(hit[at], fresh[at], vector.frame.column(target)).astype(np.int32)
    return _labelled(vector, target, codes, hit[at])


def label_join(context: Context, vector: Vector, arguments: list[str]) -> Vector:
    """The target label is the source labels' values, joined."""
    target, separator, *sources = arguments
    for source in sources:
        _check_label(source, "source", "label_join")
    _check_label(target, "destination", "label_join")
    groups, firsts = rows_as_groups(columns(vector.frame, sources))
    codes = columns(vector.frame, sources)[firsts]
    joined = [separator.join(context.symbols.texts(row)) for row in codes]
    fresh = context.symbols.intern_all(joined) if joined else np.zeros(0, dtype=np.int32)
    return _labelled(vector, target, fresh[groups], np.ones(len(vector.frame), dtype=np.bool_))


def expanded(template: str, match: Match, regex: Pattern) -> str:
    """`template` with `$1`, `${name}` and `$$` replaced as Go's regexp does; an unknown group is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        if name.isdecimal():
            return (match[int(name)] or "") if int(name) <= regex.groups else ""
        return (match[name] or "") if name in regex.groupindex else ""

    return _REFERENCE.sub(group, template)


def _labelled(vector: Vector, target: str, codes: NDArray[np.int32], changed: NDArray[np.bool_]) -> Vector:
    """The vector with one label set; a metric name that is given anew is not dropped later."""
    nameless = vector.nameless & ~changed if target == METRIC_NAME else vector.nameless
    frame = with_column(vector.frame, target, codes)
    return merged(Vector(frame, vector.values, vector.present, nameless, vector.histograms))


def _check_label(name: str, role: str, function: str) -> None:
    if not name or any(0xD800 <= ord(char) <= 0xDFFF for char in name):
        raise EvaluationFailure(f"invalid {role} label name in {function}(): {name}")
