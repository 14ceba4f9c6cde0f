"""The figures of alerts, described for `/openapi.json`."""

from __future__ import annotations

from typing import Any

_TEXT, _NUMBER, _COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_SECONDS: dict[str, Any] = {"type": ["number", "null"]}
_TIME = {"type": "string", "format": "date-time"}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
_FIGURES: dict[str, Any] = {"$ref": "#/components/schemas/AlertFigures"}


def _parameter(name: str, default: str, description: str, *choices: str) -> dict[str, Any]:
    schema: dict[str, Any] = {**_TEXT, "default": default} | ({"enum": list(choices)} if choices else {})
    return {"name": name, "in": "query", "schema": schema, "description": description}


_PARAMETERS = [
    _parameter("since", "7d", "RFC 3339, seconds since the epoch, or how long ago."),
    _parameter("until", "now", "In the same form."),
    _parameter("time_zone", "", "Where it is night from 22 to 7; by default the zone of the business hours."),
    _parameter("flap_within", "10m", "A firing so soon after an end is a flap."),
]


def _answer(description: str, data: dict[str, Any], other: str) -> dict[str, Any]:
    body = {"type": "object", "properties": {"status": {"const": "success"}, "data": data}}
    content = {"application/json": {"schema": body}, other: {"schema": _TEXT}}
    return {
        "200": {"description": description, "content": content},
        "400": {"description": "A parameter is wrong.", "content": _FAILURE},
    }


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


_LIST = {"type": "array", "items": _FIGURES}
QUALITY: dict[str, Any] = {
    "summary": "Figures of alerts by rule or team",
    "operationId": "alertQuality",
    "parameters": [
        *_PARAMETERS,
        _parameter("by", "rule", "What the figures are about.", "rule", "team"),
        _parameter("format", "json", "JSON or CSV.", "json", "csv"),
    ],
    "responses": _answer(
        "The one that fired most first.", _object(since=_TIME, until=_TIME, figures=_LIST), "text/csv"
    ),
}
REVIEW: dict[str, Any] = {
    "summary": "A time in review, with what to do about it",
    "operationId": "alertReview",
    "parameters": [*_PARAMETERS, _parameter("format", "json", "JSON or Markdown.", "json", "markdown")],
    "responses": _answer(
        "All figures, and suggestions with their reasons.",
        _object(
            since=_TIME,
            until=_TIME,
            total=_FIGURES,
            rules=_LIST,
            teams=_LIST,
            suggestions={"type": "array", "items": _object(rule=_TEXT, kind=_TEXT, text=_TEXT)},
        ),
        "text/markdown",
    ),
}
QUALITY_SCHEMAS: dict[str, Any] = {
    "AlertFigures": _object(
        name={**_TEXT, "description": "Empty for alerts without the label."},
        fired=_COUNT,
        firingNow=_COUNT,
        perWeek=_NUMBER,
        medianSeconds={**_SECONDS, "description": "Of firings that have ended."},
        p90Seconds=_SECONDS,
        acted={**_COUNT, "description": "Firings that somebody acknowledged or silenced."},
        acknowledged=_COUNT,
        silenced=_COUNT,
        medianSecondsToAct=_SECONDS,
        due={**_COUNT, "description": "Firings that lasted until their severity's target, or were acted on."},
        inTime={**_COUNT, "description": "Those of them that were acted on within the target."},
        atNight={**_COUNT, "description": "Firings that people were told of at night."},
        flaps=_COUNT,
        notifications=_COUNT,
        severities={"type": "array", "items": _TEXT},
        teams={"type": "array", "items": _TEXT},
    )
}
