"""Incidents, runbooks and deployments in the description of our own API."""

from __future__ import annotations

from typing import Any

from watchkeeper.api.tenant import HEADER

_TENANT = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "default": "default"},
    "description": "Whose incidents they are.",
}
_STATUSES = ["triggered", "acknowledged", "mitigated", "resolved"]
_TEXT: dict[str, Any] = {"type": "string"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_SECONDS: dict[str, Any] = {"type": ["number", "null"]}
_BY = {"type": "string", "description": "Who does it. A login says it better, and then this is ignored."}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    found = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_CHANGEABLE: dict[str, Any] = {
    "title": _TEXT,
    "status": {"type": "string", "enum": _STATUSES},
    "severity": _TEXT,
    "service": _TEXT,
    "team": _TEXT,
    "assignee": _TEXT,
    "roles": _object({"commander": _TEXT, "communications": _TEXT, "scribe": _TEXT}),
    "summary": {"type": "string", "description": "Markdown, for the post-mortem."},
    "impact": {"type": "string", "description": "Markdown, for the post-mortem."},
    "runbook": {"type": "string", "description": "The name of a runbook."},
    "resolveAutomatically": {"type": "boolean", "description": "It is resolved once all its alerts have ended."},
    "labels": {"type": "object", "additionalProperties": _TEXT},
    "links": _list(_object({"url": {"type": "string", "format": "uri"}, "title": _TEXT}, "url")),
    "actionItems": _list(_object({"text": _TEXT, "owner": _TEXT, "done": _FLAG, "url": _TEXT}, "text")),
}
_ALERT = _object(
    {
        "fingerprint": _TEXT,
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "startsAt": _TIME,
        "endsAt": {**_TIME, "description": "null while it fires."},
    }
)
_STEP = {"number": {"type": "integer"}, "text": _TEXT, "section": _TEXT}
_DEPLOYMENT = {
    "service": _TEXT,
    "version": _TEXT,
    "environment": _TEXT,
    "at": {"type": "string", "description": "RFC 3339, or seconds since the epoch; now where it is not said."},
    "url": _TEXT,
    "by": _TEXT,
}
SCHEMAS: dict[str, Any] = {
    "Incident": _object(
        {
            "id": {"type": "string", "examples": ["INC-7"]},
            "url": _TEXT,
            **_CHANGEABLE,
            "alerts": _list(_ALERT),
            "ticket": {"type": "string", "description": "The receiver that keeps a ticket of it."},
            "openedBy": _TEXT,
            "rule": {"type": "string", "description": "The rule that has opened it."},
            "triggeredAt": _TIME,
            "acknowledgedAt": {**_TIME, "description": "When a person first took it up."},
            "mitigatedAt": _TIME,
            "resolvedAt": _TIME,
            "mergedInto": {"type": "string", "description": "The incident that it has become part of."},
            "merged": _list(_TEXT),
        }
    ),
    "IncidentWithTimeline": {
        "allOf": [
            _ref("Incident"),
            _object(
                {
                    "runbookSteps": _list(_object({**_STEP, "done": _FLAG, "by": _TEXT, "at": _TIME})),
                    "timeline": _list(_ref("JournalEntry")),
                }
            ),
        ]
    },
    "IncidentChange": _object({"by": _BY, **_CHANGEABLE}),
    "IncidentStatistics": _object(
        {
            "name": _TEXT,
            "incidents": {"type": "integer"},
            "open": {"type": "integer"},
            "acknowledged": {"type": "integer"},
            "resolved": {"type": "integer"},
            "meanTimeToAcknowledgeSeconds": _SECONDS,
            "medianTimeToAcknowledgeSeconds": _SECONDS,
            "meanTimeToResolveSeconds": _SECONDS,
            "medianTimeToResolveSeconds": _SECONDS,
        }
    ),
    "Runbook": _object(
        {
            "name": _TEXT,
            "title": _TEXT,
            "services": _list(_TEXT),
            "severities": _list(_TEXT),
            "alerts": _list(_TEXT),
            "steps": _list(_object(_STEP)),
            "markdown": _TEXT,
            "html": {"type": "string", "description": "Safe to show: HTML in the Markdown is text."},
        }
    ),
    "Deployment": _object(_DEPLOYMENT, "service", "version"),
}


def _answer(data: dict[str, Any], description: str, *failures: str) -> dict[str, Any]:
    meanings = {
        "400": "What was sent cannot be meant; the error says why.",
        "404": "There is nothing of that name.",
        "409": "As it stands now, that cannot be done; the error says why.",
    }
    failure = {"application/json": {"schema": _ref("Failure")}}
    success = _object({"status": {"const": "success"}, "data": data}, "status", "data")
    return {
        "200": {"description": description, "content": {"application/json": {"schema": success}}},
        **{status: {"description": meanings[status], "content": failure} for status in failures},
    }


def _operation(
    name: str,
    summary: str,
    answers: dict[str, Any],
    parameters: tuple[Any, ...] = (),
    body: dict[str, Any] | None = None,
) -> dict[str, Any]:
    sent = {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}} if body else {}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [*parameters, _TENANT],
        **sent,
        "responses": answers,
    }


def _path(name: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": kind}, "example": example}


def _query(name: str, description: str = "", **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema or _TEXT, "description": description}


_ID = _path("id", "INC-7")
_SINCE = _query("since", "RFC 3339, seconds since the epoch, or how long ago (30d).")
_WHOLE = _answer(_ref("IncidentWithTimeline"), "The incident as it is now.", "400", "404", "409")
_ONE = "/incidents/{id}"
_FILTERS = (
    _query(
        "status", "May be given several times; open are all but resolved.", type="string", enum=["open", *_STATUSES]
    ),
    *(_query(name) for name in ("severity", "service", "team", "assignee")),
    _SINCE,
    _query("until"),
    _query("before", "The last id of the page before."),
    _query("limit", type="integer", minimum=1, maximum=1000, default=100),
)


def _change(name: str, summary: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return _operation(name, summary, _WHOLE, (_ID,), _object({"by": _BY, **properties}, *required))


PATHS: dict[str, Any] = {
    "/incidents": {
        "get": _operation(
            "incidents", "List incidents", _answer(_list(_ref("Incident")), "Newest first.", "400"), _FILTERS
        ),
        "post": _operation(
            "openIncident",
            "Open an incident",
            {"201": _WHOLE["200"], "400": _WHOLE["400"]},
            body=_object({"by": _BY, **_CHANGEABLE, "alerts": _list(_TEXT)}, "title"),
        ),
    },
    "/incidents/statistics": {
        "get": _operation(
            "incidentStatistics",
            "Mean times to acknowledge and to resolve",
            _answer(_list(_ref("IncidentStatistics")), "Most incidents first.", "400"),
            (_SINCE, _query("by", type="string", enum=["service", "severity", "team"], default="service")),
        )
    },
    _ONE: {
        "get": _operation("incident", "An incident with its timeline", _WHOLE, (_ID,)),
        "patch": _operation("changeIncident", "Change an incident", _WHOLE, (_ID,), _ref("IncidentChange")),
    },
    f"{_ONE}/acknowledge": {"post": _change("acknowledgeIncident", "Take it up; what is resolved is refused", {})},
    f"{_ONE}/resolve": {"post": _change("resolveIncident", "Say that it is over; twice is harmless", {})},
    f"{_ONE}/notes": {
        "post": _change(
            "noteOnIncident",
            "Write into the timeline",
            {"text": _TEXT, "via": {"type": "string", "description": "Where it was written, such as a chat."}},
            "text",
        )
    },
    f"{_ONE}/ticket": {
        "post": _change("openTicket", "Have a receiver keep a ticket of it", {"receiver": _TEXT}, "receiver")
    },
    f"{_ONE}/merge": {
        "post": _change("mergeIncidents", "Make another incident part of this one", {"incident": _TEXT}, "incident")
    },
    f"{_ONE}/split": {
        "post": _change(
            "splitIncident",
            "Make an incident of its own of some alerts, which is answered",
            {
                "alerts": _list(_TEXT),
                "title": _TEXT,
                "ticket": {"type": "string", "description": "The receiver that keeps a ticket of the new one."},
            },
            "alerts",
        )
    },
    f"{_ONE}/runbook/steps/{{number}}": {
        "put": _operation(
            "tickRunbookStep",
            "Tick a step of its runbook",
            _WHOLE,
            (_ID, _path("number", "1", "integer")),
            _object({"by": _BY, "done": {"type": "boolean", "default": True}}),
        )
    },
    f"{_ONE}/postmortem": {
        "get": _operation(
            "postmortem",
            "The post-mortem document",
            {
                "200": {"description": "Markdown.", "content": {"text/markdown": {"schema": _TEXT}}},
                "404": _WHOLE["404"],
            },
            (_ID,),
        )
    },
    "/runbooks": {
        "get": _operation("runbooks", "List runbooks", _answer(_list(_ref("Runbook")), "Without their text."))
    },
    "/runbooks/{name}": {
        "get": _operation(
            "runbook", "A runbook", _answer(_ref("Runbook"), "All of it.", "404"), (_path("name", "disk"),)
        )
    },
    "/alerts/{fingerprint}/runbook": {
        "get": _operation(
            "runbookOfAlert",
            "The runbook for an alert",
            _answer(_ref("Runbook"), "All of it.", "404"),
            (_path("fingerprint", "69a069600e034529"),),
        )
    },
    "/deployments": {
        "get": _operation(
            "deployments",
            "List deployments",
            _answer(_list(_ref("Deployment")), "The last recorded first.", "400"),
            (_query("since"), _query("limit", type="integer")),
        ),
        "post": _operation(
            "recordDeployment",
            "Say that something was deployed",
            _answer(_ref("Deployment"), "It is kept.", "400"),
            body=_ref("Deployment"),
        ),
    },
}
