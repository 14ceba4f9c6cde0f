"""The notification log's table in the control database."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from watchkeeper.journal import Entry as Happened
from watchkeeper.journal import Journal
from watchkeeper.notify.dedup import Told
from watchkeeper.notify.history import unknown
from watchkeeper.notify.key import Key
from watchkeeper.store.control import ControlDatabase, ControlStep
from watchkeeper.store.failure import StoreFailure

ROOM = "notify"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "notification log",
        (
            """
            CREATE TABLE notification_log (
                tenant VARCHAR(150) NOT NULL,
                group_key TEXT NOT NULL,
                receiver TEXT NOT NULL,
                integration VARCHAR(150) NOT NULL,
                state VARCHAR(20) NOT NULL,
                detail TEXT NOT NULL,
                changed_at_ms BIGINT NOT NULL,
                told_at_ms BIGINT,
                firing TEXT NOT NULL,
                resolved TEXT NOT NULL,
                perhaps TEXT NOT NULL,
                memory TEXT NOT NULL,
                expires_at_ms BIGINT NOT NULL,
                PRIMARY KEY (tenant, group_key, receiver, integration)
            )
            """,
        ),
    ),
    ControlStep(
        2,
        "alerts being told",
        ("ALTER TABLE notification_log ADD COLUMN alerts TEXT NOT NULL DEFAULT ''",),
    ),
)
_COLUMNS = (
    "tenant, group_key, receiver, integration, state, detail, changed_at_ms, told_at_ms, firing, resolved, perhaps,"
    " memory, expires_at_ms, alerts"
)
_SELECT = f"SELECT {_COLUMNS} FROM notification_log"  # noqa: S608  # our own constants
_UPSERT = f"""
INSERT INTO notification_log ({_COLUMNS})
VALUES (:tenant, :group_key, :receiver, :integration, :state, :detail, :changed_at_ms, :told_at_ms, :firing, :resolved,
        :perhaps, :memory, :expires_at_ms, :alerts)
ON CONFLICT (tenant, group_key, receiver, integration) DO UPDATE SET
    state = excluded.state, detail = excluded.detail, changed_at_ms = excluded.changed_at_ms,
    told_at_ms = excluded.told_at_ms, firing = excluded.firing, resolved = excluded.resolved,
    perhaps = excluded.perhaps, memory = excluded.memory, expires_at_ms = excluded.expires_at_ms,
    alerts = excluded.alerts
"""  # noqa: S608  # our own constants
_SELECT_SENDING = f"{_SELECT} WHERE state = :sending"
_EXPIRE = "DELETE FROM notification_log WHERE expires_at_ms <= :now"
_UNKNOWN = "UPDATE notification_log SET state = :unknown WHERE state = :sending"


class State(Enum):
    """What is certain about the last notification."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """We ended between sending and knowing."""
    WITHHELD = "withheld"
    """Sent before, and due again, while somebody has acknowledged the group."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: the state of the newest attempt, and what the receiver was told for certain.

    `told` is None where nothing is certain. `perhaps` are the alerts, by the hashes of their labels, of whose firing it
    was told by an attempt that nobody knows the end of. `memory` is what the integration keeps for itself, such as a
    thread's name. `alerts` are the fingerprints of those that are being told. Times are in ms since the epoch.
    """

    state: State
    changed_at: int
    expires_at: int
    told: Told | None = None
    detail: str = ""
    memory: str = ""
    perhaps: frozenset[int] = frozenset()
    alerts: tuple[str, ...] = ()


class Keeping:
    """Writes rows; those that arrive while a transaction is under way are gathered for the next.

    What the journal is to know of them is written in the same transaction.
    """

    def __init__(self, control: ControlDatabase, journal: Journal) -> None:
        self._control = control
        self._journal = journal
        self._waiting: dict[Key, Entry] = {}
        self._happened: list[Happened] = []
        self._next: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()

    async def open(self, now: int, expired_by: int) -> dict[Key, Entry]:
        """All rows that had not expired by a time; what was being sent is unknown from now on. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        cut_off = [_entry(row) for row in await self._control.rows(_SELECT_SENDING, {"sending": State.SENDING.value})]
        happened = [unknown(key, entry.alerts, entry.changed_at, now) for key, entry in cut_off]
        await self._control.run(
            [
                (_EXPIRE, [{"now": expired_by}]),
                (_UNKNOWN, [{"unknown": State.UNKNOWN.value, "sending": State.SENDING.value}]),
                *self._journal.writes(happened),
            ]
        )
        return dict(_entry(row) for row in await self._control.rows(_SELECT))

    async def put(self, key: Key, entry: Entry, *happened: Happened) -> None:
        """Write a row and what the journal is to know; both are committed when this returns. Raises StoreFailure.

        Where they are not, the journal goes on trying to keep its part.
        """
        self._waiting[key] = entry
        self._happened.extend(happened)
        if self._next is None:
            self._next = asyncio.create_task(self._write_waiting())
        await asyncio.shield(self._next)

    async def expire(self, now: int) -> None:
        """Drop the rows that have expired. Raises StoreFailure."""
        await self._control.run([(_EXPIRE, [{"now": now}])])

    async def close(self) -> None:
        """Let what is being written end."""
        async with self._lock:
            return

    async def _write_waiting(self) -> None:
        async with self._lock:
            rows, self._waiting, self._next = self._waiting, {}, None
            happened, self._happened = self._happened, []
            upsert = (_UPSERT, [_row(key, entry) for key, entry in rows.items()])
            try:
                await self._control.run([upsert, *self._journal.writes(happened)])
            except StoreFailure:
                self._journal.record(*happened)
                raise


def _row(key: Key, entry: Entry) -> Mapping[str, object]:
    told = entry.told
    return {
        "tenant": key.tenant,
        "group_key": key.group_key,
        "receiver": key.receiver,
        "integration": key.integration,
        "state": entry.state.value,
        "detail": entry.detail,
        "changed_at_ms": entry.changed_at,
        "told_at_ms": None if told is None else told.at,
        "firing": _packed(told.firing if told is not None else ()),
        "resolved": _packed(told.resolved if told is not None else ()),
        "perhaps": _packed(entry.perhaps),
        "memory": entry.memory,
        "expires_at_ms": entry.expires_at,
        "alerts": " ".join(entry.alerts),
    }


def _entry(row: Sequence[object]) -> tuple[Key, Entry]:
    tenant, group_key, receiver, integration, state, detail, changed_at, told_at, firing, resolved, *rest = row
    perhaps, memory, end, alerts = rest
    told = None if told_at is None else Told(_unpacked(firing), _unpacked(resolved), int(str(told_at)))
    key = Key(str(tenant), str(group_key), str(receiver), str(integration))
    return key, Entry(
        State(state),
        int(str(changed_at)),
        int(str(end)),
        told,
        str(detail),
        str(memory),
        _unpacked(perhaps),
        tuple(str(alerts).split()),
    )


def _packed(hashes: Iterable[int]) -> str:
    """Hashes as hexadecimal digits, sixteen each."""
    return array("Q", sorted(hashes)).tobytes().hex()


def _unpacked(text: object) -> frozenset[int]:
    hashes = array("Q")
    hashes.frombytes(bytes.fromhex(str(text)))
    return frozenset(hashes)
