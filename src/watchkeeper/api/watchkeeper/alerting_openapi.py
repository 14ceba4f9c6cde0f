"""Our own API about alerts, described."""

from __future__ import annotations

from typing import Any

from watchkeeper.api.tenant import HEADER

_TEXT = {"type": "string"}
_TENANT = {"name": HEADER, "in": "header", "schema": {"type": "string", "default": "default"}}
_NAME = {"name": "name", "in": "path", "required": True, "schema": _TEXT}
_ACTOR = {
    "name": "actor",
    "in": "query",
    "schema": _TEXT,
    "description": "Who does it, for the journal; whoever has logged in is known without.",
}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
_REFUSED = {"description": "What cannot be meant, each problem on a line.", "content": _FAILURE}
_UNKNOWN = {"description": "There is none of this name.", "content": _FAILURE}
_OF_A_FILE = {"description": "The name is taken, or belongs to a file and is changed there.", "content": _FAILURE}
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecurringSilence"}}},
}


def _answer(description: str, data: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"status": {"const": "success"}, "data": data}}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_ONE = _answer("The recurring silence.", {"$ref": "#/components/schemas/RecurringSilence"})
PATHS: dict[str, Any] = {
    "/recurring-silences": {
        "get": {
            "summary": "All recurring silences, by name",
            "operationId": "recurringSilences",
            "parameters": [_TENANT],
            "responses": {"200": _answer("All.", _list({"$ref": "#/components/schemas/RecurringSilence"}))},
        },
        "post": {
            "summary": "Make a recurring silence",
            "operationId": "makeRecurringSilence",
            "parameters": [_TENANT, _ACTOR],
            "requestBody": _BODY,
            "responses": {"200": _ONE, "400": _REFUSED, "409": _OF_A_FILE},
        },
    },
    "/recurring-silences/{name}": {
        "get": {
            "summary": "One recurring silence",
            "operationId": "recurringSilence",
            "parameters": [_NAME, _TENANT],
            "responses": {"200": _ONE, "404": _UNKNOWN},
        },
        "put": {
            "summary": "Change a recurring silence; what was planned by the old one ends",
            "operationId": "changeRecurringSilence",
            "parameters": [_NAME, _TENANT, _ACTOR],
            "requestBody": _BODY,
            "responses": {"200": _ONE, "400": _REFUSED, "404": _UNKNOWN, "409": _OF_A_FILE},
        },
        "delete": {
            "summary": "Delete a recurring silence; what was planned by it ends",
            "operationId": "deleteRecurringSilence",
            "parameters": [_NAME, _TENANT, _ACTOR],
            "responses": {"204": {"description": "It is gone."}, "404": _UNKNOWN, "409": _OF_A_FILE},
        },
    },
    "/recurring-silences/{name}/occurrences": {
        "get": {
            "summary": "When it mutes now and next",
            "operationId": "occurrences",
            "parameters": [
                _NAME,
                _TENANT,
                {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
            ],
            "responses": {
                "200": _answer(
                    "The silences, whose ids are those in Alertmanager's API.",
                    _list({"type": "object", "properties": {"silence": _TEXT, "startsAt": _TEXT, "endsAt": _TEXT}}),
                ),
                "400": _REFUSED,
                "404": _UNKNOWN,
            },
        }
    },
    "/severities": {
        "get": {
            "summary": "The severities that are configured, the gravest first",
            "operationId": "severities",
            "responses": {"200": _answer("All.", {"$ref": "#/components/schemas/Severities"})},
        }
    },
}
SCHEMAS: dict[str, Any] = {
    "Severities": {
        "type": "object",
        "properties": {
            "label": {**_TEXT, "description": "The label whose values these are."},
            "levels": _list(
                {
                    "type": "object",
                    "properties": {
                        "name": _TEXT,
                        "aliases": _list(_TEXT),
                        "respond_within": {
                            "type": ["string", "null"],
                            "description": "A duration, `next_business_day`, or nothing.",
                        },
                        "hours": {"enum": ["always", "business"]},
                        "color": _TEXT,
                    },
                }
            ),
            "business_hours": {
                "type": "object",
                "properties": {"time_zone": _TEXT, "days": _list(_TEXT), "from": _TEXT, "to": _TEXT},
            },
        },
    },
    "RecurringSilence": {
        "type": "object",
        "required": ["name", "matchers", "duration"],
        "properties": {
            "name": _TEXT,
            "matchers": {**_list(_TEXT), "description": 'As in files: `team="x"`.'},
            "cron": {**_TEXT, "description": "Five fields; either this or `rrule`."},
            "rrule": {**_TEXT, "description": "A recurrence rule of RFC 5545, which counts from `start`."},
            "start": {**_TEXT, "description": "The wall clock's date and time, without an offset."},
            "duration": {**_TEXT, "description": "Such as `2h`."},
            "time_zone": {**_TEXT, "default": "UTC"},
            "created_by": _TEXT,
            "comment": _TEXT,
            "source": {"enum": ["file", "api"], "readOnly": True},
        },
    },
}
