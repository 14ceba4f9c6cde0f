"""The Native codec, held against the engine and against itself."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.store import StoreFailure, Target
from watchkeeper.store.client import Client
from watchkeeper.store.native import Block, Coded, Ragged, decode, encode


def client_of(target: Target) -> Client:
    return Client(target, "default")


def test_every_type_that_our_tables_use_is_read(target: Target) -> None:
    block = client_of(target).query(
        "SELECT toUInt64(number) + 18446744073709551613 AS u, toInt8(number) - 1 AS i, number / 4 AS f, "
        "toLowCardinality(toString(number % 2)) AS coded, repeat('ä', number * 70) AS text, "
        "fromUnixTimestamp64Milli(toInt64(number) * 1500, 'UTC') AS at, range(number) AS list, "
        "CAST(map('a', toString(number)), 'Map(LowCardinality(String), LowCardinality(String))') AS pairs "
        "FROM numbers(3)"
    )
    assert block.rows == 3
    assert block.array("u").tolist() == [18446744073709551613 + n for n in range(3)]
    assert block.array("i").tolist() == [-1, 0, 1]
    assert block.array("f").tolist() == [0, 0.25, 0.5]
    assert block.strings("coded") == ["0", "1", "0"]
    assert block.strings("text") == ["", "ä" * 70, "ä" * 140]
    assert block.array("at").tolist() == [0, 1500, 3000]
    assert block.ragged("list").offsets.tolist() == [0, 0, 1, 3]
    values = block.ragged("pairs").columns[1]
    assert isinstance(values, Coded)
    assert [values.keys[code] for code in values.codes.tolist()] == ["0", "1", "2"]


def test_an_answer_of_many_blocks_is_one(target: Target) -> None:
    block = client_of(target).query(
        "SELECT number, toLowCardinality(toString(intDiv(number, 1000))) AS coded, [number, number] AS list "
        "FROM numbers(200000)"
    )
    assert np.array_equal(block.array("number"), np.arange(200_000))
    assert block.strings("coded") == [str(n // 1000) for n in range(200_000)]
    list_ = block.ragged("list")
    assert np.array_equal(list_.offsets, np.arange(200_001) * 2)
    assert np.array_equal(np.asarray(list_.columns[0]), np.repeat(np.arange(200_000), 2))


def test_an_unknown_type_is_named(target: Target) -> None:
    with pytest.raises(StoreFailure, match="Nullable"):
        client_of(target).query("SELECT toNullable(1) AS n")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**64 - 1), st.floats(), st.text(max_size=200), st.lists(st.tuples(st.text(), st.text()))
        ),
        max_size=20,
    )
)
def test_what_is_encoded_is_decoded(rows: list[tuple[int, float, str, list[tuple[str, str]]]]) -> None:
    pairs = [pair for _, _, _, labels in rows for pair in labels]
    keys = sorted({key for key, _ in pairs})
    offsets = np.cumsum([0, *(len(labels) for _, _, _, labels in rows)])
    codes = np.array([keys.index(key) for key, _ in pairs], dtype=np.int64)
    data = encode(
        [
            ("u", "UInt64", np.array([row[0] for row in rows], dtype=np.uint64)),
            ("f", "Float64", np.array([row[1] for row in rows])),
            ("t", "String", [row[2] for row in rows]),
            ("m", "Map(LowCardinality(String), String)", Ragged(offsets, (Coded(keys, codes), [v for _, v in pairs]))),
        ],
        len(rows),
    )
    block: Block = decode(data)
    assert block.rows == len(rows)
    assert block.array("u").tolist() == [row[0] for row in rows]
    assert block.array("f").tobytes() == np.array([row[1] for row in rows]).tobytes()
    assert block.strings("t") == [row[2] for row in rows]
    if not rows:
        return
    ragged = block.ragged("m")
    names, values = ragged.columns
    assert isinstance(names, Coded)
    assert ragged.offsets.tolist() == offsets.tolist()
    assert [names.keys[code] for code in names.codes.tolist()] == [key for key, _ in pairs]
    assert values == [value for _, value in pairs]


@given(st.binary(max_size=60))
def test_garbage_is_a_failure(data: bytes) -> None:
    with suppress(StoreFailure):
        decode(data)
