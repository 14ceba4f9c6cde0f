"""The route below `/api/v1`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from watchkeeper.api.body import read_body
from watchkeeper.api.prometheus.remote_read.answer import frames, sampled
from watchkeeper.api.prometheus.remote_read.question import BadQuestion, Question, read_question, unpacked
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.tenant import tenant_of
from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.store import Store

_LARGEST = 32 << 20
_SAMPLED = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
_STREAMED = {"Content-Type": "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"}


def routes(core: Core, store: Store, running: Running) -> list[BaseRoute]:
    """`/read`, as samples or as a stream of chunks, whichever the client names first."""

    async def read(request: Request) -> Response:
        external = running.external_labels()
        try:
            message = unpacked(await read_body(request, _LARGEST), _LARGEST)
            question = read_question(message, tenant_of(request), external)
        except BadQuestion as why:
            return PlainTextResponse(f"{why}\n", 400)
        if question.streamed:
            return StreamingResponse(_streamed(core, store, question, external), headers=_STREAMED)
        blocks = await core.readers.run(_select, store, question.selections)
        samples = sum(int(block.offsets[-1]) for block in blocks)
        most = core.options.read_sample_limit
        if 0 < most < samples:
            return PlainTextResponse(f"exceeded sample limit ({most})\n", 400)
        return Response(await core.readers.run(sampled, blocks, external), headers=_SAMPLED)

    return [Route("/read", read, methods=["POST"])]


def _select(store: Store, selections: Sequence[Selection]) -> list[SeriesBlock]:
    return [store.select(selection) for selection in selections]


async def _streamed(core: Core, store: Store, question: Question, external: dict[str, str]) -> AsyncIterator[bytes]:
    """The frames, made a few at a time in a worker thread; a client that leaves ends the work."""
    blocks = await core.readers.run(_select, store, question.selections)
    made = frames(blocks, external, core.options.read_frame_bytes)
    while part := await core.readers.run(_some, made):
        yield part


def _some(made: Iterator[bytes], enough: int = 1 << 18) -> bytes:
    """The next frames, until there is something worth sending."""
    parts: list[bytes] = []
    size = 0
    for frame in made:
        parts.append(frame)
        size += len(frame)
        if size >= enough:
            break
    return b"".join(parts)
