"""HTTP/1.1 over a blocking socket: just as much as ClickHouse's interface needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BufferedReader
from socket import SocketIO, socket

_LONGEST_LINE = 1 << 20
_MOST_HEADERS = 200
# A buffer that sends many small pieces in one packet is not worth it above this.
_TOGETHER = 1 << 16


class BadRequest(Exception):
    """The peer does not speak HTTP as we know it; the connection is of no further use."""


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the headers, names in lower case."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Say whether another request may follow on this connection."""
        return self.headers.get("connection", "").lower() != "close"


def read_head(reader: BufferedReader[SocketIO]) -> Head | None:
    """The next request's head, or None when the peer has closed the connection. Raises BadRequest."""
    line = _line(reader)
    if not line:
        return None
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequest(f"not a request line of HTTP/1.1: {line[:80]!r}")
    headers: dict[str, str] = {}
    while header := _line(reader):
        name, colon, value = header.partition(":")
        if not colon or len(headers) == _MOST_HEADERS:
            raise BadRequest(f"not a header: {header[:80]!r}")
        headers[name.lower()] = value.strip()
    path, _, query_string = parts[1].partition("?")
    return Head(parts[0], path, query_string, headers)


def read_body(reader: BufferedReader[SocketIO], head: Head, most_bytes: int) -> bytes:
    """The request's body, which is empty when it has none. Raises BadRequest, also above `most_bytes`."""
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return _chunked(reader, most_bytes)
    length = head.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > most_bytes:
        raise BadRequest(f"a body of {length} bytes; at most {most_bytes} are taken")
    body = reader.read(int(length))
    if len(body) < int(length):
        raise BadRequest("the connection ended within the body")
    return body


def send_head(connection: socket, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    """Send a status line and headers, and with them a small or empty `body`."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
    if len(body) < _TOGETHER:
        connection.sendall(head + body)
        return
    connection.sendall(head)
    connection.sendall(body)


def send_chunks(connection: socket, pieces: Iterable[memoryview | bytes]) -> None:
    """Send `pieces` with chunked transfer encoding, each as soon as it is there, and the end."""
    for piece in pieces:
        if len(piece):
            connection.sendall(f"{len(piece):x}\r\n".encode())
            connection.sendall(piece)
            connection.sendall(b"\r\n")
    connection.sendall(b"0\r\n\r\n")


def _line(reader: BufferedReader[SocketIO]) -> str:
    line = reader.readline(_LONGEST_LINE)
    if len(line) == _LONGEST_LINE:
        raise BadRequest(f"a line of more than {_LONGEST_LINE} bytes")
    return line.rstrip(b"\r\n").decode("latin-1")


def _chunked(reader: BufferedReader[SocketIO], most_bytes: int) -> bytes:
    pieces: list[bytes] = []
    total = 0
    while True:
        size_text = _line(reader).partition(";")[0]
        try:
            size = int(size_text, 16)
        except ValueError:
            raise BadRequest(f"not the size of a chunk: {size_text[:40]!r}") from None
        total += size
        if size < 0 or total > most_bytes:
            raise BadRequest(f"a body of more than {most_bytes} bytes")
        if size == 0:
            while _line(reader):
                pass
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        piece = reader.read(size)
        if len(piece) < size or _line(reader):
            raise BadRequest("the connection ended within a chunk")
        pieces.append(piece)
