"""Figures as JSON and CSV hold them: durations in seconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from watchkeeper.base.instant import rfc3339
from watchkeeper.oncall.quality.figures import Figures
from watchkeeper.oncall.quality.review import Review


def figures_json(review: Review, some: Sequence[Figures]) -> dict[str, Any]:
    """Some of a review's figures, with its time."""
    return {**_time(review), "figures": [_figures(one) for one in some]}


def review_json(review: Review) -> dict[str, Any]:
    """The whole review."""
    return {
        **_time(review),
        "total": _figures(review.total),
        "rules": [_figures(one) for one in review.rules],
        "teams": [_figures(one) for one in review.teams],
        "suggestions": [{"rule": one.rule, "kind": one.kind, "text": one.text} for one in review.advice],
    }


def figures_csv(some: Sequence[Figures]) -> str:
    """A line a rule or team, below the names of the columns."""
    rows = [_figures(one) for one in some] or [_figures(_NOTHING)]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows if some else []:
        writer.writerow({name: " ".join(value) if isinstance(value, list) else value for name, value in row.items()})
    return out.getvalue()


def _time(review: Review) -> dict[str, Any]:
    return {"since": rfc3339(review.measure.since), "until": rfc3339(review.measure.until)}


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "name": one.name,
        "fired": one.fired,
        "firingNow": one.firing_now,
        "perWeek": round(one.per_week, 3),
        "medianSeconds": _seconds(one.median_ms),
        "p90Seconds": _seconds(one.p90_ms),
        "acted": one.acted,
        "acknowledged": one.acknowledged,
        "silenced": one.silenced,
        "medianSecondsToAct": _seconds(one.median_to_act_ms),
        "due": one.due,
        "inTime": one.in_time,
        "atNight": one.at_night,
        "flaps": one.flaps,
        "notifications": one.notifications,
        "severities": list(one.severities),
        "teams": list(one.teams),
    }


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


_NOTHING = Figures("", 0, 0, 0.0, None, None, 0, 0, 0, None, 0, 0, 0, 0, 0)
