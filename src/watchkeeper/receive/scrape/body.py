"""A response's body, unpacked under guard."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Protocol

import cramjam

from watchkeeper.receive.scrape.failure import BodyTooLarge, ScrapeFailure

LARGEST_BODY_BYTES = 512 << 20
"""No body may unpack to more than this, whatever the job allows: a few compressed bytes must not fill the memory."""
ACCEPT_ENCODING = "zstd, gzip"
_ZSTD_STEP_BYTES = 1024


class _Unpacker(Protocol):
    def feed(self, chunk: bytes, room: int) -> bytes:
        """What `chunk` unpacks to; a little more than `room` bytes at most where it is more than that."""
        ...

    def end(self) -> None:
        """Raise ScrapeFailure where the stream is cut off."""
        ...


class _Plain:
    def feed(self, chunk: bytes, room: int) -> bytes:
        return chunk

    def end(self) -> None:
        pass


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

    def end(self) -> None:
        if not self._stream.eof:
            raise ScrapeFailure("the gzip body is cut off")


class _Zstd:
    def __init__(self) -> None:
        self._stream = cramjam.zstd.Decompressor()

    def feed(self, chunk: bytes, room: int) -> bytes:
        out = bytearray()
        try:
            for at in range(0, len(chunk), _ZSTD_STEP_BYTES):
                self._stream.decompress(chunk[at : at + _ZSTD_STEP_BYTES])
                out += bytes(self._stream.flush())
                if len(out) > room:
                    break
        except cramjam.DecompressionError as error:
            raise ScrapeFailure(f"the body is no valid zstd: {error}") from None
        return bytes(out)

    def end(self) -> None:
        try:
            self._stream.finish()
        except cramjam.DecompressionError as error:
            raise ScrapeFailure(f"the zstd body is cut off: {error}") from None


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limit_bytes: int) -> bytes:
    """The unpacked body. Raises BodyTooLarge where it reaches a limit above 0, ScrapeFailure where it is damaged."""
    unpacker = _unpacker(encoding)
    limit = limit_bytes or LARGEST_BODY_BYTES
    body = bytearray()
    async for chunk in chunks:
        body += unpacker.feed(chunk, limit - len(body))
        if len(body) >= limit:
            raise BodyTooLarge(f"body size limit exceeded (limit: {limit} bytes)")
    unpacker.end()
    return bytes(body)


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
