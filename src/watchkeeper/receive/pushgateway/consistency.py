"""Whether all groups together can be exposed: the checks and words of Prometheus' Go client, which Pushgateway uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from watchkeeper.receive.pushgateway.failure import Inconsistent
from watchkeeper.receive.pushgateway.text import HISTOGRAM, SUMMARY

_TYPES = ("COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM")
_MOST_TOLD = 10

Identity = tuple[str, tuple[tuple[bytes, bytes], ...]]
"""A metric's family and its sorted labels, the grouping ones and an empty `instance` included."""


def normalize(family: Any, grouping: Mapping[str, str]) -> None:
    """Give every metric its group's labels, whatever it says itself, and an `instance`, empty where it has none.

    (The empty one keeps a scraper from adding its own.)
    """
    for metric in family.metric:
        own = {label.name: label.value for label in metric.label}
        own |= {name.encode(): value.encode() for name, value in grouping.items()}
        own.setdefault(b"instance", b"")
        del metric.label[:]
        for name in sorted(own):
            metric.label.add(name=name, value=own[name])


def identity(name: str, metric: Any) -> Identity:
    """What no second metric may have."""
    return name, tuple((label.name, label.value) for label in metric.label)


class Exposed:
    """The types and identities of all groups of a tenant, kept up as groups change."""

    def __init__(self) -> None:
        self._types: dict[str, dict[str, int]] = {}
        self._owners: dict[Identity, str] = {}

    def add(self, key: str, family: Any) -> None:
        """A group has this family now."""
        name = family.name.decode()
        self._types.setdefault(name, {})[key] = family.type
        for metric in family.metric:
            self._owners[identity(name, metric)] = key

    def remove(self, key: str, family: Any) -> None:
        """A group has it no longer."""
        name = family.name.decode()
        types = self._types.get(name, {})
        types.pop(key, None)
        if not types:
            self._types.pop(name, None)
        for metric in family.metric:
            self._owners.pop(identity(name, metric), None)

    def check(self, key: str, pushed: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        """Raise Inconsistent unless the families `pushed` to the group `key` fit in; `kept` are its others."""
        if any(metric.HasField("timestamp_ms") for family in pushed.values() for metric in family.metric):
            raise Inconsistent("pushed metrics must not have timestamps")
        problems: list[str] = []
        for name in sorted(pushed):
            problems += self._problems(key, name, pushed[name], pushed, kept)
        if len(problems) == 1:
            raise Inconsistent(problems[0])
        if problems:
            told = "".join(f"\n* {problem}" for problem in problems[:_MOST_TOLD])
            raise Inconsistent(f"{len(problems)} error(s) occurred:{told}")

    def _problems(
        self, key: str, name: str, family: Any, pushed: Mapping[str, Any], kept: Mapping[str, Any]
    ) -> Iterator[str]:
        others = [kind for owner, kind in self._types.get(name, {}).items() if owner != key and kind != family.type]
        seen: set[Identity] = set()
        for metric in family.metric:
            if others:
                yield f'collected metric "{name}" {{ {metric_text(metric)}}} is not a {_word(others[0])}'
                return
            own = identity(name, metric)
            if own in seen or self._owners.get(own, key) != key:
                text = metric_text(metric)
                yield f'collected metric "{name}" {{ {text}}} was collected before with the same name and label values'
            seen.add(own)
        yield from self._collisions(key, name, family.type, pushed, kept)

    def _collisions(
        self, key: str, name: str, kind: int, pushed: Mapping[str, Any], kept: Mapping[str, Any]
    ) -> Iterator[str]:
        """Names that a histogram's or summary's parts take, too."""

        def type_of(other: str) -> int | None:
            here = pushed.get(other) or kept.get(other)
            if here is not None:
                return here.type
            return next((kind for owner, kind in self._types.get(other, {}).items() if owner != key), None)

        for suffix in ("_count", "_sum", "_bucket"):
            whole = name.removesuffix(suffix)
            found = type_of(whole) if whole != name else None
            if found == HISTOGRAM or (found == SUMMARY and suffix != "_bucket"):
                word = "histogram" if found == HISTOGRAM else "summary"
                # Where both were pushed together, the other one tells of it.
                if whole not in pushed:
                    yield f'collected metric named "{name}" collides with previously collected {word} named "{whole}"'
        if kind in (SUMMARY, HISTOGRAM):
            for suffix in ("_count", "_sum"):
                if type_of(name + suffix) is not None:
                    yield _collides("histogram or summary", name, name + suffix)
            if kind == HISTOGRAM and type_of(name + "_bucket") is not None:
                yield _collides("histogram", name, name + "_bucket")


def _collides(word: str, name: str, other: str) -> str:
    return f'collected {word} named "{name}" collides with previously collected metric named "{other}"'


def _word(kind: int) -> str:
    return _TYPES[kind] if 0 <= kind < len(_TYPES) else "UNTYPED"


def metric_text(metric: Any) -> str:
    """A metric as Go prints its message."""
    labels = [f'label:{{name:"{_text(label.name)}"  value:"{_text(label.value)}"}}' for label in metric.label]
    values = [
        f"{kind}:{{value:{_number(getattr(metric, kind).value)}}}"
        for kind in ("gauge", "counter", "untyped")
        if metric.HasField(kind)
    ]
    for kind in ("summary", "histogram"):
        if metric.HasField(kind):
            part = getattr(metric, kind)
            values.append(f"{kind}:{{sample_count:{part.sample_count}  sample_sum:{_number(part.sample_sum)}}}")
    return "  ".join([*labels, *values])


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e21 else repr(value)
