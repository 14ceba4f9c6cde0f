"""Acknowledgements and callbacks, described."""

from __future__ import annotations

from typing import Any

from watchkeeper.api.tenant import HEADER

_TENANT = {"name": HEADER, "in": "header", "schema": {"type": "string", "default": "default"}}
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
_ONE = {"application/json": {"schema": {"$ref": "#/components/schemas/AcknowledgementAnswer"}}}
_GROUP_KEY = {"type": "string", "description": "As notifications name the group."}


def _group_key(required: bool) -> dict[str, Any]:
    return {"name": "group_key", "in": "query", "required": required, "schema": _GROUP_KEY}


def _callback(summary: str, id: str, media: str, refused: str) -> dict[str, Any]:
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    return {
        "post": {
            "summary": summary,
            "operationId": id,
            "security": [],
            "requestBody": {"required": True, "content": form},
            "responses": {
                "200": {"description": "Taken.", "content": {media: {"schema": {"type": "string"}}}},
                refused: {"description": "The signature is wrong, or the request is old or came before."},
            },
        }
    }


PATHS: dict[str, Any] = {
    "/acknowledgements": {
        "get": {
            "summary": "The acknowledgements in force, the newest first",
            "operationId": "acknowledgements",
            "parameters": [_group_key(False), _TENANT],
            "responses": {
                "200": {
                    "description": "All of the tenant, or that of one group.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Acknowledgements"}}},
                }
            },
        },
        "post": {
            "summary": "Acknowledge what fires in a group",
            "operationId": "acknowledge",
            "description": "Where somebody has acknowledged all of it already, nothing changes and `given` is false.",
            "parameters": [_TENANT],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PostedAcknowledgement"}}},
            },
            "responses": {
                "200": {"description": "The acknowledgement in force.", "content": _ONE},
                "400": {"description": "Something is missing or wrong.", "content": _FAILURE},
                "404": {"description": "Nothing fires in such a group.", "content": _FAILURE},
            },
        },
        "delete": {
            "summary": "Take an acknowledgement back",
            "operationId": "releaseAcknowledgement",
            "parameters": [
                _group_key(True),
                {"name": "by", "in": "query", "schema": {"type": "string"}, "description": "Who does it."},
                _TENANT,
            ],
            "responses": {
                "200": {"description": "The one that held until now.", "content": _ONE},
                "400": {"description": "Something is missing.", "content": _FAILURE},
                "404": {"description": "Nobody has acknowledged the group.", "content": _FAILURE},
            },
        },
    },
    "/slack/interactive": _callback("Slack's buttons", "slackInteractive", "text/plain", "401"),
    "/twilio/voice": _callback(
        "A call of Twilio's, and the key pressed in it", "twilioVoice", "application/xml", "403"
    ),
    "/twilio/sms": _callback("An SMS that Twilio has received", "twilioSms", "application/xml", "403"),
}
_ACKNOWLEDGEMENT: dict[str, Any] = {
    "type": "object",
    "required": ["group_key", "alerts", "by", "via", "comment", "closed", "at", "until"],
    "properties": {
        "group_key": _GROUP_KEY,
        "alerts": {"type": "array", "items": {"type": "string"}, "description": "Fingerprints."},
        "by": {"type": "string"},
        "via": {"type": "string", "enum": ["link", "page", "api", "slack", "sms", "voice"]},
        "comment": {"type": "string"},
        "closed": {"type": "boolean", "description": "It holds until a new alert fires."},
        "at": {"type": "string", "format": "date-time"},
        "until": {"type": ["string", "null"], "format": "date-time"},
        "given": {"type": "boolean", "description": "After a POST: whether it is this one."},
    },
}
SCHEMAS: dict[str, Any] = {
    "Acknowledgement": _ACKNOWLEDGEMENT,
    "Acknowledgements": {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success"},
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Acknowledgement"}},
        },
    },
    "AcknowledgementAnswer": {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success"},
            "data": {"$ref": "#/components/schemas/Acknowledgement"},
        },
    },
    "PostedAcknowledgement": {
        "type": "object",
        "required": ["group_key"],
        "properties": {
            "group_key": _GROUP_KEY,
            "by": {"type": "string", "description": "Required where nobody has to log in."},
            "comment": {"type": "string"},
            "duration": {"type": "string", "description": "Such as 30m; 0 for as long as the group fires."},
            "closed": {"type": "boolean", "default": False},
        },
    },
}
