"""Recurring silences that were made through the API, in the control database."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from watchkeeper.alerts.failure import AlertsFailure
from watchkeeper.alerts.recurring.recurring import RecurringSilence
from watchkeeper.alerts.recurring.sections import RecurringSilenceSection, section_of
from watchkeeper.store.control import ControlDatabase, ControlStep

log = logging.getLogger(__name__)

Statement: TypeAlias = tuple[str, Sequence[Mapping[str, object]]]
_ROOM = "alerts.recurring"
_STEPS = [
    ControlStep(
        1,
        "recurring silences",
        (
            """
            CREATE TABLE alerts_recurring_silences (
                tenant VARCHAR(150) NOT NULL,
                name VARCHAR(100) NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (tenant, name)
            )
            """,
        ),
    )
]
_PUT = """
INSERT INTO alerts_recurring_silences (tenant, name, document) VALUES (:tenant, :name, :document)
ON CONFLICT (tenant, name) DO UPDATE SET document = excluded.document
"""
_SELECT = "SELECT name, document FROM alerts_recurring_silences"
_DELETE = "DELETE FROM alerts_recurring_silences WHERE tenant = :tenant AND name = :name"


class RecurringKeeping:
    """The table of recurring silences. `open` before use."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def open(self) -> list[RecurringSilence]:
        """Make the table; all that is kept and can be read. Raises StoreFailure.

        One that this version does not take, as an earlier one did, stays where it is, and the log says why.
        """
        await self._control.migrate(_ROOM, _STEPS)
        found = [_read(*map(str, row)) for row in await self._control.rows(_SELECT)]
        return [one for one in found if one is not None]

    async def put(self, recurring: RecurringSilence, besides: Sequence[Statement]) -> None:
        """Keep one, in the place of the one of its name; run `besides` in the same transaction. Raises StoreFailure."""
        # Calendars are named in files only, and what comes from files is not kept.
        document = section_of(recurring).model_dump_json(exclude={"ical_file", "ical_url"})
        row = {"tenant": recurring.tenant, "name": recurring.name, "document": document}
        await self._control.run([(_PUT, [row]), *besides])

    async def delete(self, recurring: RecurringSilence, besides: Sequence[Statement]) -> None:
        """Keep one no longer, and run `besides` in the same transaction. Raises StoreFailure."""
        await self._control.run([(_DELETE, [{"tenant": recurring.tenant, "name": recurring.name}]), *besides])


def _read(name: str, document: str) -> RecurringSilence | None:
    try:
        return RecurringSilenceSection(**json.loads(document)).recurring("api")
    except (ValueError, AlertsFailure) as why:
        log.error('the recurring silence "%s" mutes nothing until it is made again: %s', name, why)
        return None
