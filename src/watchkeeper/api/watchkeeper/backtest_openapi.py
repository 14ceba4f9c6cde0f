"""Backtests, described for `/openapi.json`."""

from __future__ import annotations

from typing import Any

_TEXT, _NUMBER, _COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_TIME = {"type": "string", "format": "date-time"}
_LABELS = {"type": "object", "additionalProperties": _TEXT}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


BACKTEST: dict[str, Any] = {
    "summary": "Say when alerting rules would have fired",
    "operationId": "backtestRules",
    "description": "The rules are evaluated over the tenant's data in the given time. Nothing is written and nobody is "
    "told. One backtest is made at a time; whoever leaves breaks theirs off.",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BacktestOrder"}}},
    },
    "responses": {
        "200": {
            "description": "Every firing.",
            "content": {
                "application/json": {
                    "schema": _object(status={"const": "success"}, data={"$ref": "#/components/schemas/Backtest"})
                }
            },
        },
        "400": {"description": "The rule file or the order is wrong; the error says where.", "content": _FAILURE},
        "503": {"description": "The store is busy, or a query took too long.", "content": _FAILURE},
    },
}
_FIRING = _object(
    labels=_LABELS,
    annotations=_LABELS,
    pendingSince=_TIME,
    since=_TIME,
    until={"type": ["string", "null"], "format": "date-time", "description": "Null where it fires at the end."},
    value={**_TEXT, "description": "What the expression gave when it began to fire."},
    peak={**_TEXT, "description": "The most it gave (the least, where the rule fires below a threshold)."},
)
_SUGGESTION = {
    **_object(
        text=_TEXT,
        threshold={"type": ["number", "null"]},
        levels=_list(_object(threshold=_NUMBER, firings=_COUNT, perWeek=_NUMBER)),
    ),
    "type": ["object", "null"],
}
BACKTEST_SCHEMAS: dict[str, Any] = {
    "BacktestOrder": {
        **_object(
            rules={**_TEXT, "description": "The text of a rule file."},
            file={**_TEXT, "description": "Its name, for messages.", "default": "rules.yml"},
            rule={**_list(_TEXT), "description": "Only these alerting rules."},
            since={**_TEXT, "description": "RFC 3339, seconds since the epoch, or how long ago.", "default": "7d"},
            until={**_TEXT, "default": "now"},
            interval={**_TEXT, "description": "A duration; by default each group's own."},
            time_zone={**_TEXT, "description": "Where it is night from 22 to 7.", "default": "UTC"},
            flap_within={**_TEXT, "default": "10m"},
            target={**_TEXT, "description": "Suggest a threshold for so many firings.", "examples": ["1/week"]},
            limit={**_COUNT, "description": "List so many firings of a rule.", "default": 1000},
        ),
        "required": ["rules"],
    },
    "Backtest": _object(
        since=_TIME,
        until=_TIME,
        evaluations=_COUNT,
        rules=_list(
            _object(
                name=_TEXT,
                group=_TEXT,
                file=_TEXT,
                query=_TEXT,
                interval={**_NUMBER, "description": "Seconds."},
                duration={**_NUMBER, "description": "Seconds: the rule's `for`."},
                keepFiringFor={**_NUMBER, "description": "Seconds."},
                totals=_object(firings=_COUNT, firingSeconds=_NUMBER, perDay=_NUMBER, atNight=_COUNT, flaps=_COUNT),
                firings=_list(_FIRING),
                leftOut={**_COUNT, "description": "Firings beyond `limit`."},
                failures=_list(_object(error=_TEXT, evaluations=_COUNT)),
                suggestion=_SUGGESTION,
            )
        ),
    ),
}
