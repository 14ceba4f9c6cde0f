"""What is noted of silences, in the control database: when they last matched an alert, and which warnings are open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.store.control import ControlDatabase, ControlStep

_ROOM = "alerts.silence_notes"
_STEPS = [
    ControlStep(
        1,
        "notes of silences",
        (
            """
            CREATE TABLE alerts_silence_matches (
                silence VARCHAR(36) NOT NULL PRIMARY KEY,
                at_ms BIGINT NOT NULL
            )
            """,
            """
            CREATE TABLE alerts_silence_warnings (
                silence VARCHAR(36) NOT NULL,
                alert TEXT NOT NULL,
                told SMALLINT NOT NULL,
                PRIMARY KEY (silence)
            )
            """,
        ),
    )
]
_PUT_MATCH = """
INSERT INTO alerts_silence_matches (silence, at_ms) VALUES (:silence, :at)
ON CONFLICT (silence) DO UPDATE SET at_ms = excluded.at_ms
"""
_PUT_WARNING = """
INSERT INTO alerts_silence_warnings (silence, alert, told) VALUES (:silence, :alert, :told)
ON CONFLICT (silence) DO UPDATE SET alert = excluded.alert, told = excluded.told
"""
_FORGET_MATCH = "DELETE FROM alerts_silence_matches WHERE silence = :silence"
_FORGET_WARNING = "DELETE FROM alerts_silence_warnings WHERE silence = :silence"


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning about a silence, as an alert; `told` once its receiver knows."""

    alert: Alert
    told: bool = False


class SilenceNotes:
    """The two tables. `open` before use."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def open(self) -> tuple[dict[str, int], dict[str, Warned]]:
        """Make the tables; when each silence last matched (ms), and the open warnings. Raises StoreFailure."""
        await self._control.migrate(_ROOM, _STEPS)
        matches = await self._control.rows("SELECT silence, at_ms FROM alerts_silence_matches")
        warnings = await self._control.rows("SELECT silence, alert, told FROM alerts_silence_warnings")
        return (
            {str(id): int(str(at)) for id, at in matches},
            {str(id): Warned(_alert(str(text)), str(told) == "1") for id, text, told in warnings},
        )

    async def put_matches(self, matches: Mapping[str, int]) -> None:
        """Note when silences matched. Raises StoreFailure."""
        await self._control.run([(_PUT_MATCH, [{"silence": id, "at": at} for id, at in matches.items()])])

    async def put_warning(self, silence: str, warned: Warned) -> None:
        """Note a warning, the only one of its silence. Raises StoreFailure."""
        row = {"silence": silence, "alert": _text(warned.alert), "told": int(warned.told)}
        await self._control.run([(_PUT_WARNING, [row])])

    async def forget(self, matches: Sequence[str], warnings: Sequence[str]) -> None:
        """Note these no longer. Raises StoreFailure."""
        steps = ((_FORGET_MATCH, matches), (_FORGET_WARNING, warnings))
        await self._control.run([(text, [{"silence": id} for id in ids]) for text, ids in steps if ids])


def _text(alert: Alert) -> str:
    parts = dict(alert.labels.pairs), dict(alert.annotations), alert.starts_at, alert.ends_at, alert.tenant
    return json.dumps(parts)


def _alert(text: str) -> Alert:
    labels, annotations, starts_at, ends_at, tenant = json.loads(text)
    return Alert(Labels(labels), annotations, starts_at, ends_at, "", tenant)
