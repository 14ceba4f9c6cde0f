"""A response's body, unpacked under guard."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Protocol

import cramjam
import numpy as np

from watchkeeper.receive.scrape.failure import BodyTooLarge, ScrapeFailure

LARGEST_BODY_BYTES = 512 << 20
"""No body may unpack to more than this, whatever the job allows: a few compressed bytes must not fill the memory."""
ACCEPT_ENCODING = "zstd, gzip"
_LIKELY_RATIO, _LEAST_BUFFER = 16, 64 << 10
_FULL = "failed to write whole buffer"


class _Unpacker(Protocol):
    def feed(self, chunk: bytes, room: int) -> bytes:
        """What `chunk` unpacks to, or the begin of that where it is more than `room` bytes."""
        ...

    def end(self, room: int) -> bytes:
        """The rest, likewise. Raises ScrapeFailure where the stream is cut off."""
        ...


class _Plain:
    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk

    def end(self, room: int) -> bytes:
        return b""


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes, room: int) -> bytes:
        try:
            out = self._stream.decompress(chunk, room + 1)
            while self._stream.eof and self._stream.unused_data and len(out) <= room:
                rest, self._stream = self._stream.unused_data, zlib.decompressobj(wbits=31)
                out += self._stream.decompress(rest, room + 1 - len(out))
        except zlib.error as error:
            raise ScrapeFailure(f"the body is no valid gzip: {error}") from None
        return out

    def end(self, room: int) -> bytes:
        if not self._stream.eof:
            raise ScrapeFailure("the gzip body is cut off")
        return b""


class _Zstd:
    """Gathers the packed body and unpacks it at its end, into a buffer that is made larger until it fits."""

    def __init__(self) -> None:
        self._packed = bytearray()

    def feed(self, chunk: bytes, room: int) -> bytes:
        self._packed += chunk
        if len(self._packed) > room:
            raise BodyTooLarge(f"body size limit exceeded ({len(self._packed)} bytes, still packed)")
        return b""

    def end(self, room: int) -> bytes:
        size = _LIKELY_RATIO * len(self._packed) + _LEAST_BUFFER
        while True:
            buffer = np.empty(min(size, room + 1), dtype=np.uint8)
            try:
                return buffer[: cramjam.zstd.decompress_into(self._packed, buffer.data)].tobytes()
            except cramjam.DecompressionError as error:
                if _FULL not in str(error):
                    raise ScrapeFailure(f"the body is no valid zstd: {error}") from None
            if size > room:
                return buffer.tobytes()
            size *= 4


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limit_bytes: int) -> bytes:
    """The unpacked body. Raises BodyTooLarge where it reaches a limit above 0, ScrapeFailure where it is damaged."""
    unpacker = _unpacker(encoding)
    limit = limit_bytes or LARGEST_BODY_BYTES
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        pieces.append(unpacker.feed(chunk, limit - size))
        size += len(pieces[-1])
        _check(size, limit)
    pieces.append(unpacker.end(limit - size))
    _check(size + len(pieces[-1]), limit)
    return b"".join(pieces)


def _check(size: int, limit: int) -> None:
    if size >= limit:
        raise BodyTooLarge(f"body size limit exceeded (limit: {limit} bytes)")


def _unpacker(encoding: str) -> _Unpacker:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "zstd":
            return _Zstd()
        case other:
            raise ScrapeFailure(f'the body is encoded as "{other}": right would be gzip, zstd or none')
