"""History and explanations, described."""

from __future__ import annotations

from typing import Any

from watchkeeper.api.tenant import HEADER
from watchkeeper.api.watchkeeper.history.asking import DEFAULT_LIMIT, MOST
from watchkeeper.journal import Kind

_TEXT: dict[str, Any] = {"type": "string"}
_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_LABELS: dict[str, Any] = {"type": "object", "additionalProperties": _TEXT}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, _TEXT)


def _success(data: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": _object({"status": {"const": "success"}, "data": data})}}


def _query(name: str, about: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or _TEXT, "description": about}


_TENANT: dict[str, Any] = {"name": HEADER, "in": "header", "schema": {"type": "string", "default": "default"}}
_BAD: dict[str, Any] = {
    "description": "A parameter or the body is wrong.",
    "content": {"application/json": {"schema": _ref("Failure")}},
}
_CONDITIONS: list[dict[str, Any]] = [
    _query("alert", "About the alert with this fingerprint."),
    _query("receiver", "About this receiver."),
    _query("group", "About the group of this key."),
    _query("kind", "Of this kind, or of all kinds of an object (`alert`); several by commas or repeated."),
    _query("text", "With this text, in any case."),
    _query("actor", "Done by this person."),
    _query("incident", "About this incident."),
    _query("since", "Not before: RFC 3339, seconds since 1970, or how long ago (`24h`)."),
    _query("until", "Before: in the same forms."),
]
_PAGING: list[dict[str, Any]] = [
    _query("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}),
    _query("before", "Only entries recorded before the one with this id: the next page."),
    _query("after", "Only entries recorded after the one with this id: what is new."),
]
_STORY: dict[str, Any] = {
    "200": {
        "description": "The explanation; as text where Accept names text/plain and no JSON.",
        "content": {**_success(_ref("Explanation")), "text/plain": {"schema": _TEXT}},
    },
    "400": _BAD,
}

HISTORY_SCHEMAS: dict[str, Any] = {
    "JournalEntry": _object(
        {
            "id": _TEXT,
            "time": {"type": "string", "format": "date-time"},
            "kind": {"type": "string", "enum": [kind.value for kind in Kind]},
            **_texts("text", "actor"),
            "alerts": _list(_TEXT),
            **_texts("groupKey", "receiver", "integration", "incident"),
            "details": {"type": "object"},
        }
    ),
    "Explanation": _object(
        {
            "summary": _TEXT,
            "alert": {
                "type": "object",
                "required": ["fingerprint", "labels", "state"],
                "properties": {
                    "fingerprint": _TEXT,
                    "labels": _LABELS,
                    "state": {"enum": ["firing", "resolved", "unknown"]},
                    "startsAt": _TIME,
                    "endsAt": _TIME,
                    "annotations": _LABELS,
                },
            },
            "receivers": _list(_TEXT),
            "routes": _list(_ref("RouteStep")),
            "silences": _list(_object(_texts("id", "matchers", "createdBy", "comment", "startsAt", "endsAt"))),
            "inhibition": {
                "oneOf": [{"type": "null"}, _object({"labels": _LABELS, **_texts("fingerprint", "rule", "why")})]
            },
            "groups": _list(_ref("ExplainedGroup")),
            "history": _list(_ref("JournalEntry")),
        }
    ),
    "RouteStep": _object(
        {
            "depth": {"type": "integer"},
            **_texts("matchers", "receiver", "why"),
            "continue": {"type": "boolean"},
            "verdict": {"enum": ["taken", "passed on", "refused", "not reached"]},
        }
    ),
    "ExplainedGroup": _object(
        {
            **_texts("receiver", "groupKey"),
            "groupLabels": _LABELS,
            "exists": {"type": "boolean"},
            "nextFlushAt": _TIME,
            **_texts("groupWait", "groupInterval", "repeatInterval", "times"),
            "heldBackBy": _list(_TEXT),
            "timeIntervals": _list(
                _object({"name": _TEXT, "kind": {"enum": ["mute", "active"]}, "zones": _list(_TEXT), "until": _TIME})
            ),
            "integrations": _list(
                _object(
                    {
                        **_texts("name", "knows", "state", "detail", "next", "why"),
                        "changedAt": _TIME,
                        "toldAt": _TIME,
                    }
                )
            ),
        }
    ),
}
HISTORY_PATHS: dict[str, Any] = {
    "/journal": {
        "get": {
            "summary": "Search what happened, newest first",
            "operationId": "journal",
            "parameters": [*_CONDITIONS, *_PAGING, _TENANT],
            "responses": {
                "200": {
                    "description": "A page of entries; `before` asks for the next one, null at the end.",
                    "content": _success(
                        _object({"entries": _list(_ref("JournalEntry")), "before": {"type": ["string", "null"]}})
                    ),
                },
                "400": _BAD,
            },
        }
    },
    "/journal/export": {
        "get": {
            "summary": "Everything that a search finds, newest first, as a stream",
            "operationId": "exportJournal",
            "parameters": [
                *_CONDITIONS,
                _query("format", "Lines of JSON, or CSV.", {"enum": ["ndjson", "csv"], "default": "ndjson"}),
                _TENANT,
            ],
            "responses": {
                "200": {
                    "description": "One entry a line.",
                    "content": {"application/x-ndjson": {"schema": _TEXT}, "text/csv": {"schema": _TEXT}},
                },
                "400": _BAD,
            },
        }
    },
    "/alerts/{fingerprint}/why": {
        "get": {
            "summary": "Why people are told of an alert, or not",
            "operationId": "whyAlert",
            "parameters": [{"name": "fingerprint", "in": "path", "required": True, "schema": _TEXT}, _TENANT],
            "responses": {
                **_STORY,
                "404": {"description": "No such alert is held or remembered.", "content": _BAD["content"]},
            },
        }
    },
    "/routes/test": {
        "post": {
            "summary": "Whom an alert with these labels would reach, and why; it need not exist",
            "operationId": "testRoutes",
            "parameters": [_TENANT],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _object({"labels": _LABELS})}},
            },
            "responses": _STORY,
        }
    },
}
