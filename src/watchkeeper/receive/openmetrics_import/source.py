"""A text to be imported, in pieces that are each a whole OpenMetrics text."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from watchkeeper.receive.openmetrics_import.failure import ImportFailure

PIECE_BYTES = 4 << 20
"""How much is read, decoded and committed at a time."""
_END = b"# EOF"
_TYPE = b"# TYPE "

Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines as a text of their own; `lines_before` is how many the file has before its first (−1 where that line
    was put there)."""

    text: bytes
    lines_before: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file, by the name that messages give it; `packed` says that it is gzip."""

    path: Path
    name: str
    packed: bool

    @classmethod
    def of(cls, path: Path) -> Source:
        """A user's file."""
        return cls(path, str(path), path.suffix == ".gz")

    def pieces(self, progress: Progress) -> Iterator[Piece]:
        """The whole text, one piece after the other. Raises ImportFailure."""
        line, type_comment = 0, b""
        try:
            with self.path.open("rb") as raw, self._unpacked(raw) as file:
                for lines, last in self._cut(file, raw, progress):
                    # A piece needs the type that the one before it set, and an end of its own.
                    end = b"" if last else _END + b"\n"
                    yield Piece(type_comment + lines + end, line - type_comment.count(b"\n"))
                    line += lines.count(b"\n")
                    type_comment = _last_type(lines) or type_comment
        except (OSError, EOFError, zlib.error) as error:
            raise ImportFailure(f"{self.name}: {error}") from error

    def _unpacked(self, raw: BinaryIO) -> BinaryIO:
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if self.packed else raw

    def _cut(self, file: BinaryIO, raw: BinaryIO, progress: Progress) -> Iterator[tuple[bytes, bool]]:
        """Whole lines, and whether they are the last. Raises ImportFailure where those lack the end marker."""
        rest = b""
        while chunk := file.read(PIECE_BYTES):
            progress(raw.tell())
            rest += chunk
            cut = rest.rfind(b"\n") + 1
            # The last line may be the end marker, which belongs to what stands before it.
            cut = rest.rfind(b"\n", 0, cut - 1) + 1 if cut else 0
            if cut:
                yield rest[:cut], False
                rest = rest[cut:]
        if not _ends(rest):
            raise ImportFailure(f'{self.name}: it does not end with "# EOF": right would be that as the last line')
        yield rest, True


def _ends(lines: bytes) -> bool:
    return lines.rstrip(b"\n").endswith(_END) and (lines.startswith(_END) or b"\n" + _END in lines)


def _last_type(lines: bytes) -> bytes:
    """The last TYPE comment among them, with its line break."""
    at = len(lines)
    while (at := lines.rfind(_TYPE, 0, at)) >= 0:
        if at == 0 or lines[at - 1 : at] == b"\n":
            return lines[at : lines.index(b"\n", at) + 1]
    return b""
