"""A history as JSON can hold it: times in RFC 3339, durations in seconds, values as Prometheus writes them."""

from __future__ import annotations

from typing import Any

from watchkeeper.base.instant import rfc3339
from watchkeeper.rules.backtest.backtest import History, RuleHistory
from watchkeeper.rules.backtest.firing import Firing
from watchkeeper.rules.backtest.suggestion import Suggestion
from watchkeeper.rules.number_text import exponent_text


def as_json(history: History, limit: int) -> dict[str, Any]:
    """The whole answer, with the first `limit` firings of each rule."""
    question = history.question
    return {
        "since": rfc3339(question.since),
        "until": rfc3339(question.until),
        "evaluations": history.evaluations,
        "rules": [_rule(one, limit) for one in history.rules],
    }


def _rule(one: RuleHistory, limit: int) -> dict[str, Any]:
    totals = one.totals
    return {
        "name": one.rule.name,
        "group": one.group.name,
        "file": one.group.file,
        "query": one.rule.query,
        "interval": one.group.interval_ms / 1000,
        "duration": one.rule.hold_ms / 1000,
        "keepFiringFor": one.rule.keep_firing_ms / 1000,
        "totals": {
            "firings": totals.firings,
            "firingSeconds": totals.firing_ms / 1000,
            "perDay": round(totals.per_day, 3),
            "atNight": totals.at_night,
            "flaps": totals.flaps,
        },
        "firings": [_firing(firing) for firing in one.firings[:limit]],
        "leftOut": max(len(one.firings) - limit, 0),
        "failures": [{"error": why, "evaluations": count} for why, count in one.failures.items()],
        "suggestion": None if one.suggestion is None else _suggestion(one.suggestion),
    }


def _firing(one: Firing) -> dict[str, Any]:
    return {
        "labels": dict(one.labels),
        "annotations": dict(one.annotations),
        "pendingSince": rfc3339(one.pending_since),
        "since": rfc3339(one.since),
        "until": None if one.until is None else rfc3339(one.until),
        "value": exponent_text(one.value),
        "peak": exponent_text(one.peak),
    }


def _suggestion(one: Suggestion) -> dict[str, Any]:
    return {
        "text": one.text,
        "threshold": one.threshold,
        "levels": [
            {"threshold": level.threshold, "firings": level.firings, "perWeek": round(level.per_week, 3)}
            for level in one.levels
        ],
    }
