"""Results that fail, that are handed over, and that run beside each other."""

from __future__ import annotations

import http.client
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from watchkeeper.store.endpoint import RESULT_FILE_HEADER, RESULT_REQUEST_HEADER, RESULT_REQUEST_VALUE, Endpoint

HAND_OVER = {RESULT_REQUEST_HEADER: RESULT_REQUEST_VALUE}
LARGE = "SELECT number, toString(number) FROM numbers(500000)"


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        ("SELECT number, throwIf(number = 500000) FROM numbers(1000000) SETTINGS max_threads = 1", 395),
        ("SELECT number FROM numbers(1000000) SETTINGS max_result_rows = 300000", 396),
        (
            "SELECT number, groupArray(number) FROM numbers(10000000) GROUP BY 1 SETTINGS max_memory_usage = 9000000",
            241,
        ),
        ("SELECT sleepEachRow(0.001) FROM numbers(3000) SETTINGS max_execution_time = 0.2, max_block_size = 50", 159),
    ],
)
@pytest.mark.parametrize("fmt", ["Native", "JSON"])
def test_the_next_query_does_not_get_a_failed_one_s_bytes(client: Client, failing: str, code: int, fmt: str):
    # The same id and settings: nothing is set on the connection in between that would swallow what was left over.
    settings = {"query_id": "same", "wait_end_of_query": 1}
    for _ in range(3):
        with pytest.raises(DatabaseError) as failed:
            client.raw_query(f"{failing} FORMAT {fmt}", settings=settings)
        assert failed.value.code == code
        # Whole results and streamed ones take different ways out of the engine.
        assert client.raw_query("SELECT 'fresh' AS a FORMAT CSVWithNames", settings=settings) == b'"a"\n"fresh"\n'
        assert client.raw_query("SELECT 'fresh'", settings=settings) == b"fresh\n"


def test_a_result_in_shared_memory_is_the_same_and_is_gone_once_taken(client: Client, endpoint: Endpoint):
    answer = client.raw_stream(LARGE, fmt="Native", transport_settings=HAND_OVER)
    name = answer.headers[RESULT_FILE_HEADER]
    assert answer.read() == b""
    taken = endpoint.take_result(name)
    assert taken == client.raw_query(LARGE, fmt="Native")
    assert endpoint.shared_directory is not None
    assert stat.S_IMODE(endpoint.shared_directory.stat().st_mode) == 0o700
    with pytest.raises(FileNotFoundError):
        endpoint.take_result(name)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", ".hidden", "a/b"])
def test_only_names_of_results_are_taken(endpoint: Endpoint, name: str):
    with pytest.raises(ValueError, match="not the name of a result"):
        endpoint.take_result(name)


def test_a_small_result_travels_in_the_answer(client: Client):
    answer = client.raw_stream("SELECT 1", transport_settings=HAND_OVER)
    assert RESULT_FILE_HEADER not in answer.headers
    assert answer.read() == b"1\n"


def test_a_failing_result_leaves_no_file_behind(client: Client, endpoint: Endpoint):
    assert endpoint.shared_directory is not None
    before = set(endpoint.shared_directory.iterdir())
    with pytest.raises(DatabaseError) as failed:
        client.raw_stream(
            "SELECT number, throwIf(number = 900000) FROM numbers(1000000)",
            settings={"max_threads": 1},
            transport_settings=HAND_OVER,
        )
    assert failed.value.code == 395
    assert set(endpoint.shared_directory.iterdir()) == before


def running(client: Client, marker: str) -> int:
    found = client.command("SELECT count() FROM system.processes WHERE position(query, {m:String}) > 0", {"m": marker})
    return int(found) - 1  # this very query is one of them


def test_queries_run_beside_each_other(connect, endpoint: Endpoint, client: Client, wait_until):
    marker = uuid4().hex
    slow = f"SELECT '{marker}', sleepEachRow(0.2) FROM numbers(600) SETTINGS max_block_size = 1"
    clients = [connect(endpoint, query_limit=0) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        ends = [threads.submit(c.raw_query, slow, settings={"query_id": uuid4().hex}) for c in clients]
        wait_until(lambda: running(client, marker) == 4)
        client.command(f"KILL QUERY WHERE position(query, '{marker}') > 0 AND position(query, 'sleepEachRow') > 0 SYNC")
        for end in ends:
            with pytest.raises(DatabaseError):
                end.result()


def test_a_query_is_killed_by_its_id(connect, endpoint: Endpoint, client: Client, wait_until):
    marker, name = uuid4().hex, uuid4().hex
    slow = f"SELECT '{marker}', sleepEachRow(0.2) FROM numbers(600) SETTINGS max_block_size = 1"
    with ThreadPoolExecutor(1) as thread:
        end = thread.submit(connect(endpoint).raw_query, slow, settings={"query_id": name})
        wait_until(lambda: running(client, marker) == 1)
        client.command("KILL QUERY WHERE query_id = {id:String} SYNC", {"id": name})
        with pytest.raises(DatabaseError) as killed:
            end.result()
    assert killed.value.code == 394


@pytest.mark.parametrize("fmt", ["Native", "JSON"])
def test_a_query_ends_when_its_client_goes_away(endpoint: Endpoint, client: Client, wait_until, fmt: str):
    marker = uuid4().hex
    gone = http.client.HTTPConnection(endpoint.host, endpoint.port)
    headers = {"X-ClickHouse-User": endpoint.user, "X-ClickHouse-Key": endpoint.password}
    slow = f"SELECT '{marker}', sleepEachRow(0.2) FROM numbers(600) FORMAT {fmt} SETTINGS max_block_size = 1"
    gone.request("POST", "/?wait_end_of_query=1", slow, headers)
    wait_until(lambda: running(client, marker) == 1)
    assert gone.sock is not None
    gone.sock.shutdown(socket.SHUT_RDWR)
    gone.close()
    wait_until(lambda: running(client, marker) == 0)


def test_a_stream_that_nobody_reads_to_its_end_spoils_nothing(endpoint: Endpoint, client: Client, wait_until):
    marker = uuid4().hex
    headers = {"X-ClickHouse-User": endpoint.user, "X-ClickHouse-Key": endpoint.password}
    for _ in range(5):
        gone = http.client.HTTPConnection(endpoint.host, endpoint.port)
        gone.request("POST", "/", f"SELECT '{marker}', number FROM numbers(10000000000) FORMAT Native", headers)
        answer = gone.getresponse()
        assert len(answer.read(1 << 20)) == 1 << 20
        answer.close()
        gone.close()
        assert client.raw_query("SELECT 'fresh'") == b"fresh\n"
    wait_until(lambda: running(client, marker) == 0)
    for _ in range(20):
        assert client.raw_query("SELECT 'fresh'") == b"fresh\n"


def test_an_insert_is_not_ended_by_its_client_s_going(endpoint: Endpoint, client: Client, wait_until):
    table = f"t_{uuid4().hex}"
    client.command(f"CREATE TABLE {table} (a UInt64) ENGINE = MergeTree ORDER BY a")
    gone = http.client.HTTPConnection(endpoint.host, endpoint.port)
    headers = {"X-ClickHouse-User": endpoint.user, "X-ClickHouse-Key": endpoint.password}
    slow = f"INSERT INTO {table} SELECT sleepEachRow(0.05) FROM numbers(10) SETTINGS max_block_size = 1"
    gone.request("POST", "/", slow, headers)
    wait_until(lambda: running(client, table) == 1)
    gone.close()
    wait_until(lambda: client.command(f"SELECT count() FROM {table}") == 10)


def test_one_session_is_one_statement_at_a_time(connect, endpoint: Endpoint, client: Client, wait_until):
    marker, session = uuid4().hex, uuid4().hex
    first, second = (connect(endpoint, session_id=session) for _ in range(2))
    slow = f"SELECT '{marker}', sleepEachRow(0.2) FROM numbers(600) SETTINGS max_block_size = 1"
    with ThreadPoolExecutor(1) as thread:
        end = thread.submit(first.raw_query, slow, settings={"query_id": marker})
        wait_until(lambda: running(client, "sleepEachRow") == 1)
        with pytest.raises(DatabaseError) as locked:
            second.command("SELECT 1")
        assert locked.value.code == 373
        client.command(f"KILL QUERY WHERE query_id = '{marker}' SYNC")
        with pytest.raises(DatabaseError):
            end.result()
    assert second.command("SELECT 1") == 1


def test_many_clients_at_once_get_their_own_answers(connect, endpoint: Endpoint):
    failures: list[str] = []

    def ask(offset: int) -> None:
        client = connect(endpoint)
        for n in range(offset, offset + 40):
            if n % 5 == 0:
                with pytest.raises(DatabaseError):
                    client.raw_query(f"SELECT number, throwIf(number = 70000) FROM numbers({n + 70_001})")
            if client.command("SELECT {n:UInt64}", {"n": n}) != n:
                failures.append(f"{n} got another's answer")

    threads = [threading.Thread(target=ask, args=(1000 * k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("headers", [{}, {"X-ClickHouse-User": "watchkeeper", "X-ClickHouse-Key": "guess"}])
def test_nobody_is_served_without_the_secret(endpoint: Endpoint, headers: dict[str, str]):
    stranger = http.client.HTTPConnection(endpoint.host, endpoint.port)
    stranger.request("POST", "/", b"SELECT 1", headers)
    answer = stranger.getresponse()
    assert (answer.status, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
    assert b"AUTHENTICATION_FAILED" in answer.read()
    stranger.request("GET", "/ping")
    assert stranger.getresponse().read() == b"Ok.\n"
    stranger.request("GET", "/elsewhere")
    assert stranger.getresponse().status == 404


def test_a_peer_that_does_not_speak_http_is_told_so(endpoint: Endpoint):
    with socket.create_connection((endpoint.host, endpoint.port)) as peer:
        peer.sendall(b"hello\r\n\r\n")
        assert peer.recv(1000).startswith(b"HTTP/1.1 400 ")
        assert peer.recv(1000) == b""


def test_the_secret_is_not_shown_with_the_endpoint(endpoint: Endpoint):
    assert endpoint.password not in repr(endpoint)
    assert len(endpoint.password) >= 32
