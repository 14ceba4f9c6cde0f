"""What an HTTP request asks of the engine, told apart from how it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from watchkeeper.engine.connection import EngineError
from watchkeeper.engine.external import ExternalTable, external_tables, without_descriptions
from watchkeeper.engine.form import BadForm, Field, parse_form

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
_LONGEST_SESSION_S = 3600


@dataclass(frozen=True, slots=True)
class Request:
    """One statement, its data if it brings any, and under what settings it is to run.

    The statement is in `query` or at the beginning of `body`; a body after a query is the rest of it, or its data.
    """

    query: bytes
    body: bytes
    database: str
    settings: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[ExternalTable, ...] = ()
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


def decode_request(url: Mapping[str, str], headers: Mapping[str, str], body: bytes, database: str) -> Request:
    """What the parameters of the URL, the headers and the body ask for; `database` where they name none.

    Raises EngineError for what has no meaning.
    """
    params, files = dict(url), ()
    content_type = headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        fields = _form(content_type, body)
        files = tuple(f for f in fields if f.is_file)
        params |= {f.name: f.data.decode() for f in fields if not f.is_file}
        body = b""
    settings = without_descriptions(params, files)
    return Request(
        query=params.get("query", "").encode(),
        body=body,
        database=params.get("database") or headers.get("x-clickhouse-database") or database,
        settings={n: value for n, value in settings.items() if n not in _INTERFACE and not n.startswith("param_")},
        params={name[6:]: value for name, value in params.items() if name.startswith("param_")},
        tables=external_tables(files, params),
        query_id=params.get("query_id", ""),
        session_id=params.get("session_id", ""),
        session_timeout_s=_session_timeout(params.get("session_timeout", "60")),
        default_format=params.get("default_format") or headers.get("x-clickhouse-format") or "TabSeparated",
        waits=params.get("wait_end_of_query") == "1",
        accepts_compression=params.get("enable_http_compression") == "1",
    )


def _form(content_type: str, body: bytes) -> tuple[Field, ...]:
    try:
        return parse_form(content_type, body)
    except (BadForm, UnicodeDecodeError) as error:
        raise EngineError(f"Code: 36. DB::Exception: {error}. (BAD_ARGUMENTS)") from None


def _session_timeout(text: str) -> float:
    if not text.isdigit() or not 0 < int(text) <= _LONGEST_SESSION_S:
        raise EngineError(
            f"Code: 374. DB::Exception: Invalid session timeout: '{text}': "
            f"whole seconds from 1 to {_LONGEST_SESSION_S} would be right. (INVALID_SESSION_TIMEOUT)"
        )
    return float(text)
