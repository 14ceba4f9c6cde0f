"""A silence that comes back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import xxhash

from watchkeeper.alerts.matchers import matcher_text
from watchkeeper.alerts.recurring.schedule import Schedule, Span
from watchkeeper.alerts.silence import Silence
from watchkeeper.model.matcher import Matcher
from watchkeeper.model.tenant import DEFAULT_TENANT

Source: TypeAlias = Literal["file", "api"]
NAME, VERSION = "recurring_silence", "recurring_silence_version"
"""The annotations by which an occurrence says what it is one of."""
_IDS = uuid.UUID("8f2d4d0e-5c0b-4b5e-9a55-5f5f4d1f6c11")


@dataclass(frozen=True, slots=True)
class RecurringSilence:
    """A silence for each span of a schedule. Its `name` is unique within its tenant."""

    name: str
    matchers: tuple[Matcher, ...]
    schedule: Schedule
    created_by: str = ""
    comment: str = ""
    tenant: str = DEFAULT_TENANT
    source: Source = "file"

    @property
    def version(self) -> str:
        """Differs from that of any silence which would mute, or say, something else."""
        schedule = self.schedule
        parts = (
            self.name,
            [matcher_text(matcher) for matcher in self.matchers],
            (schedule.cron, schedule.rrule, str(schedule.start or ""), schedule.duration_ms, schedule.time_zone),
            self.created_by,
            self.comment,
            self.tenant,
            *(["calendar"] if schedule.feed is not None else []),
        )
        return xxhash.xxh3_64_hexdigest(json.dumps(parts).encode())

    def occurrences(self, at: int, until: int | None = None) -> Iterator[Silence]:
        """The silences that have not ended by the instant `at` and begin by `until`; their ids are always the same."""
        version = self.version
        return (self._occurrence(span, self._version_of(span, version)) for span in self.schedule.spans(at, until))

    def versions(self, at: int, until: int) -> set[str]:
        """The versions of the silences that may be there between two instants: others are no longer meant."""
        if self.schedule.feed is None:
            return {self.version}
        return {silence.annotations[VERSION] for silence in self.occurrences(at, until)}

    def _version_of(self, span: Span, version: str) -> str:
        """An event that moves or goes ends its own silence, and none of the others."""
        if self.schedule.feed is None:
            return version
        return xxhash.xxh3_64_hexdigest(f"{version}/{span.starts_at}/{span.ends_at}".encode())

    def _occurrence(self, span: Span, version: str) -> Silence:
        return Silence(
            self.matchers,
            span.starts_at,
            span.ends_at,
            self.created_by,
            self.comment,
            {NAME: self.name, VERSION: version},
            str(uuid.uuid5(_IDS, f"{version}/{span.starts_at}")),
            tenant=self.tenant,
        )


def version_of(silence: Silence) -> str:
    """The version of the recurring silence that this is an occurrence of; empty where it is none.

    Annotations are what anybody can write: an occurrence has an id that nobody can choose, too.
    """
    version = silence.annotations.get(VERSION, "")
    return version if version and silence.id[14:15] == "5" else ""
