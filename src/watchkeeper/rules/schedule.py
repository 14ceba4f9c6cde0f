"""When a group is due: every interval, at a place within it that depends on the group alone."""

from __future__ import annotations

import xxhash

from watchkeeper.rules.rule import RuleGroup


def first_due(group: RuleGroup, now_ms: int) -> int:
    """The first instant after `now_ms` at which the group is due; it is the same in every process."""
    offset = _digest(group) // 1_000_000
    base = (now_ms - offset) // group.interval_ms * group.interval_ms
    return base + offset + group.interval_ms


def next_due(group: RuleGroup, at: int, now_ms: int) -> tuple[int, int]:
    """The instant at which the round after the one of `at` is due, and how many before it are missed.

    Where the clock was set back, the group goes on from what it shows now.
    """
    if now_ms < at - group.interval_ms:
        return first_due(group, now_ms), 0
    passed = max(1, (now_ms - at) // group.interval_ms)
    return at + passed * group.interval_ms, passed - 1


def _digest(group: RuleGroup) -> int:
    """The group's place within its interval, in nanoseconds: Prometheus' hash of its file and name."""
    text = b"".join(part.encode() + b"\xff" for part in ("file", group.file, "name", group.name))
    return xxhash.xxh64_intdigest(text) % (group.interval_ms * 1_000_000)
