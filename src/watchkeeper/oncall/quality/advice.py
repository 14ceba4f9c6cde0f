"""What would make alerts better, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from watchkeeper.base.duration import format_duration
from watchkeeper.oncall.quality.figures import Figures, Measure

_OFTEN = 5
_URGENT = frozenset({"critical", "page", "emergency", "fatal", "p1", "sev1"})


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do about one rule; `kind` is a word for programs."""

    rule: str
    kind: str
    text: str


def advice(rules: Sequence[Figures], measure: Measure) -> list[Advice]:
    """What to do about the rules, in their order."""
    return [
        Advice(rule.name, kind, text)
        for rule in rules
        if rule.name
        for kind, look in _LOOKS.items()
        for text in look(rule, measure)
    ]


def _ignored(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.fired >= _OFTEN and not rule.acted and rule.notifications:
        yield f"fired {rule.fired} times, and nobody ever acted: raise the threshold, or delete it"


def _unheard(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.fired >= _OFTEN and not rule.notifications:
        yield f"fired {rule.fired} times, and nobody was told: route it to somebody, or delete it"


def _flapping(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.flaps >= 3 and rule.flaps * 5 >= rule.fired:
        within = format_duration(measure.flap_within_ms)
        yield f"fired again within {within} of its end {rule.flaps} times: add `for` or `keep_firing_for`"


def _brief(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.fired >= _OFTEN and rule.median_ms is not None and rule.median_ms < 300_000 and rule.acted * 2 < rule.fired:
        length = format_duration(max(rule.median_ms // 1000, 1) * 1000)
        yield f"half of its {rule.fired} firings were over within {length}: a longer `for` would wait them out"


def _nightly(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.at_night and rule.severities and not _URGENT & {one.lower() for one in rule.severities}:
        times = "once" if rule.at_night == 1 else f"{rule.at_night} times"
        severity = " and ".join(rule.severities)
        yield f"told people {times} at night, at severity {severity}: let it wait for the morning, or make it urgent"


def _late(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.due >= 4 and rule.in_time * 2 < rule.due:
        yield (
            f"only {rule.in_time} of {rule.due} firings were acted on within the target of its severity: "
            "lower the severity, or put more people on call"
        )


def _repeated(rule: Figures, measure: Measure) -> Iterator[str]:
    if rule.notifications > 20 and rule.notifications > 5 * rule.fired:
        firings = "1 firing" if rule.fired == 1 else f"{rule.fired} firings"
        yield f"was told {rule.notifications} times for {firings}: a longer `repeat_interval` would do"


_LOOKS: dict[str, Callable[[Figures, Measure], Iterator[str]]] = {
    "ignored": _ignored,
    "unheard": _unheard,
    "flapping": _flapping,
    "brief": _brief,
    "night": _nightly,
    "late": _late,
    "repeated": _repeated,
}
