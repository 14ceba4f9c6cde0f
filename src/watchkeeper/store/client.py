"""The one way to the engine: ClickHouse's HTTP interface, for the embedded engine and for a cluster alike."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import clickhouse_connect
import cramjam
from clickhouse_connect.driver.exceptions import ClickHouseError, Error
from clickhouse_connect.driver.httputil import get_pool_manager
from urllib3.exceptions import HTTPError

from watchkeeper.base.clock import Clock, SystemClock
from watchkeeper.store.endpoint import RESULT_FILE_HEADER, RESULT_REQUEST_HEADER, RESULT_REQUEST_VALUE, Endpoint
from watchkeeper.store.failure import StatementFailure, StoreFailure, StoreFull, StoreUnreachable
from watchkeeper.store.native import Block, decode, pieces

if TYPE_CHECKING:
    from clickhouse_connect.driver.httpclient import HttpClient
    from urllib3 import HTTPResponse

Settings = Mapping[str, str | int | float]
_Answer = TypeVar("_Answer")

# clickhouse-connect logs each lost connection on top of raising it; we raise, and count, once.
logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)

_NOT_ENOUGH_SPACE = 243
_AUTHENTICATION_FAILED = 516
# Time-outs, memory, too many queries or parts, cancelled, network, read-only or unknown replica states: may pass.
_PASSING = frozenset({159, 160, 202, 203, 209, 210, 241, 242, 252, 279, 285, 319, 394, 425, 439, 999})


class Lane(StrEnum):
    """Who asks: each has its own connections, so that people's queries cannot delay rules, nor reads the ingest."""

    INGEST = "ingest"
    RULES = "rules"
    PEOPLE = "people"


_LANES: dict[Lane, tuple[int, Settings]] = {
    Lane.INGEST: (4, {}),
    Lane.RULES: (8, {"priority": 1}),
    Lane.PEOPLE: (16, {"priority": 5}),
}
"""Connections and settings of each lane (`priority`: a smaller number goes first)."""

_OVER_A_CLUSTER: Settings = {
    # An insert answers once the rows are on their shards, not once the node that took them has queued them.
    "distributed_foreground_insert": 1,
    # The same replica is written to and asked, while it lives: what was accepted is found at once.
    "load_balancing": "in_order",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where telemetry lives: an endpoint and, for a ClickHouse cluster, the cluster's name.

    `tls` is how a secure endpoint is trusted, None trusts the authorities that Python ships; `server_name` the name
    that its certificate bears where that is not the host's.
    """

    endpoint: Endpoint
    cluster: str = ""
    tls: ssl.SSLContext | None = field(default=None, compare=False)
    server_name: str = ""

    @property
    def embedded(self) -> bool:
        """Say whether it is our own engine (which shares memory with us)."""
        return self.endpoint.shared_directory is not None

    @classmethod
    def parse(cls, url: str) -> Target:
        """Read `clickhouse://user:password@host:port/database?cluster=…&secure=…`; raises StoreFailure.

        `clickhouses://…` is the same as `secure=true`.
        """
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        secure = options.pop("secure", "false").lower() in ("1", "true", "yes") or parts.scheme == "clickhouses"
        cluster = options.pop("cluster", "")
        port = _port(parts)
        if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname or options or port < 0:
            wrong = f"unknown option {min(options)!r}" if options else "no such address"
            right = "clickhouse://user:password@host:port/database?cluster=NAME&secure=true"
            raise StoreFailure(f"storage.url: {wrong} in {_masked(url)}: right would be {right}", retryable=False)
        endpoint = Endpoint(
            host=parts.hostname,
            port=port or (8443 if secure else 8123),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")) or "watchkeeper",
            secure=secure,
        )
        return cls(endpoint, cluster)


def _port(parts: SplitResult) -> int:
    """The URL's port; 0 where it names none, -1 where it names what is none."""
    try:
        return parts.port or 0
    except ValueError:
        return -1


def _masked(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":…@") if parts.password else url


@dataclass(slots=True)
class Client:
    """Statements to one target; safe for many threads, and blocking: to be called off the event loop.

    Reads and inserts with a token are repeated for up to `patience_s` while the engine does not answer.
    """

    target: Target
    database: str
    clock: Clock = field(default_factory=SystemClock)
    patience_s: float = 15.0
    _clients: dict[Lane, HttpClient] = field(init=False, default_factory=dict["Lane", "HttpClient"])
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _closed: threading.Event = field(init=False, default_factory=threading.Event)

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        lane: Lane = Lane.PEOPLE,
        settings: Settings | None = None,
        database: str | None = None,
    ) -> Block:
        """The rows that `sql` (without FORMAT) answers, as columns; `{name:Type}` in it are bound `parameters`.

        Raises StoreFailure.
        """
        return decode(self.raw_query(sql, parameters, form="Native", lane=lane, settings=settings, database=database))

    def pieces(
        self, sql: str, parameters: Mapping[str, object], *, lane: Lane, settings: Settings | None = None
    ) -> list[Block]:
        """As `query`, in the blocks in which the rows came: nothing is copied. Raises StoreFailure."""
        answer = self.raw_query(sql, parameters, form="Native", lane=lane, settings=settings)
        return [piece for piece in pieces(answer) if piece.rows]

    def raw_query(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        form: str,
        lane: Lane = Lane.PEOPLE,
        settings: Settings | None = None,
        database: str | None = None,
    ) -> bytes | memoryview:
        """The answer's bytes in ClickHouse's output format `form`."""
        headers = {RESULT_REQUEST_HEADER: RESULT_REQUEST_VALUE} if self.target.embedded else {}
        options: dict[str, object] = {**(settings or {}), "database": database or self.database}
        if not self.target.embedded:
            # Without it an error after the first bytes would come as a broken answer with status 200.
            options["wait_end_of_query"] = 1

        def ask(client: HttpClient) -> bytes | memoryview:
            answer = cast(
                "HTTPResponse",
                client.raw_stream(
                    sql,
                    dict(parameters or {}),
                    settings=options,
                    fmt=form,
                    use_database=False,
                    transport_settings=headers,
                ),
            )
            data = answer.read()
            answer.release_conn()
            handed_over = answer.headers.get(RESULT_FILE_HEADER)
            return self.target.endpoint.take_result(handed_over) if handed_over else data

        return self._patiently(lane, ask)

    def insert(
        self, table: str, columns: list[str], block: bytes, *, token: str, settings: Settings | None = None
    ) -> None:
        """Store one Native block, exactly once for its `token` however often it is sent."""
        options: dict[str, object] = {
            "insert_deduplication_token": token,
            "database": self.database,
            **(settings or {}),
        }
        compression = None
        if not self.target.embedded:
            block, compression = bytes(cramjam.lz4.compress(block)), "lz4"
        # The client would put its statement before bytes, and the engine cut it off again: two copies of the block.
        # Beside anything else it sends the statement in the URL, and the view as it is.
        body = cast(bytes, memoryview(block))

        def send(client: HttpClient) -> None:
            client.raw_insert(table, columns, body, settings=options, fmt="Native", compression=compression)

        self._patiently(Lane.INGEST, send)

    def command(
        self,
        sql: str,
        parameters: Mapping[str, object] | None = None,
        *,
        settings: Settings | None = None,
        database: str | None = None,
    ) -> None:
        """Run a statement that changes something; it is sent once, whatever happens."""
        options: dict[str, object] = {**(settings or {}), "database": database or self.database}
        client = self._client(Lane.INGEST)
        try:
            client.command(sql, dict(parameters or {}), settings=options, use_database=False)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise failure_of(error, self.target) from error

    def close(self) -> None:
        """Close all connections; whoever still waits for an answer, or asks again, gets a StoreFailure at once."""
        self._closed.set()
        with self._lock:
            for client in self._clients.values():
                client.close_connections()  # the pool is ours, which `close` leaves alone
                client.close()
            self._clients.clear()

    def _patiently(self, lane: Lane, call: Callable[[HttpClient], _Answer]) -> _Answer:
        """Do `call`, again and again while nobody answers, until patience ends."""
        deadline, pause_s = self.clock.monotonic_s() + self.patience_s, 0.05
        while True:
            try:
                return call(self._client(lane))
            except (ClickHouseError, HTTPError, OSError, StoreUnreachable) as error:
                failure = error if isinstance(error, StoreUnreachable) else failure_of(error, self.target)
                if not isinstance(failure, StoreUnreachable) or self.clock.monotonic_s() + pause_s > deadline:
                    raise failure from error
            self._closed.wait(pause_s)
            pause_s = min(pause_s * 2, 1.0)

    def _client(self, lane: Lane) -> HttpClient:
        client = self._clients.get(lane)
        if client is not None:
            return client
        with self._lock:
            if self._closed.is_set():
                raise StoreFailure("the store has been closed", retryable=False)
            if lane not in self._clients:
                try:
                    self._clients[lane] = self._connect(lane)
                except (ClickHouseError, HTTPError, OSError) as error:
                    raise failure_of(error, self.target) from error
            return self._clients[lane]

    def _connect(self, lane: Lane) -> HttpClient:
        endpoint = self.target.endpoint
        connections, settings = _LANES[lane]
        client = clickhouse_connect.get_client(
            host=endpoint.host,
            port=endpoint.port,
            username=endpoint.user,
            password=endpoint.password,
            secure=endpoint.secure,
            database="default",
            settings={**settings, **(_OVER_A_CLUSTER if self.target.cluster else {})},
            compress=not self.target.embedded,
            pool_mgr=get_pool_manager(maxsize=connections, num_pools=1, **_trust(self.target)),
            autogenerate_session_id=False,
            autogenerate_query_id=False,
            query_retries=0,
            show_clickhouse_errors="scrub",
            send_receive_timeout=300,
            client_name="watchkeeper",
        )
        return cast("HttpClient", client)


def _trust(target: Target) -> dict[str, Any]:
    """What the connections of a secure target are made with."""
    if target.tls is None:
        return {}
    names = {"server_hostname": target.server_name, "assert_hostname": target.server_name} if target.server_name else {}
    return {"ssl_context": target.tls, "verify": target.tls.verify_mode is not ssl.CERT_NONE, **names}


def failure_of(error: Exception, target: Target) -> StoreFailure:
    """What the client's or the socket's error means for our callers."""
    text = str(error)
    code = (error.code or 0) if isinstance(error, Error) else 0
    if code == _NOT_ENOUGH_SPACE or "No space left on device" in text:
        return StoreFull(f"no room is left on the store's disk: {text}")
    if code == _AUTHENTICATION_FAILED:
        user = target.endpoint.user
        return StatementFailure(f"{_who(target)} does not let in user {user!r}: {text}", code, retryable=False)
    if code:
        return StatementFailure(text, code, retryable=code in _PASSING)
    return StoreUnreachable(f"{_who(target)} does not answer: {_cause(error)}")


def _who(target: Target) -> str:
    return "the engine" if target.embedded else f"ClickHouse at {target.endpoint.host}:{target.endpoint.port}"


def _cause(error: BaseException) -> str:
    """The text of the innermost cause: the client's own words name none."""
    while (deeper := error.__cause__ or getattr(error, "reason", None) or error.__context__) is not None:
        if not isinstance(deeper, BaseException):
            break
        error = deeper
    return str(error)
