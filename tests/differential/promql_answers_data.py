"""Series for comparing answers: counters that reset and pause, gauges with NaN and infinities, classic histograms."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

START_S = 1_700_000_000
STEP_S = 15
COUNT = 480


@dataclass
class Sampled:
    """One series: a value every 15 s, None where there is none."""

    name: str
    labels: dict[str, str]
    values: list[float | None] = field(default_factory=list)


def series() -> list[Sampled]:
    """All of them, the same at every call."""
    dice = random.Random(7)
    made = [Sampled("single", {}, [float(i) for i in range(COUNT)])]
    for job in ("api", "web"):
        for instance in range(3):
            about = {"job": job, "instance": f"i{instance}"}
            made.extend(_counters(dice, about, instance))
            made.append(Sampled("memory_bytes", about, _odd([dice.gauss(50, 20) for _ in range(COUNT)], instance)))
            zone = {"zone": "a" if instance else "b"}
            wave = [20 + 10 * dice.random() * (-1) ** i for i in range(COUNT)]
            made.append(Sampled("temperature", about | zone, wave))
            up = [float((i // 40 + instance) % 3 > 0) for i in range(COUNT)]
            made.append(Sampled("up", about, up))
            made.append(Sampled("target_info", about | {"version": f"v{instance}"}, [1.0] * COUNT))
            made.extend(_buckets(about, instance))
    return sorted(made, key=lambda each: (each.name, sorted(each.labels.items())))


def _counters(dice: random.Random, about: dict[str, str], instance: int) -> Iterator[Sampled]:
    for code in ("200", "404", "500"):
        total, values = 0.0, list[float | None]()
        for _ in range(COUNT):
            if dice.random() < 0.01:
                total = 0.0
            total += dice.choice([0, 0, 1, 2, 5, 0.5]) * (1 + instance)
            values.append(total if dice.random() > 0.03 else None)
        if instance == 2:
            values = [None] * 100 + values[100:300] + [None] * 180
        yield Sampled("http_requests_total", about | {"code": code}, values)


def _odd(values: list[float], instance: int) -> list[float | None]:
    if instance != 1:
        return list(values)
    odd: list[float | None] = list(values)
    odd[50:60] = [float("nan")] * 10
    odd[70], odd[90] = float("inf"), float("-inf")
    return odd


def _buckets(about: dict[str, str], instance: int) -> Iterator[Sampled]:
    for le, share in (("0.1", 1), ("0.5", 3), ("1", 4), ("5", 7), ("+Inf", 8)):
        total, values = 0.0, list[float | None]()
        for i in range(COUNT):
            total += share * ((i * 7 + instance) % 5)
            values.append(total)
        yield Sampled("latency_seconds_bucket", about | {"le": le}, values)


def openmetrics(made: list[Sampled]) -> str:
    """The series as a backfill file."""
    lines: list[str] = []
    known = ""
    for each in made:
        if each.name != known:
            known = each.name
            lines.append(f"# TYPE {known} unknown")
        labels = ",".join(f'{name}="{value}"' for name, value in each.labels.items())
        for i, value in enumerate(each.values):
            if value is not None:
                lines.append(f"{each.name}{{{labels}}} {_text(value)} {START_S + i * STEP_S}")
    return "\n".join([*lines, "# EOF\n"])


def _text(value: float) -> str:
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(repr(value), repr(value))
