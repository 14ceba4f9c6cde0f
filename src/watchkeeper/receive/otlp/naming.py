"""Names of metrics, labels and units, as Prometheus' OTLP translation makes them.

Sources: the OpenTelemetry specification's «Prometheus and OpenMetrics compatibility» and the documented behaviour of
Prometheus 3 (its four translation strategies).
"""

from __future__ import annotations

import re
from enum import Enum, auto

from watchkeeper.receive.otlp.translation import Translation

_UNITS = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tibibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_BETWEEN_WORDS = re.compile(r"[^a-zA-Z0-9:]+")
_NO_METRIC_CHARACTERS = re.compile(r"[^a-zA-Z0-9:_]+")
_NO_METRIC_CHARACTER = re.compile(r"[^a-zA-Z0-9:]")
_NO_LABEL_CHARACTER = re.compile(r"[^a-zA-Z0-9_]")
_UNDERSCORES = re.compile(r"__+")


class Kind(Enum):
    """What decides a metric's suffix."""

    GAUGE = auto()
    COUNTER = auto()
    OTHER = auto()


class InvalidName(ValueError):
    """A name of which nothing is left that Prometheus could use."""


def metric_name(name: str, unit: str, kind: Kind, rules: Translation) -> str:
    """The metric's name. Raises InvalidName where nothing but underscores would be left."""
    if not rules.escape:
        found = _suffixed(name, unit, kind) if rules.suffixes else name
    elif rules.suffixes:
        found = _normalized(name, unit, kind)
    else:
        found = "_".join(word for word in _NO_METRIC_CHARACTERS.split(name) if word)
    if rules.escape and found[:1].isdigit():
        found = "_" + found
    if not found or (rules.escape and found != name and not found.strip("_")):
        raise InvalidName(f'the metric name "{name}" leaves no valid name')
    return found


def label_name(name: str, rules: Translation) -> str:
    """The label's name. Raises InvalidName where nothing but underscores would be left."""
    if not rules.escape:
        found = name
    else:
        found = _NO_LABEL_CHARACTER.sub("_", name)
        if not rules.label_multiple_underscores:
            found = _UNDERSCORES.sub("_", found)
        if found[:1].isdigit():
            found = "key_" + found
        elif rules.label_underscore_key and found.startswith("_") and not found.startswith("__"):
            found = "key" + found
    if not found.strip("_"):
        raise InvalidName(f'the attribute name "{name}" leaves no valid label name')
    return found


def unit_name(unit: str, rules: Translation) -> str:
    """The unit in Prometheus' words: `By/s` is `bytes_per_second`; empty where there is none."""
    main, per = _unit_words(unit)
    if rules.escape:
        main, per = _clean_unit(main), _clean_unit(per)
    both = "_".join(word for word in (main, per) if word)
    return both.removeprefix("_").removesuffix("_")


def _normalized(name: str, unit: str, kind: Kind) -> str:
    words = [word for word in _BETWEEN_WORDS.split(name) if word]
    main, per = (_clean_unit(part) for part in _unit_words(unit))
    main = "" if main in words else main
    per = "" if per == "per_" else per.removesuffix("_")
    per = "" if per in words else per
    main = main.removesuffix("_") if per else main
    words += [part for part in (main, per) if part]
    if kind is Kind.COUNTER:
        words = [*(word for word in words if word != "total"), "total"]
    if unit == "1" and kind is Kind.GAUGE:
        words = [*(word for word in words if word != "ratio"), "ratio"]
    return "_".join(words)


def _suffixed(name: str, unit: str, kind: Kind) -> str:
    """Suffixes added to a name that stays as it is; one that stands there already is moved to its place."""
    main, per = _unit_words(unit)
    after = [per] if per else []
    if kind is Kind.COUNTER:
        after.append("total")
    if unit == "1" and kind is Kind.GAUGE:
        after.append("ratio")
    for suffix in reversed(after):
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            name = name[: -len(suffix) - 1]
    if main and not name.endswith(main):
        name = f"{name}_{main}"
    return "_".join([name, *after])


def _unit_words(unit: str) -> tuple[str, str]:
    """The words for what is measured and for «per what»; units in braces are none."""
    main, _, per = unit.partition("/")
    main, per = main.strip(), per.strip()
    main = "" if "{" in main or "}" in main else _UNITS.get(main, main)
    per = "" if "{" in per or "}" in per else _PER_UNITS.get(per, per)
    return main, "per_" + per if per else ""


def _clean_unit(unit: str) -> str:
    return _UNDERSCORES.sub("_", _NO_METRIC_CHARACTER.sub("_", unit)).removeprefix("_")
