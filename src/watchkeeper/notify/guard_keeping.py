"""What is known of those who guard integrations, in the control database: a row each, for the next process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from watchkeeper.store.control import ControlDatabase, ControlStep

STEP = ControlStep(
    3,
    "circuits and rate limits",
    (
        """
        CREATE TABLE notification_guards (
            receiver TEXT NOT NULL,
            integration VARCHAR(150) NOT NULL,
            sent TEXT NOT NULL,
            opened_at_ms BIGINT,
            pause_ms BIGINT NOT NULL,
            failures BIGINT NOT NULL,
            PRIMARY KEY (receiver, integration)
        )
        """,
    ),
)
_SELECT = "SELECT receiver, integration, sent, opened_at_ms, pause_ms, failures FROM notification_guards"
_UPSERT = """
INSERT INTO notification_guards (receiver, integration, sent, opened_at_ms, pause_ms, failures)
VALUES (:receiver, :integration, :sent, :opened_at, :pause, :failures)
ON CONFLICT (receiver, integration) DO UPDATE SET sent = excluded.sent, opened_at_ms = excluded.opened_at_ms,
    pause_ms = excluded.pause_ms, failures = excluded.failures
"""
_DELETE = "DELETE FROM notification_guards WHERE receiver = :receiver AND integration = :integration"
Statement: TypeAlias = tuple[str, Sequence[Mapping[str, object]]]


class Guarded(NamedTuple):
    """Who is guarded: an integration (`webhook[0]`) of a receiver."""

    receiver: str
    integration: str


@dataclass(frozen=True, slots=True)
class GuardState:
    """How one stood: what it `sent` in the last span of its rate limit, as instants (ms) and how many each.

    `opened_at` is since when its circuit is open, None where it is closed; the next pause would have been `pause_ms`,
    after so many `failures` in a row.
    """

    sent: tuple[tuple[int, int], ...] = ()
    opened_at: int | None = None
    pause_ms: int = 0
    failures: int = 0


async def kept(control: ControlDatabase) -> dict[Guarded, GuardState]:
    """All that is kept. Raises StoreFailure."""
    return dict(_state(*row) for row in await control.rows(_SELECT))


def writes(states: Mapping[Guarded, GuardState]) -> list[Statement]:
    """The statement that keeps these as they are now; none where there are none."""
    rows = [
        {
            **who._asdict(),
            "sent": json.dumps(state.sent, separators=(",", ":")),
            "opened_at": state.opened_at,
            "pause": state.pause_ms,
            "failures": state.failures,
        }
        for who, state in states.items()
    ]
    return [(_UPSERT, rows)] if rows else []


def deletes(those: Iterable[Guarded]) -> list[Statement]:
    """The statement that keeps these no longer; none where there are none."""
    rows = [who._asdict() for who in those]
    return [(_DELETE, rows)] if rows else []


def _state(
    receiver: object, integration: object, sent: object, opened_at: object, pause: object, failures: object
) -> tuple[Guarded, GuardState]:
    opened = None if opened_at is None else int(str(opened_at))
    pairs = tuple((int(at), int(count)) for at, count in json.loads(str(sent)))
    return Guarded(str(receiver), str(integration)), GuardState(pairs, opened, int(str(pause)), int(str(failures)))
