"""A backtest's answer as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from watchkeeper.base.duration import format_duration
from watchkeeper.rules.backtest import would_have_fired


def lines(answer: Mapping[str, Any], zone: tzinfo, flap_within: str) -> list[str]:
    """The whole answer, with times in a zone."""
    head = f"from {_time(answer['since'], zone)} to {_time(answer['until'], zone)} {zone}"
    found = [f"{head}, {answer['evaluations']} evaluations"]
    for rule in answer["rules"]:
        found += ["", *_rule(rule, zone, flap_within)]
    return found


def _rule(rule: Mapping[str, Any], zone: tzinfo, flap_within: str) -> Iterator[str]:
    totals = rule["totals"]
    yield f"{rule['name']} (group {rule['group']}): {would_have_fired(totals['firings'])}"
    yield f"  {rule['query']}"
    if totals["firings"]:
        firing = format_duration(round(totals["firingSeconds"]) * 1000)
        yield (
            f"  {totals['perDay']:g} a day; {firing} in all; {totals['atNight']} at night; "
            f"{totals['flaps']} within {flap_within} after an end"
        )
    for one in rule["firings"]:
        yield from _firing(one, zone)
    if rule["leftOut"]:
        yield f"  … and {rule['leftOut']} more (--limit)"
    for one in rule["failures"]:
        yield f"  {one['evaluations']} evaluations would have failed: {one['error']}"
    if rule["suggestion"] is not None:
        yield from _suggestion(rule["suggestion"])


def _firing(one: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    end = _time(one["until"], zone) if one["until"] else "the end, and on"
    labels = ", ".join(f'{name}="{value}"' for name, value in one["labels"].items() if name != "alertname")
    pending = "" if one["pendingSince"] == one["since"] else f", pending since {_time(one['pendingSince'], zone)}"
    yield f"  {_time(one['since'], zone)} to {end}{pending}, peak {float(one['peak']):g}  {{{labels}}}"
    summary = one["annotations"].get("summary") or one["annotations"].get("description")
    if summary:
        yield f"    {summary.splitlines()[0]}"


def _suggestion(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"  threshold: {one['text']}"
    for level in one["levels"]:
        yield f"    at {level['threshold']:g}: {level['firings']}, {level['perWeek']:g} a week"


def _time(text: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M:%S}"
