"""The orders in which Alertmanager lists alerts and groups."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TypeAlias

from watchkeeper.model.labels import Labels

Order: TypeAlias = tuple[object, ...]
"""Flat, for every alert keeps one."""
_ABSENT = (1, "")


def labels_order(labels: Labels) -> Order:
    """Fewer labels first; then pair by pair: of two names the smaller one comes last, of two values first."""
    return len(labels), *chain.from_iterable([(_descending(name), value) for name, value in labels.pairs])


def alert_order(labels: Labels) -> Order:
    """By job, by instance, then as `labels_order`; who has none comes last."""
    job, instance = labels.get("job"), labels.get("instance")
    return (
        *(_ABSENT if job is None else (0, job)),
        *(_ABSENT if instance is None else (0, instance)),
        *labels_order(labels),
    )


@lru_cache(maxsize=4096)
def _descending(text: str) -> tuple[int, ...]:
    """A key that sorts texts the other way round; one object for each text, so that comparing is quick."""
    return (*(-ord(char) for char in text), 1)
