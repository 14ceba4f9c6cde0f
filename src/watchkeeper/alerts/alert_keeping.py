"""Alerts in the control database, so that they are there again after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import xxhash

from watchkeeper.alerts.held import HeldAlert, Identity
from watchkeeper.alerts.received import shared
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.store.control import ControlDatabase, ControlStep

ALERTS = ControlStep(
    2,
    "alerts",
    (
        """
        CREATE TABLE alerts_held (
            tenant VARCHAR(150) NOT NULL,
            identity CHAR(32) NOT NULL,
            labels TEXT NOT NULL,
            annotations TEXT NOT NULL,
            generator_url TEXT NOT NULL,
            starts_at_ms BIGINT NOT NULL,
            ends_at_ms BIGINT NOT NULL,
            updated_at_ms BIGINT NOT NULL,
            timed_out SMALLINT NOT NULL,
            PRIMARY KEY (tenant, identity)
        )
        """,
        "CREATE TABLE alerts_alive (process VARCHAR(10) NOT NULL PRIMARY KEY, at_ms BIGINT NOT NULL)",
    ),
)
_PUT = """
INSERT INTO alerts_held
    (tenant, identity, labels, annotations, generator_url, starts_at_ms, ends_at_ms, updated_at_ms, timed_out)
VALUES (:tenant, :identity, :labels, :annotations, :generator_url, :starts_at, :ends_at, :updated_at, :timed_out)
ON CONFLICT (tenant, identity) DO UPDATE SET
    annotations = excluded.annotations, generator_url = excluded.generator_url,
    starts_at_ms = excluded.starts_at_ms, ends_at_ms = excluded.ends_at_ms,
    updated_at_ms = excluded.updated_at_ms, timed_out = excluded.timed_out
"""
_DELETE = "DELETE FROM alerts_held WHERE tenant = :tenant AND identity = :identity"
_ALIVE = """
INSERT INTO alerts_alive (process, at_ms) VALUES ('serve', :at)
ON CONFLICT (process) DO UPDATE SET at_ms = excluded.at_ms
"""
_SELECT = """
SELECT tenant, labels, annotations, generator_url, starts_at_ms, ends_at_ms, updated_at_ms, timed_out
FROM alerts_held
"""
_SELECT_ALIVE = "SELECT at_ms FROM alerts_alive"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the last process knew: its alerts, and when it was last alive (ms), None where there was none."""

    alerts: Sequence[HeldAlert]
    alive_at: int | None


class AlertKeeping:
    """The table of alerts."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def all(self) -> Kept:
        """Everything that is kept. Raises StoreFailure."""
        alive = await self._control.rows(_SELECT_ALIVE)
        rows = await self._control.rows(_SELECT)
        return Kept([_held(row) for row in rows], int(str(alive[0][0])) if alive else None)

    async def put(self, alerts: Iterable[HeldAlert], gone: Iterable[Identity], alive_at: int) -> None:
        """Keep alerts as they are now, and those that are gone no longer. Raises StoreFailure."""
        steps: list[tuple[str, Sequence[Mapping[str, object]]]] = [(_ALIVE, [{"at": alive_at}])]
        if rows := [_row(held) for held in alerts]:
            steps.append((_PUT, rows))
        if deleted := [{"tenant": tenant, "identity": _digest(labels)} for tenant, labels in gone]:
            steps.append((_DELETE, deleted))
        await self._control.run(steps)


def _digest(labels: Labels) -> str:
    """A text of one length for the key: labels may be longer than what an index takes."""
    return xxhash.xxh3_128_hexdigest(msgspec.json.encode(labels.pairs))


def _row(held: HeldAlert) -> dict[str, object]:
    alert = held.alert
    return {
        "tenant": alert.tenant,
        "identity": _digest(alert.labels),
        "labels": msgspec.json.encode(dict(alert.labels.pairs)).decode(),
        "annotations": msgspec.json.encode(dict(alert.annotations)).decode(),
        "generator_url": alert.generator_url,
        "starts_at": alert.starts_at,
        "ends_at": alert.ends_at,
        "updated_at": held.updated_at,
        "timed_out": int(held.timed_out),
    }


def _held(row: tuple[object, ...]) -> HeldAlert:
    tenant, labels, annotations, generator_url, starts_at, ends_at, updated_at, timed_out = map(str, row)
    alert = Alert(
        Labels(shared(msgspec.json.decode(labels))),
        dict(shared(msgspec.json.decode(annotations))),
        int(starts_at),
        int(ends_at),
        generator_url,
        tenant,
    )
    return HeldAlert(alert, int(updated_at), timed_out == "1")
