"""All that is known of one alert, joined from the rooms: why people are told, or not, and what has happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from watchkeeper.alerts import Alerts, Explanation, explain
from watchkeeper.journal import Entry, Journal, Search
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Outlook

MOST_ENTRIES = 100


class Outlooks(Protocol):
    """Who knows what receivers know; the room `notify` does."""

    def outlooks(self, flush: Flush, labels: Labels, next_at: int) -> Sequence[Outlook]:
        """What each integration of a flush's receiver knows of an alert, and whether it is told at `next_at` (ms)."""
        ...


@dataclass(frozen=True, slots=True)
class Story:
    """An explanation, what each of its ways' integrations knows, and the newest entries about the alert."""

    explanation: Explanation
    outlooks: Sequence[Sequence[Outlook]]
    history: Sequence[Entry]


async def story_of(room: Alerts, outlooks: Outlooks, journal: Journal, tenant: str, labels: Labels, at: int) -> Story:
    """The story of the alert with these labels, which need not exist. Raises StoreFailure."""
    explanation = explain(room, tenant, labels, at)
    known = [
        outlooks.outlooks(way.flush, labels, _next_at(way.next_flush_at, way.route.options.group_wait_ms, at))
        for way in explanation.ways
    ]
    history = await journal.find(Search(tenant, alert=explanation.fingerprint, limit=MOST_ENTRIES))
    return Story(explanation, known, history)


async def labels_with(room: Alerts, journal: Journal, tenant: str, fingerprint: str) -> Labels | None:
    """The labels of an alert that is held, or of one that the journal remembers. Raises StoreFailure."""
    held = next((held for held in room.alerts(tenant) if held.fingerprint == fingerprint), None)
    if held is not None:
        return held.alert.labels
    kinds = ("alert.fired", "alert.resolved")
    remembered = await journal.find(Search(tenant, kinds, fingerprint, limit=1))
    return Labels(cast("Mapping[str, str]", remembered[0].details["labels"])) if remembered else None


def _next_at(next_flush_at: int | None, group_wait_ms: int, at: int) -> int:
    return at + group_wait_ms if next_flush_at is None else next_flush_at
