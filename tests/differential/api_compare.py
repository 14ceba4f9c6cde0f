"""Two answers of Prometheus' query API, held against each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

TOLERANCE = 1e-9
_ORDERED = ("sort", "topk", "bottomk")


def difference(query: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """What is different, in words; empty where nothing is."""
    if ours["status"] != theirs["status"]:
        return f"we: {ours.get('error', 'success')} | Prometheus: {theirs.get('error', 'success')}"
    if theirs["status"] == "error":
        return _refusals(ours, theirs)
    a, b = ours["data"], theirs["data"]
    if a["resultType"] != b["resultType"]:
        return f"{a['resultType']} instead of {b['resultType']}"
    if b["resultType"] in ("scalar", "string"):
        return "" if _same(a["result"], b["result"]) else f"{a['result']} instead of {b['result']}"
    return _rows(query, a, b) or _remarks(ours, theirs)


def _refusals(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    # Which two of several series a many-to-many failure names is left to chance.
    chance = "many-to-many matching not allowed" in theirs["error"]
    if chance and "many-to-many matching not allowed" in ours["error"]:
        return ""
    a, b = (ours["errorType"], ours["error"]), (theirs["errorType"], theirs["error"])
    return "" if a == b else f"{a} instead of {b}"


def _rows(query: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    a, b = _by_labels(ours["result"]), _by_labels(theirs["result"])
    if a.keys() != b.keys():
        return f"only ours: {sorted(a.keys() - b.keys())[:2]}, only theirs: {sorted(b.keys() - a.keys())[:2]}"
    ordered = (theirs["resultType"] == "matrix" and not query.endswith("]")) or query.startswith(_ORDERED)
    if ordered and _order(ours["result"]) != _order(theirs["result"]):
        return f"in another order: {_order(ours['result'])[:3]} instead of {_order(theirs['result'])[:3]}"
    for labels, points in b.items():
        if not _same(a[labels], points):
            return f"{labels}: {_first(a[labels], points)}"
    return ""


def _by_labels(rows: Any) -> dict[tuple[tuple[str, str], ...], Any]:
    return {tuple(sorted(row["metric"].items())): {k: v for k, v in row.items() if k != "metric"} for row in rows}


def _order(rows: Any) -> list[Any]:
    """The series in their order; of a sorted vector only the values, since equal ones come in any order."""
    if rows and "value" in rows[0]:
        return [row["value"][1] for row in rows if "value" in row]
    return [tuple(sorted(row["metric"].items())) for row in rows]


def _first(a: Any, b: Any) -> str:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        key = next(key for key in b if not _same(a[key], b[key]))
        return f"{key}: {_first(a[key], b[key])}"
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        at = next(i for i in range(len(b)) if not _same(a[i], b[i]))
        return _first(a[at], b[at]) + f" (number {at} of {str(b)[:60]})"
    return f"{str(a)[:200]} instead of {str(b)[:200]}"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if a == b:
        return True
    try:
        return _close(float(a), float(b))
    except (TypeError, ValueError):
        return False


def _close(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b)) or abs(a - b) < 1e-12


def _remarks(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    for kind in ("warnings", "infos"):
        a, b = sorted(ours.get(kind, [])), sorted(theirs.get(kind, []))
        if a != b and len(b) <= 10:
            return f"{kind} {a} instead of {b}"
    return ""
