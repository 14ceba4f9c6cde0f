"""Our own API, described: `/openapi.json`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from watchkeeper.api.rooms import Core
from watchkeeper.api.tenant import HEADER
from watchkeeper.api.watchkeeper import acknowledgements_openapi, alerting_openapi, openapi_incidents
from watchkeeper.api.watchkeeper.backtest_openapi import BACKTEST, BACKTEST_SCHEMAS
from watchkeeper.api.watchkeeper.history.openapi import HISTORY_PATHS, HISTORY_SCHEMAS
from watchkeeper.api.watchkeeper.openapi_on_call import PATHS as ON_CALL
from watchkeeper.api.watchkeeper.quality_openapi import QUALITY, QUALITY_SCHEMAS, REVIEW

_QUERY = "One statement: SELECT, EXPLAIN, SHOW TABLES or DESCRIBE, over the tenant's views."
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}
_TENANT = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "default": "default"},
    "description": "Whose data is asked for.",
}
_FORMAT = {
    "name": "format",
    "in": "query",
    "schema": {"type": "string", "enum": ["json", "csv", "tsv"], "default": "json"},
}
_ANSWERS: dict[str, Any] = {
    "200": {
        "description": "The rows, in ClickHouse's formats JSONCompact, CSVWithNames or TSVWithNames.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Rows"}},
            "text/csv": {"schema": {"type": "string"}},
            "text/tab-separated-values": {"schema": {"type": "string"}},
        },
    },
    "400": {"description": "A statement that may not be run; `position` says where.", "content": _FAILURE},
    "422": {"description": "A statement that the engine cannot run, or breaks off at a limit.", "content": _FAILURE},
    "503": {"description": "The engine is starting or busy: ask again.", "content": _FAILURE},
}
_IMPORT: dict[str, Any] = {
    "summary": "Import OpenMetrics text of any age and in any order",
    "operationId": "importOpenMetrics",
    "description": "Each sample has its timestamp. The whole body is checked before anything of it is stored; "
    "importing it twice is the same as once. Content-Encoding may be gzip.",
    "parameters": [_TENANT],
    "requestBody": {"required": True, "content": {"application/openmetrics-text": {"schema": {"type": "string"}}}},
    "responses": {
        "200": {
            "description": "All is committed.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Imported"}}},
        },
        "400": {"description": "Nothing is stored; `line` says where the first error is.", "content": _FAILURE},
        "413": {"description": "The body is too large."},
        "415": {"description": "The body is packed in another way than gzip."},
        "503": {"description": "The store is busy or full: send all of it again.", "content": _FAILURE},
    },
}
_TEST: dict[str, Any] = {
    "summary": "Send a test notification by every integration of a receiver",
    "operationId": "testReceiver",
    "description": "Whatever the receiver knows is told again, and nothing is recorded.",
    "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
    "responses": {
        "200": {
            "description": "What became of each, sent or not.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tested"}}},
        },
        "404": {"description": "There is no receiver of that name.", "content": _FAILURE},
    },
}
_NAMED = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_TOKEN = {
    "name": "token",
    "in": "query",
    "schema": {"type": "string"},
    "description": "Or `Authorization: Bearer`, where the configuration asks for one.",
}
_KEPT: dict[str, Any] = {
    "200": {"description": "It is kept."},
    "401": {"description": "The token is missing or wrong."},
    "404": {"description": "The configuration has none of that name.", "content": _FAILURE},
    "503": {"description": "It cannot be kept: try again.", "content": _FAILURE},
}


def _by_any_method(summary: str, operation: str) -> dict[str, Any]:
    """What jobs ask for by whichever method their tool knows; GET and HEAD have no body."""
    described: dict[str, Any] = {}
    for method in ("get", "head", "post", "put"):
        one: dict[str, Any] = {
            "summary": summary,
            "operationId": operation + method.title(),
            "parameters": [_NAMED, _TOKEN],
        }
        if method in ("post", "put"):
            one["requestBody"] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
        described[method] = {**one, "responses": _KEPT}
    return described


_SIGNALS: dict[str, Any] = {
    "/heartbeats": {
        "get": {
            "summary": "Every heartbeat that is expected, and how it stands",
            "operationId": "heartbeats",
            "responses": {"200": {"description": "In the order of the configuration; times in ms since the epoch."}},
        }
    },
    "/heartbeats/{name}/ping": _by_any_method("A sign of life", "beat"),
    "/heartbeats/{name}/fail": _by_any_method("A report of failure, in the body's words where there is one", "fail"),
    "/inbound/{name}": {
        "post": {
            "summary": "Alerts by another tool's webhook",
            "operationId": "inbound",
            "parameters": [_NAMED, _TOKEN],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
            "responses": {
                **_KEPT,
                "400": {"description": "Nothing is taken; the item and the key that is wrong.", "content": _FAILURE},
            },
        }
    },
}
OF_TELEMETRY = frozenset({"/sql", "/import/openmetrics", "/rules/backtest"})
"""What only a process that holds samples answers."""
_SCHEMAS: dict[str, Any] = {
    "Rows": {
        "type": "object",
        "required": ["meta", "data", "rows"],
        "properties": {
            "meta": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "type": {"type": "string"}},
                },
            },
            "data": {"type": "array", "items": {"type": "array", "items": {}}},
            "rows": {"type": "integer"},
        },
    },
    "Failure": {
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {
            "status": {"const": "error"},
            "errorType": {"type": "string"},
            "error": {"type": "string"},
            "position": {"type": "integer", "description": "Characters before the one that is wrong."},
            "line": {"type": "integer", "description": "The line that is wrong, the first being 1."},
        },
    },
    "Tested": {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success"},
            "data": {
                "type": "object",
                "properties": {
                    "receiver": {"type": "string"},
                    "integrations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "integration": {"type": "string", "description": "Such as `slack[0]`."},
                                "sent": {"type": "boolean"},
                                "answer": {"type": "string", "description": "What the other side said last."},
                                "failure": {"type": "string", "description": "Why it did not go out, or empty."},
                                "seconds": {"type": "number"},
                                "wrongTemplates": {"type": "array", "items": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
    "Imported": {
        "type": "object",
        "required": ["status", "data"],
        "properties": {
            "status": {"const": "success"},
            "data": {
                "type": "object",
                "properties": {
                    "samples": {"type": "integer", "description": "Stored, or there already."},
                    "series": {"type": "integer"},
                    "refused": {"type": "integer", "description": "Samples over a limit."},
                    "reasons": {"type": "array", "items": {"type": "string"}},
                    "minTime": {"type": "integer", "description": "The earliest timestamp, in ms."},
                    "maxTime": {"type": "integer", "description": "The latest timestamp, in ms."},
                },
            },
        },
    },
}


def routes(core: Core) -> list[Route]:
    """The route below `/api/watchkeeper/v1`."""

    async def document(request: Request) -> Response:
        whole = openapi(core.build.version, core.options.external_url)
        if not core.options.telemetry:
            whole["paths"] = {path: what for path, what in whole["paths"].items() if path not in OF_TELEMETRY}
        return JSONResponse(whole)

    return [Route("/openapi.json", document)]


def openapi(version: str, server: str) -> dict[str, Any]:
    """The document, in OpenAPI 3.1."""
    text = {"text/plain": {"schema": {"type": "string"}}}
    form = {
        "application/x-www-form-urlencoded": {
            "schema": {"type": "object", "properties": {"query": {"type": "string"}, "format": {"type": "string"}}}
        }
    }
    query = {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}, "description": _QUERY}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchkeeper", "version": version},
        "servers": [{"url": f"{server}/api/watchkeeper/v1"}],
        "paths": {
            "/sql": {
                "get": {
                    "summary": "Ask with read-only SQL",
                    "operationId": "sql",
                    "parameters": [query, _FORMAT, _TENANT],
                    "responses": _ANSWERS,
                },
                "post": {
                    "summary": "Ask with read-only SQL, the statement in the body",
                    "operationId": "sqlInBody",
                    "parameters": [_FORMAT, _TENANT],
                    "requestBody": {"required": True, "description": _QUERY, "content": {**text, **form}},
                    "responses": _ANSWERS,
                },
            },
            "/import/openmetrics": {"post": _IMPORT},
            **openapi_incidents.PATHS,
            **HISTORY_PATHS,
            "/receivers/{name}/test": {"post": _TEST},
            **_SIGNALS,
            **acknowledgements_openapi.PATHS,
            **alerting_openapi.PATHS,
            **ON_CALL,
            "/rules/backtest": {"post": BACKTEST},
            "/quality": {"get": QUALITY},
            "/quality/review": {"get": REVIEW},
        },
        "components": {
            "schemas": {
                **_SCHEMAS,
                **acknowledgements_openapi.SCHEMAS,
                **alerting_openapi.SCHEMAS,
                **HISTORY_SCHEMAS,
                **openapi_incidents.SCHEMAS,
                **BACKTEST_SCHEMAS,
                **QUALITY_SCHEMAS,
            }
        },
    }
