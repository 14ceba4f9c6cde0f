"""Silences in the control database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

from watchkeeper.alerts.silence import Silence
from watchkeeper.journal import Entry, Journal
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.store.control import ControlDatabase, ControlStep

SILENCES = ControlStep(
    1,
    "silences",
    (
        """
        CREATE TABLE alerts_silences (
            id VARCHAR(36) NOT NULL PRIMARY KEY,
            tenant VARCHAR(150) NOT NULL,
            matchers TEXT NOT NULL,
            starts_at_ms BIGINT NOT NULL,
            ends_at_ms BIGINT NOT NULL,
            updated_at_ms BIGINT NOT NULL,
            created_by TEXT NOT NULL,
            comment TEXT NOT NULL,
            annotations TEXT NOT NULL
        )
        """,
    ),
)
_PUT = """
INSERT INTO alerts_silences
    (id, tenant, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment, annotations)
VALUES (:id, :tenant, :matchers, :starts_at, :ends_at, :updated_at, :created_by, :comment, :annotations)
ON CONFLICT (id) DO UPDATE SET
    starts_at_ms = excluded.starts_at_ms, ends_at_ms = excluded.ends_at_ms, updated_at_ms = excluded.updated_at_ms,
    created_by = excluded.created_by, comment = excluded.comment, annotations = excluded.annotations
"""
_SELECT = """
SELECT id, tenant, matchers, starts_at_ms, ends_at_ms, updated_at_ms, created_by, comment, annotations
FROM alerts_silences ORDER BY updated_at_ms, id
"""
_DELETE = "DELETE FROM alerts_silences WHERE id = :id"


class SilenceKeeping:
    """The table of silences, and what the journal is to know of them."""

    def __init__(self, control: ControlDatabase, journal: Journal) -> None:
        self._control = control
        self._journal = journal

    async def all(self) -> list[Silence]:
        """Every silence that is kept, the one longest unchanged first. Raises StoreFailure."""
        return [_silence(*map(str, row)) for row in await self._control.rows(_SELECT)]

    async def put(self, silences: Sequence[Silence], happened: Sequence[Entry] = ()) -> None:
        """Keep the silences as they are now and record what happened, all or nothing. Raises StoreFailure."""
        await self._control.run([(_PUT, [_row(silence) for silence in silences]), *self._journal.writes(happened)])

    def record(self, happened: Sequence[Entry]) -> None:
        """Record what happened without anybody changing a silence."""
        self._journal.record(*happened)

    async def delete(self, ids: Sequence[str]) -> None:
        """Keep these no longer. Raises StoreFailure."""
        await self._control.run([(_DELETE, [{"id": id} for id in ids])])


def _row(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "tenant": silence.tenant,
        "matchers": json.dumps([(m.name, m.op, m.value) for m in silence.matchers]),
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "updated_at": silence.updated_at,
        "created_by": silence.created_by,
        "comment": silence.comment,
        "annotations": json.dumps(dict(silence.annotations)),
    }


def _silence(
    id: str,
    tenant: str,
    matchers: str,
    starts_at: str,
    ends_at: str,
    updated_at: str,
    created_by: str,
    comment: str,
    annotations: str,
) -> Silence:
    parts = cast("list[tuple[str, str, str]]", json.loads(matchers))
    return Silence(
        tuple(Matcher(name, MatchOp(op), value) for name, op, value in parts),
        int(starts_at),
        int(ends_at),
        created_by,
        comment,
        json.loads(annotations),
        id,
        int(updated_at),
        tenant,
    )
