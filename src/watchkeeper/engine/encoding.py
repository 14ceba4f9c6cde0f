"""HTTP content encodings, as ClickHouse and its clients use them."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import cramjam


class BadEncoding(Exception):
    """A body that is not what its Content-Encoding says, or an encoding that we do not know."""


# The encodings we offer, the cheapest first: on loopback time counts, not bytes.
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lambda data: bytes(cramjam.lz4.compress(data)),
    "zstd": lambda data: bytes(cramjam.zstd.compress(data, 1)),
    "gzip": lambda data: bytes(cramjam.gzip.compress(data, 3)),
    "deflate": lambda data: zlib.compress(data, 3),
}


def chosen_encoding(accepted: str) -> str | None:
    """The encoding to answer with for an Accept-Encoding header; None where none of ours is accepted."""
    offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return next((name for name in _COMPRESS if name in offered), None)


def compress(data: bytes, encoding: str) -> bytes:
    """`data` as a whole body in `encoding`, one of those that `chosen_encoding` gives."""
    return _COMPRESS[encoding](data)


def decompress(data: bytes, encoding: str, most_bytes: int) -> bytes:
    """The body behind `encoding`, several frames one after the other included. Raises BadEncoding.

    A body that would grow beyond `most_bytes` is refused before it has.
    """
    if encoding in ("", "identity"):
        return data
    try:
        if encoding in ("gzip", "deflate"):
            return _inflated(data, encoding, most_bytes)
        if encoding in ("lz4", "zstd", "br"):
            return _decoded(data, encoding, most_bytes)
    except (cramjam.DecompressionError, zlib.error) as error:
        raise BadEncoding(f"the body is not {encoding}: {error}") from None
    raise BadEncoding(f"unknown Content-Encoding {encoding!r}: lz4, zstd, br, gzip and deflate are known")


def _inflated(data: bytes, encoding: str, most_bytes: int) -> bytes:
    wbits = 31 if encoding == "gzip" else 15
    pieces: list[bytes] = []
    total = 0
    while data:
        inflater = zlib.decompressobj(wbits)
        piece = inflater.decompress(data, most_bytes - total + 1)
        total += len(piece)
        if total > most_bytes:
            raise BadEncoding(f"the body holds more than {most_bytes} bytes")
        if not inflater.eof:
            raise BadEncoding(f"the body's {encoding} ends too early")
        pieces.append(piece)
        data = inflater.unused_data
    return b"".join(pieces)


def _decoded(data: bytes, encoding: str, most_bytes: int) -> bytes:
    reader = {"lz4": cramjam.lz4, "zstd": cramjam.zstd, "br": cramjam.brotli}[encoding].decompress
    plain = bytes(reader(data))
    if len(plain) > most_bytes:
        raise BadEncoding(f"the body holds more than {most_bytes} bytes")
    return plain
