"""Bodies, packed and not."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.receive.scrape.body import read_body
from watchkeeper.receive.scrape.failure import BodyTooLarge, ScrapeFailure

BODY = b"".join(b"metric_%d %d\n" % (i, i * i) for i in range(5000))
PACK = {
    "": lambda b: b,
    "identity": lambda b: b,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "zstd": lambda b: bytes(cramjam.zstd.compress(b)),
}


async def chunks(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


@pytest.mark.parametrize("encoding", list(PACK))
async def test_a_body_comes_out_as_it_went_in(encoding: str) -> None:
    assert await read_body(chunks(PACK[encoding](BODY)), encoding, 0) == BODY


@pytest.mark.parametrize("encoding", list(PACK))
async def test_an_empty_body_is_no_trouble(encoding: str) -> None:
    assert await read_body(chunks(PACK[encoding](b"")), encoding, 0) == b""


async def test_gzip_members_follow_each_other() -> None:
    packed = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    for size in (1, 7, 1000):
        assert await read_body(chunks(packed, size), "gzip", 0) == b"a 1\nb 2\n"


@pytest.mark.parametrize("encoding", list(PACK))
async def test_a_body_over_the_limit_is_refused(encoding: str) -> None:
    packed = PACK[encoding](BODY)
    with pytest.raises(BodyTooLarge):
        await read_body(chunks(packed), encoding, len(BODY))
    assert await read_body(chunks(packed), encoding, len(BODY) + 1) == BODY


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_bomb_is_put_out_early(encoding: str) -> None:
    bomb = PACK[encoding](b"\0" * (64 << 20))
    with pytest.raises(BodyTooLarge):
        await read_body(chunks(bomb), encoding, 1 << 20)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_body_that_is_cut_off_is_refused(encoding: str) -> None:
    packed = PACK[encoding](BODY)
    with pytest.raises(ScrapeFailure):
        await read_body(chunks(packed[: len(packed) // 2]), encoding, 0)


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br"])
async def test_a_body_that_is_not_what_it_says_is_refused(encoding: str) -> None:
    with pytest.raises(ScrapeFailure):
        await read_body(chunks(BODY), encoding, 0)


@given(st.sampled_from(["gzip", "zstd"]), st.data())
async def test_damage_never_does_more_than_fail(encoding: str, data: st.DataObject) -> None:
    packed = bytearray(PACK[encoding](BODY[:500]))
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        await read_body(chunks(bytes(packed)), encoding, 1 << 20)
    except ScrapeFailure as failure:
        assert str(failure)
