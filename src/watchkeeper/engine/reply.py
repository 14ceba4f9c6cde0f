"""Answers on the wire: whole, streamed, or handed over in shared memory."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

from watchkeeper.engine.connection import EngineError
from watchkeeper.engine.encoding import chosen_encoding, compress
from watchkeeper.engine.execution import Answer, Tally
from watchkeeper.engine.handover import Handover
from watchkeeper.engine.http import Head, send_chunks, send_head
from watchkeeper.engine.request import Request
from watchkeeper.engine.result import Piece, gather, pieces
from watchkeeper.store.endpoint import RESULT_FILE_HEADER, RESULT_REQUEST_HEADER, RESULT_REQUEST_VALUE

# Below this a result travels faster in the answer than through a file.
_HANDED_OVER_FROM = 1 << 20
# A result up to this size is sent whole, so that its summary and a late failure still fit into the head.
_WHOLE_UP_TO = 1 << 16
# The HTTP statuses that ClickHouse gives some of its error codes; 500 stands for the rest.
_STATUSES = {
    6: 400,
    27: 400,
    36: 400,
    41: 400,
    46: 404,
    47: 404,
    48: 501,
    53: 400,
    60: 404,
    62: 400,
    72: 400,
    81: 404,
    115: 404,
    131: 413,
    354: 400,
    457: 400,
    516: 403,
}


def send_error(client: socket.socket, error: EngineError) -> None:
    """Answer with ClickHouse's error: its code in a header, its text in the body."""
    code = error.code or 1002  # UNKNOWN_EXCEPTION
    body = error.text.encode() + b"\n"
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-ClickHouse-Exception-Code": str(code),
        "Content-Length": str(len(body)),
    }
    send_head(client, _STATUSES.get(code, 500), headers, body)


class Reply:
    """The answer to one request. Calls `release` once it needs the engine no more, before the last byte is sent."""

    def __init__(
        self,
        client: socket.socket,
        head: Head,
        request: Request,
        handover: Handover | None,
        release: Callable[[], None],
    ) -> None:
        self._client = client
        self._release = release
        self._head = head
        self._request = request
        self._handover = handover

    def send(self, answer: Answer) -> None:
        """Send `answer` in the form that its size and the request ask for.

        Raises EngineError while nothing has been sent yet; a failure after that is written into the stream, as
        ClickHouse does.
        """
        # Closed here, and not whenever a traceback lets go of it: the connection is about to serve somebody else.
        with closing(answer.chunks):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        source = pieces(answer.chunks)
        wanted = self._head.headers.get(RESULT_REQUEST_HEADER.lower())
        if wanted == RESULT_REQUEST_VALUE and self._handover is not None and self._handover.has_room():
            taken, complete = gather(source, _HANDED_OVER_FROM)
            if not complete:
                self._hand_over(self._handover, answer, taken, source)
                return
        else:
            taken, complete = gather(source, None if self._request.waits else _WHOLE_UP_TO)
        if complete:
            self._release()
            self._send_whole(answer, taken)
        else:
            self._send_stream(answer, taken, source)

    def _send_whole(self, answer: Answer, taken: list[Piece]) -> None:
        headers = self._headers(answer)
        encoding = self._encoding()
        if encoding is not None and taken:
            body = compress(b"".join(piece.view for piece in taken), encoding)
            send_head(
                self._client, 200, {**headers, "Content-Encoding": encoding, "Content-Length": str(len(body))}, body
            )
            return
        size = sum(len(piece.view) for piece in taken)
        headers["Content-Length"] = str(size)
        if size <= _WHOLE_UP_TO:
            send_head(self._client, 200, headers, b"".join(piece.view for piece in taken))
            return
        send_head(self._client, 200, headers)
        for piece in taken:
            self._client.sendall(piece.view)

    def _send_stream(self, answer: Answer, taken: list[Piece], source: Iterator[Piece]) -> None:
        tag = secrets.token_hex(8)
        headers = self._headers(answer)
        headers["Transfer-Encoding"] = "chunked"
        headers["X-ClickHouse-Exception-Tag"] = tag
        send_head(self._client, 200, headers)

        def views() -> Iterator[memoryview | bytes]:
            while taken:
                # Held while its bytes are on their way: the view alone does not keep them.
                first = taken.pop(0)
                yield first.view
            try:
                for piece in source:
                    yield piece.view
            except EngineError as error:
                yield _exception_block(error, tag)
            self._release()

        send_chunks(self._client, views())

    def _hand_over(self, handover: Handover, answer: Answer, taken: list[Piece], source: Iterator[Piece]) -> None:
        def views() -> Iterator[memoryview]:
            while taken:
                # Held while its bytes are on their way: the view alone does not keep them.
                first = taken.pop(0)
                yield first.view
            for piece in source:
                yield piece.view

        try:
            name, _ = handover.write(views())
        except OSError as error:
            raise EngineError(
                f"Code: 243. DB::Exception: The result does not fit into shared memory: {error}. (NOT_ENOUGH_SPACE)"
            ) from None
        self._release()
        try:
            send_head(self._client, 200, {**self._headers(answer), RESULT_FILE_HEADER: name, "Content-Length": "0"})
        except OSError:
            handover.drop(name)
            raise

    def _headers(self, answer: Answer) -> dict[str, str]:
        headers = {
            "Content-Type": "application/octet-stream",
            "X-ClickHouse-Query-Id": self._request.query_id,
            "X-ClickHouse-Summary": _summary(answer.tally),
        }
        if answer.format is not None:
            headers["X-ClickHouse-Format"] = answer.format
        return headers

    def _encoding(self) -> str | None:
        if not self._request.accepts_compression:
            return None
        return chosen_encoding(self._head.headers.get("accept-encoding", ""))


def _summary(tally: Tally) -> str:
    """The counts as ClickHouse writes them: every number a string."""
    return json.dumps(
        {
            "read_rows": str(tally.read_rows),
            "read_bytes": str(tally.read_bytes),
            "written_rows": str(tally.written_rows),
            "written_bytes": str(tally.written_bytes),
            "result_rows": str(tally.result_rows),
            "result_bytes": str(tally.result_bytes),
        }
    )


def _exception_block(error: EngineError, tag: str) -> bytes:
    """A failure in the middle of a stream, marked with the tag that the head announced."""
    text = error.text.encode()
    return b"\r\n__exception__\r\n%b\r\n%b\n%d %b\r\n__exception__\r\n" % (
        tag.encode(),
        text,
        len(text) + 1,
        tag.encode(),
    )
