"""Tokens of inserts that a death cut off: forgotten before the engine opens, so that the inserts can be sent again.

The engine writes the token of an insert into its table's deduplication log, and only then renames the part into its
place. Killed between the two, it would take the insert's repetition for one that is stored already, and say so.

Source: the deduplication log of a MergeTree table as the engine writes it, a line for each operation: 1 (part added)
or 2 (part dropped), the part's name, and the token's hash, with tabs between them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

_ADDED, _DROPPED = "1", "2"
_Blocks = Mapping[str, list[tuple[int, int]]]


def forget_lost_inserts(path: Path) -> int:
    """Mark as dropped what deduplication logs below an engine's path list and no part holds; how many those were.

    No engine may have the path open. Raises OSError.
    """
    return sum(_forget(folder) for folder in sorted(path.glob("store/*/*/deduplication_logs")))


def _forget(folder: Path) -> int:
    logs = sorted(folder.glob("deduplication_log_*.txt"), key=lambda log: int(log.stem.rpartition("_")[2]))
    added: dict[str, str] = {}
    for log in logs:
        _cut_torn_line(log)
        for line in log.read_text(errors="replace").splitlines():
            match line.split("\t"):
                case [operation, part, token] if operation == _ADDED:
                    added[token] = part
                case [operation, _, token] if operation == _DROPPED:
                    added.pop(token, None)
                case _:
                    pass  # the engine says what it thinks of it
    blocks = _blocks(entry.name for entry in folder.parent.iterdir())
    lost = [(part, token) for token, part in added.items() if not _holds(blocks, part)]
    if lost:
        with logs[-1].open("a") as log:
            log.writelines(f"{_DROPPED}\t{part}\t{token}\n" for part, token in lost)
            log.flush()
            os.fsync(log.fileno())
    return len(lost)


def _cut_torn_line(log: Path) -> None:
    data = log.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        os.truncate(log, whole)


def _blocks(names: Iterable[str]) -> _Blocks:
    """By partition, the first and the last number of the blocks that each part holds, merged ones included."""
    blocks: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for name in names:
        partition, *numbers = name.split("_")
        # Of what is no part, or none yet, the names begin with a word (`tmp_insert_…`).
        if len(numbers) in (3, 4) and all(number.isdecimal() for number in numbers):
            blocks[partition].append((int(numbers[0]), int(numbers[1])))
    return blocks


def _holds(blocks: _Blocks, part: str) -> bool:
    partition, number = part.split("_")[:2]
    return any(first <= int(number) <= last for first, last in blocks.get(partition, ()))
