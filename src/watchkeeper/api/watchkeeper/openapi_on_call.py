"""The part of the OpenAPI document that is about schedules and escalations."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _success(data: Any, description: str) -> dict[str, Any]:
    schema = _object(("status", "data"), status={"const": "success"}, data=data)
    return {
        "200": {"description": description, "content": {"application/json": {"schema": schema}}},
        "400": {"description": "What was asked for is not right; `error` says why.", "content": _FAILURE},
        "404": {"description": "There is nothing of that name.", "content": _FAILURE},
    }


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": _TEXT, "description": description}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _body(schema: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


_INSTANT = "Seconds since the epoch, or ISO 8601 with an offset."
_TIME = {"type": "string", "format": "date-time"}
_TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_PEOPLE = _list(_object(name=_TEXT, display_name=_TEXT))
_SUMMARY: dict[str, Any] = {
    "name": _TEXT,
    "time_zone": _TEXT,
    "on_call": _PEOPLE,
    "next_gap": _TIME_OR_NULL,
    "calendar": {
        "oneOf": [_object(read_at=_TIME_OR_NULL, failure=_TEXT, unknown_names=_list(_TEXT)), {"type": "null"}],
        "description": "The calendar of another program that it lives by; `failure` where a copy could not be had.",
    },
}
_OVERRIDE = _object(
    id=_TEXT,
    person=_TEXT,
    replaces=_TEXT,
    start=_TIME,
    end=_TIME,
    created_by=_TEXT,
    comment=_TEXT,
    read_only={"type": "boolean"},
)
_ESCALATION = _object(
    id=_TEXT,
    policy=_TEXT,
    state={"enum": ["escalating", "exhausted", "acknowledged", "resolved"]},
    group_key=_TEXT,
    group_labels={"type": "object", "additionalProperties": _TEXT},
    alerts=_list(_object(fingerprint=_TEXT, labels={"type": "object", "additionalProperties": _TEXT})),
    begun_at=_TIME,
    steps_told={"type": "integer"},
    next_step_at=_TIME_OR_NULL,
    waiting=_list(_object(receiver=_TEXT, at=_TIME)),
    told=_list(_TEXT),
    assigned=_TEXT,
    acknowledged_by=_TEXT,
)


def _deed(name: str, summary: str, *required: str) -> dict[str, Any]:
    properties = {"actor": {**_TEXT, "description": "Who does it, for the journal."}}
    if "target" in required:
        properties["target"] = {**_TEXT, "description": "person:NAME, team:NAME, lead-of:NAME or schedule:NAME"}
    return {
        "post": {
            "summary": summary,
            "operationId": f"{name}Escalation",
            "parameters": [_path("id")],
            "requestBody": _body(_object(required, **properties), required=bool(required)),
            "responses": _success(_ESCALATION, "What it has become."),
        }
    }


PATHS: dict[str, Any] = {
    "/oncall": {
        "get": {
            "summary": "Who is on call by each schedule",
            "operationId": "onCall",
            "parameters": [_query("at", f"When; now where it is left out. {_INSTANT}")],
            "responses": _success(
                _object(at=_TIME, schedules=_list(_object(name=_TEXT, people=_PEOPLE, until=_TIME_OR_NULL))),
                "Nobody is on call where `people` is empty; `until` is null where two weeks bring no change.",
            ),
        }
    },
    "/schedules": {
        "get": {
            "summary": "Every schedule",
            "operationId": "schedules",
            "responses": _success(_list(_object((), **_SUMMARY)), "Who is on call, and when nobody is next."),
        }
    },
    "/schedules/{name}": {
        "get": {
            "summary": "The final shifts of a schedule, its gaps and overrides",
            "operationId": "schedule",
            "parameters": [
                _path("name"),
                _query("since", f"The begin; now where it is left out. {_INSTANT}"),
                _query("until", f"The end; two weeks later where it is left out, 400 days at the most. {_INSTANT}"),
            ],
            "responses": _success(
                _object(
                    (),
                    **_SUMMARY,
                    shifts=_list(_object(start=_TIME, end=_TIME, people=_list(_TEXT))),
                    gaps=_list(_object(start=_TIME, end=_TIME)),
                    overrides=_list(_OVERRIDE),
                    calendar_url=_TEXT,
                ),
                "Shifts and gaps fill the window; `calendar_url` is for calendar apps.",
            ),
        }
    },
    "/schedules/{name}.ics": {
        "get": {
            "summary": "A schedule as a calendar",
            "operationId": "calendar",
            "parameters": [_path("name"), {**_query("token", "As in `calendar_url`."), "required": True}],
            "responses": {
                "200": {
                    "description": "The shifts of the last 30 and the next 90 days.",
                    "content": {"text/calendar": {"schema": _TEXT}},
                },
                "403": {"description": "The token is not good for this schedule."},
            },
        }
    },
    "/schedules/{name}/overrides": {
        "post": {
            "summary": "Put somebody else on call for a while",
            "operationId": "makeOverride",
            "description": "With `replaces`, only the shifts of that person are taken over: two of them are a swap.",
            "parameters": [_path("name")],
            "requestBody": _body(
                _object(
                    ("person", "start", "end"),
                    person=_TEXT,
                    start={**_TEXT, "description": _INSTANT},
                    end={**_TEXT, "description": _INSTANT},
                    replaces=_TEXT,
                    created_by=_TEXT,
                    comment=_TEXT,
                )
            ),
            "responses": _success(_OVERRIDE, "The override, with its id."),
        }
    },
    "/schedules/{name}/swaps": {
        "post": {
            "summary": "Let two people take over each other's shifts",
            "operationId": "makeSwap",
            "description": "`b` takes the shifts of `a` from `a_start` to `a_end`, and `a` those of `b` from `b_start` "
            "to `b_end`: two overrides, both of which are made or neither.",
            "parameters": [_path("name")],
            "requestBody": _body(
                _object(
                    ("a", "a_start", "a_end", "b", "b_start", "b_end"),
                    a=_TEXT,
                    a_start={**_TEXT, "description": _INSTANT},
                    a_end={**_TEXT, "description": _INSTANT},
                    b=_TEXT,
                    b_start={**_TEXT, "description": _INSTANT},
                    b_end={**_TEXT, "description": _INSTANT},
                    by={**_TEXT, "description": "Who does it, for the journal."},
                    comment=_TEXT,
                )
            ),
            "responses": _success(_list(_OVERRIDE), "Both overrides, with their ids."),
        }
    },
    "/schedules/{name}/overrides/{id}": {
        "delete": {
            "summary": "Take back an override that was made here",
            "operationId": "withdrawOverride",
            "parameters": [_path("name"), _path("id"), _query("actor", "Who does it, for the journal.")],
            "responses": _success({"type": "object"}, "It is gone."),
        }
    },
    "/escalations": {
        "get": {
            "summary": "The escalations under way",
            "operationId": "escalations",
            "responses": _success(_list(_ESCALATION), "The oldest first."),
        }
    },
    "/escalations/{id}/acknowledge": _deed("acknowledge", "Stop an escalation: somebody has the alerts in hand"),
    "/escalations/{id}/release": _deed("release", "Let an acknowledged escalation go on"),
    "/escalations/{id}/assign": _deed("assign", "Hand an escalation over", "target"),
    "/escalations/{id}/resolve": _deed("resolve", "End an escalation, and tell those who were told"),
    "/people/{name}/test": {
        "post": {
            "summary": "Send somebody a test notification by each contact",
            "operationId": "testPerson",
            "parameters": [_path("name")],
            "responses": _success(
                _list(_object(contact=_TEXT, integration=_TEXT, sent={"type": "boolean"}, error=_TEXT)),
                "What became of each.",
            ),
        }
    },
}
