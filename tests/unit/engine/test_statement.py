"""What the interface has to know of a statement before the engine sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.engine.statement import (
    Insert,
    find_insert,
    first_word,
    result_format,
    streams,
    with_known_ids,
    writes_file,
)


@pytest.mark.parametrize(
    ("text", "target", "fmt", "data"),
    [
        (b"INSERT INTO t FORMAT Native\n\x01\x02", "INSERT INTO t", "Native", b"\x01\x02"),
        (b"insert into t (`a`, b) format TSV\r\n1\t2\n", "insert into t (`a`, b)", "TSV", b"1\t2\n"),
        (b"INSERT INTO t FORMAT CSV", "INSERT INTO t", "CSV", b""),
        (b"INSERT INTO t VALUES (1, 'FORMAT x')", "INSERT INTO t", "Values", b" (1, 'FORMAT x')"),
        (b"INSERT INTO `a FORMAT Z\n` FORMAT Native\nx", "INSERT INTO `a FORMAT Z\n`", "Native", b"x"),
        (b"/* SELECT */ -- VALUES\nINSERT INTO t FORMAT TSV\nx", "/* SELECT */ -- VALUES\nINSERT INTO t", "TSV", b"x"),
        (b"INSERT INTO t (settings, format, `)`) FORMAT TSV\nx", "INSERT INTO t (settings, format, `)`)", "TSV", b"x"),
        ("INSERT INTO `ü` FORMAT TSV\nü".encode(), "INSERT INTO `ü`", "TSV", "ü".encode()),
    ],
)
def test_an_insert_is_told_from_its_data(text: bytes, target: str, fmt: str, data: bytes):
    found = find_insert(text)
    assert found is not None
    assert (found.target, found.settings, found.format, text[found.data_offset :]) == (target, "", fmt, data)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"SELECT 1 FORMAT Native",
        b"INSERT INTO t SELECT 1",
        b"INSERT INTO t WITH x AS (SELECT 1) SELECT 1 FORMAT TSV",
    ],
)
def test_other_statements_bring_no_data(text: bytes):
    assert find_insert(text) is None


@given(st.binary(max_size=200))
def test_whatever_the_data_is_it_begins_after_the_statement(data: bytes):
    text = b"INSERT INTO t (a) FORMAT Native\n" + data
    assert find_insert(text) == Insert("INSERT INTO t (a)", "", "Native", len(text) - len(data))


@pytest.mark.parametrize(
    ("sql", "fmt"),
    [
        ("SELECT 1", None),
        ("SELECT 1 FORMAT JSON", "JSON"),
        ("SELECT 1\n format Native ;\n", "Native"),
        ("SELECT 1 FORMAT JSON SETTINGS max_threads = 1", "JSON"),
        ("SELECT 1 FORMAT JSON -- yes\n", "JSON"),
        ("SELECT 1 FORMAT JSON /* yes */ ", "JSON"),
        ("SELECT format FROM t", None),
        ("SELECT 'FORMAT x' FROM t", None),
    ],
)
def test_the_format_of_a_result_is_found(sql: str, fmt: str | None):
    assert result_format(sql) == fmt


def test_only_formats_without_a_frame_are_streamed():
    assert streams("Native")
    assert not streams("JSON")
    assert not streams("CSVWithNames")


@pytest.mark.parametrize(
    ("sql", "word"),
    [(" ((select 1))", "SELECT"), ("-- x\n/* y */ show tables", "SHOW"), ("", ""), ("/* open", ""), ("1", "")],
)
def test_the_first_word_is_found_behind_comments(sql: str, word: str):
    assert first_word(sql) == word


def test_a_query_is_killed_by_the_id_that_its_client_gave():
    assert with_known_ids("KILL QUERY WHERE query_id = 'a'") == "KILL QUERY WHERE Settings['log_comment'] = 'a'"
    assert with_known_ids("SELECT query_id = 'a'") == "SELECT query_id = 'a'"


def test_a_file_written_by_a_query_is_seen_and_a_string_is_not_taken_for_one():
    assert writes_file("SELECT 1 INTO/**/OutFile 'x'")
    assert not writes_file("SELECT 'INTO OUTFILE' -- INTO OUTFILE")
