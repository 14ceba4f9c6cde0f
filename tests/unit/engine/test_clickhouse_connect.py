"""clickhouse-connect finds in the engine what it finds in a ClickHouse server."""

from __future__ import annotations

import gzip
import zlib
from uuid import uuid4

import cramjam
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from watchkeeper.store.endpoint import Endpoint


@pytest.fixture
def table(client: Client) -> str:
    name = f"t_{uuid4().hex}"
    client.command(f"CREATE TABLE {name} (a Int64, s String DEFAULT 'x') ENGINE = MergeTree ORDER BY a")
    return name


def test_the_default_database_is_atomic(client: Client):
    found = client.query("SELECT name, engine FROM system.databases WHERE name = currentDatabase()").result_rows
    assert found == [("watchkeeper", "Atomic")]


def test_rows_come_back_as_they_were_inserted(client: Client, table: str):
    rows = [(n, f"row {n}\n\t'\\") for n in range(1000)]
    assert client.insert(table, rows, column_names=["a", "s"]).written_rows == 1000
    assert client.query(f"SELECT a, s FROM {table} ORDER BY a").result_rows == rows


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_every_compression_of_the_client_works_both_ways(connect, endpoint: Endpoint, table: str, compress):
    client = connect(endpoint, compress=compress)
    client.insert(table, [(n, str(n) * 10) for n in range(100_000)])
    assert client.query(f"SELECT sum(a), count() FROM {table}").result_rows == [(4_999_950_000, 100_000)]
    assert client.query(f"SELECT a FROM {table}").row_count == 100_000


@pytest.mark.parametrize(
    ("encoding", "packed"),
    ids=["gzip", "deflate", "lz4", "zstd", "br"],
    argvalues=[
        ("gzip", gzip.compress(b"1\n") + gzip.compress(b"2\n")),
        ("deflate", zlib.compress(b"1\n2\n")),
        ("lz4", bytes(cramjam.lz4.compress(b"1\n2\n"))),
        ("zstd", bytes(cramjam.zstd.compress(b"1\n")) + bytes(cramjam.zstd.compress(b"2\n"))),
        ("br", bytes(cramjam.brotli.compress(b"1\n2\n"))),
    ],
)
def test_a_raw_insert_may_be_compressed(client: Client, table: str, encoding: str, packed: bytes):
    client.raw_insert(table, ["a"], packed, fmt="TSV", compression=encoding)
    assert client.query(f"SELECT a FROM {table} ORDER BY a").result_columns == [[1, 2]]


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "zstd", "snappy"])
def test_a_body_that_is_not_what_it_says_is_refused(client: Client, table: str, encoding: str):
    with pytest.raises(DatabaseError) as refused:
        client.raw_insert(table, ["a"], b"not compressed at all", fmt="TSV", compression=encoding)
    assert refused.value.code == 354
    assert client.command(f"SELECT count() FROM {table}") == 0


def test_values_in_the_statement_are_inserted_with_their_expressions(client: Client, table: str):
    assert client.command(f"INSERT INTO {table} (a) VALUES (1), (2 + 1) -- and no more").written_rows == 2
    assert client.query(f"SELECT * FROM {table} ORDER BY a").result_rows == [(1, "x"), (3, "x")]


def test_an_insert_may_select(client: Client, table: str):
    client.command(f"INSERT INTO {table} SELECT number, 'FORMAT Native' FROM numbers(5)")
    assert client.command(f"SELECT count() FROM {table}") == 5


def test_a_statement_in_the_url_takes_its_data_from_the_body(client: Client, table: str):
    client.raw_insert(table, ["a", "s"], iter([b"1\ta\n", b"2\tb\n"]), fmt="TSV")
    client.command(f"INSERT INTO {table} FORMAT CSV", data='3,"c"\n')
    assert client.query(f"SELECT * FROM {table} ORDER BY a").result_rows == [(1, "a"), (2, "b"), (3, "c")]


def test_an_insert_that_fails_half_way_leaves_nothing(client: Client, table: str):
    with pytest.raises(DatabaseError) as refused:
        client.raw_insert(table, ["a"], b"1\n2\nthree\n", fmt="TSV")
    assert refused.value.code == 27
    assert client.command(f"SELECT count() FROM {table}") == 0
    client.raw_insert(table, ["a"], b"1\n2\n", fmt="TSV")
    assert client.command(f"SELECT count() FROM {table}") == 2


@pytest.mark.parametrize(
    ("value", "kind"),
    [("it's \\ a\ttab\nline", "String"), ([1, 2, 3], "Array(UInt64)"), (-5, "Int8"), ("ü€", "String")],
)
def test_parameters_are_bound_by_the_engine(client: Client, value: object, kind: str):
    assert client.query(f"SELECT {{v:{kind}}}", parameters={"v": value}).first_row == (value,)


def test_parameters_too_long_for_a_url_come_in_a_form(client: Client):
    many = list(range(50_000))
    query = "SELECT length({v:Array(UInt64)}), arraySum({v:Array(UInt64)})"
    assert client.query(query, parameters={"v": many}).first_row == (50_000, sum(many))


def test_external_data_is_there_for_its_own_query_only(client: Client):
    ids = ExternalData(file_name="ids", data=b"1\t0.5\n3\t0.5\n", fmt="TSV", types="UInt64,Decimal(10, 2)")
    query = "SELECT number FROM numbers(10) WHERE number IN (SELECT _1 FROM ids) ORDER BY number"
    assert client.query(query, external_data=ids).result_columns == [[1, 3]]
    with pytest.raises(DatabaseError) as refused:
        client.query("SELECT * FROM ids")
    assert refused.value.code == 60


def test_external_data_leaves_a_session_clean(connect, endpoint: Endpoint):
    client = connect(endpoint, session_id=uuid4().hex)
    ids = ExternalData(file_name="ids", data=b"7\n", fmt="TSV", structure="id UInt64")
    assert client.query("SELECT id FROM ids", external_data=ids).first_row == (7,)
    with pytest.raises(DatabaseError):
        client.query("SELECT * FROM ids")


def test_blocks_are_streamed(client: Client):
    with client.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks:
        sizes = [len(block) for block in blocks]
    assert sum(sizes) == 300_000
    assert len(sizes) > 1


def test_a_failure_in_the_middle_of_a_stream_reaches_the_client(client: Client):
    query = "SELECT number, throwIf(number = 2000000) FROM numbers(3000000)"
    with (
        pytest.raises(StreamFailureError, match="395"),
        client.query_row_block_stream(query, settings={"max_threads": 1}) as blocks,
    ):
        for _ in blocks:
            pass


def test_columns_without_rows_have_their_names_and_types(client: Client, table: str):
    empty = client.query(f"SELECT a, s FROM {table} LIMIT 0")
    assert empty.column_names == ("a", "s")
    assert client.query(f"SELECT a FROM {table}").result_rows == []


def test_show_and_describe_answer_with_rows(client: Client, table: str):
    assert (table,) in client.query("SHOW TABLES").result_rows
    assert client.query(f"DESCRIBE TABLE {table}").first_row[:2] == ("a", "Int64")
    assert client.command(f"EXISTS TABLE {table}") == 1


@pytest.mark.parametrize(
    ("sql", "code", "words"),
    [
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"),
        ("SELECT nothing", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT nonsense(1)", 46, "UNKNOWN_FUNCTION"),
        ("SELECT 1; SELECT 2", 62, "Multi-statements are not allowed"),
        ("-- a comment alone", 62, "Empty query"),
        ("1 + 1", 62, "SYNTAX_ERROR"),
        ("SELECT 1 SETTINGS nonsense = 1", 115, "UNKNOWN_SETTING"),
        ("SELECT toUInt8('x')", 6, "CANNOT_PARSE_TEXT"),
        ("SELECT 1 INTO OUTFILE 'x.txt'", 358, "INTO_OUTFILE_NOT_ALLOWED"),
    ],
)
def test_a_wrong_statement_gets_clickhouse_s_own_error(client: Client, sql: str, code: int, words: str):
    with pytest.raises(DatabaseError, match=words) as refused:
        client.raw_query(sql)
    assert refused.value.code == code


def test_an_unknown_database_or_setting_is_an_error(client: Client):
    with pytest.raises(DatabaseError) as refused:
        client.raw_query("SELECT 1", settings={"database": "nowhere"}, use_database=False)
    assert refused.value.code == 81
    with pytest.raises(DatabaseError) as refused:
        client.raw_query("SELECT 1", settings={"max_threads": "many"})
    assert refused.value.code == 27


def test_settings_hold_for_their_own_statement(client: Client):
    before = client.command("SELECT getSetting('max_block_size')")
    for _ in range(20):
        assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 7}).first_row == (7,)
        assert client.command("SELECT getSetting('max_block_size')") == before


def test_readonly_does_not_stay_on_a_connection(client: Client, table: str):
    with pytest.raises(DatabaseError) as refused:
        client.command(f"DROP TABLE {table}", settings={"readonly": 1})
    assert refused.value.code == 164
    client.command(f"DROP TABLE {table}")


def test_what_a_statement_sets_is_gone_without_a_session_and_stays_in_one(connect, endpoint: Endpoint, client: Client):
    client.command("SET max_block_size = 11")
    assert client.command("SELECT getSetting('max_block_size')") != 11
    session = connect(endpoint, session_id=uuid4().hex)
    session.command("SET max_block_size = 11")
    session.command("CREATE TEMPORARY TABLE mine (a Int8)")
    session.command("USE system")
    assert session.query("SELECT getSetting('max_block_size'), count() FROM mine").first_row == (11, 0)
    assert session.command("SELECT currentDatabase()") == "watchkeeper"


def test_the_summary_counts_what_was_read_and_written(client: Client, table: str):
    client.insert(table, [(n, "") for n in range(10)])
    summary = client.query(f"SELECT * FROM {table}").summary
    assert (summary["read_rows"], summary["result_rows"]) == ("10", "10")
    assert client.query("SELECT 1", settings={"query_id": "mine"}).query_id == "mine"


@pytest.mark.parametrize("fmt", ["JSON", "JSONCompact", "CSVWithNames", "RowBinaryWithNamesAndTypes"])
def test_a_large_result_is_one_document_whatever_its_format(client: Client, fmt: str):
    large = client.raw_query("SELECT number AS n FROM numbers(200000)", fmt=fmt)
    header = {"JSON": b'"meta"', "JSONCompact": b'"meta"', "CSVWithNames": b'"n"\n'}.get(fmt, b"UInt64")
    assert large.count(header) == 1
