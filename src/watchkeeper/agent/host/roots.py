"""Where a machine's files lie, and how they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

_CHUNK = 64 << 10


class NoData(Exception):
    """This machine has nothing for a collector: a module is not loaded, a piece of hardware is not there."""


@dataclass(frozen=True, slots=True)
class Roots:
    """The mount points of procfs, sysfs and the root file system; in a container, those of the host."""

    procfs: str = "/proc"
    sysfs: str = "/sys"
    rootfs: str = "/"
    udev: str = "/run/udev/data"

    def proc(self, path: str) -> str:
        """A file below procfs."""
        return f"{self.procfs}/{path}"

    def sys(self, path: str) -> str:
        """A file below sysfs."""
        return f"{self.sysfs}/{path}"

    def root(self, path: str) -> str:
        """An absolute path of the machine as we reach it."""
        return path if self.rootfs == "/" else self.rootfs.rstrip("/") + path

    def inside(self, path: str) -> str:
        """A path as we see it, as the machine itself sees it."""
        prefix = self.rootfs.rstrip("/")
        if prefix and (path == prefix or path.startswith(prefix + "/")):
            return path[len(prefix) :] or "/"
        return path


def read(path: str) -> str:
    """The text of a file; what is no UTF-8 becomes the replacement character. Raises OSError."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        chunk = os.read(file, _CHUNK)
        whole = chunk
        # A short read ends the small files that sysfs consists of; a longer file is read to its end.
        while len(chunk) > 2048 and (chunk := os.read(file, _CHUNK)):
            whole += chunk
    finally:
        os.close(file)
    return whole.decode("utf-8", "replace")


def needed(path: str) -> str:
    """The text of a file without which there is nothing to tell. Raises NoData where it is not there, OSError."""
    try:
        return read(path)
    except FileNotFoundError as error:
        raise NoData(f"{error.filename or path} is not there") from None


def word(path: str) -> str | None:
    """The stripped text of a small file, or None where it cannot be read."""
    try:
        return read(path).strip()
    except OSError:
        return None


def number(path: str) -> int | None:
    """The integer in a small file, decimal or with 0x; None where it cannot be read or holds none."""
    text = word(path)
    if text is None:
        return None
    try:
        return int(text, 0) if text.startswith(("0x", "-0x")) else int(text)
    except ValueError:
        return None


def entries(path: str, prefix: str = "") -> list[str]:
    """The names in a folder that begin with `prefix`, sorted; none where there is no such folder."""
    try:
        return [name for name in _names(path) if name.startswith(prefix)]
    except OSError:
        return []


def needed_entries(path: str) -> list[str]:
    """The names in a folder, sorted. Raises NoData where there is no such folder, OSError."""
    try:
        return _names(path)
    except FileNotFoundError:
        raise NoData(f"{path} is not there") from None


def numbered(path: str, prefix: str) -> Iterator[tuple[str, str]]:
    """The entries of a folder that are `prefix` and a number: pairs of the number and the path, by the number."""
    found = [name[len(prefix) :] for name in entries(path, prefix)]
    for digits in sorted((d for d in found if d.isdecimal() and d.isascii()), key=int):
        yield digits, f"{path}/{prefix}{digits}"


def _names(path: str) -> list[str]:
    with os.scandir(path) as found:
        return sorted(entry.name for entry in found)
