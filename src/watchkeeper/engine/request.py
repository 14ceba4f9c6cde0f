"""What an HTTP request asks of the engine, told apart from how it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from watchkeeper.engine.connection import EngineError

# URL parameters that speak to ClickHouse's HTTP interface; every other one is a setting.
_INTERFACE = frozenset(
    {
        "buffer_size",
        "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version",
        "close_session",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "http_native_compression_disable_checksumming_on_decompress",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "user",
        "wait_end_of_query",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """One statement, its data if it brings any, and under what settings it is to run."""

    text: bytes
    database: str
    settings: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query_id: str = ""
    session_id: str = ""
    session_timeout_s: float = 60.0
    default_format: str = "TabSeparated"
    # The client wants to know about a failure before the first byte of the result.
    waits: bool = False
    accepts_compression: bool = False


def url_parameters(query_string: str) -> dict[str, str]:
    """The parameters of a URL's query string; the last of several equal ones counts."""
    return dict(parse_qsl(query_string, keep_blank_values=True))


def decode_request(params: Mapping[str, str], body: bytes, database: str, default_format: str = "") -> Request:
    """What `params` (of the URL and of form fields) and `body` ask for; `database` where they name none.

    Raises EngineError for a parameter that has no meaning.
    """
    query = params.get("query", "").encode()
    return Request(
        text=_joined(query, body),
        database=params.get("database") or database,
        settings={
            name: value for name, value in params.items() if name not in _INTERFACE and not name.startswith("param_")
        },
        params={name[6:]: value for name, value in params.items() if name.startswith("param_")},
        query_id=params.get("query_id", ""),
        session_id=params.get("session_id", ""),
        session_timeout_s=_session_timeout(params.get("session_timeout", "60")),
        default_format=params.get("default_format") or default_format or "TabSeparated",
        waits=params.get("wait_end_of_query") == "1",
        accepts_compression=params.get("enable_http_compression") == "1",
    )


def _joined(query: bytes, body: bytes) -> bytes:
    """The statement of the URL followed by the body, which is its data or its rest."""
    if not query or not body:
        return query or body
    return query + b"\n" + body


def _session_timeout(text: str) -> float:
    if not text.isdigit() or not 0 < int(text) <= 3600:
        raise EngineError(
            f"Code: 374. DB::Exception: Invalid session timeout: '{text}': "
            "whole seconds from 1 to 3600 would be right. (INVALID_SESSION_TIMEOUT)"
        )
    return float(text)
