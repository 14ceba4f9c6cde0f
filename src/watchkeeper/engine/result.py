"""A result's bytes, where they lie in the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watchkeeper.engine.library import Chunk, Memory


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk's bytes without a copy. `view` is valid only while its owners live, so they are kept beside it."""

    view: memoryview
    memory: Memory
    chunk: Chunk


def pieces(chunks: Iterator[Chunk]) -> Iterator[Piece]:
    """The bytes of each chunk that has any."""
    for chunk in chunks:
        if chunk.size():
            memory = chunk.get_memview()
            yield Piece(memory.view(), memory, chunk)


def gather(source: Iterator[Piece], enough_bytes: int | None) -> tuple[list[Piece], bool]:
    """Take pieces until there are more than `enough_bytes` (all, for None); the pieces, and whether those were all."""
    taken: list[Piece] = []
    size = 0
    for piece in source:
        taken.append(piece)
        size += len(piece.view)
        if enough_bytes is not None and size > enough_bytes:
            return taken, False
    return taken, True
