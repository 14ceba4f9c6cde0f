"""Texts in files, read again when the file has changed."""

from __future__ import annotations

from pathlib import Path

from watchkeeper.base.http.failure import HTTPFailure

_Stamp = tuple[int, int, int]


def stamp(path: Path) -> _Stamp:
    """What changes when the file does. Raises HTTPFailure where there is no such file."""
    try:
        status = path.stat()
    except OSError as error:
        raise HTTPFailure(f"the file {path} cannot be read: {error.strerror}") from error
    return status.st_mtime_ns, status.st_size, status.st_ino


class FileText:
    """A file's text without the white space around it; it costs one `stat` while the file stays as it is."""

    __slots__ = ("_path", "_stamp", "_text")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: _Stamp | None = None
        self._text = ""

    def read(self) -> str:
        """The text now. Raises HTTPFailure where the file cannot be read."""
        current = stamp(self._path)
        if current != self._stamp:
            try:
                self._text = self._path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise HTTPFailure(f"the file {self._path} cannot be read: {error}") from error
            self._stamp = current
        return self._text
