"""Groups in the control database: what was pushed is there again after a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "pushgateway"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "families",
        (
            """
            CREATE TABLE pushgateway_families (
                tenant VARCHAR(150) NOT NULL,
                grouping TEXT NOT NULL,
                name TEXT NOT NULL,
                family TEXT NOT NULL,
                pushed_at_ms BIGINT NOT NULL,
                PRIMARY KEY (tenant, grouping, name)
            )
            """,
        ),
    ),
)
_DELETE_GROUP = "DELETE FROM pushgateway_families WHERE tenant = :tenant AND grouping = :grouping"
_DELETE_TENANT = "DELETE FROM pushgateway_families WHERE tenant = :tenant"
_INSERT = """
INSERT INTO pushgateway_families (tenant, grouping, name, family, pushed_at_ms)
VALUES (:tenant, :grouping, :name, :family, :pushed_at_ms)
"""
_SELECT = """
SELECT tenant, grouping, name, family, pushed_at_ms FROM pushgateway_families ORDER BY tenant, grouping, name
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """One family of one group: `grouping` as JSON pairs, `family` an encoded MetricFamily message."""

    tenant: str
    grouping: str
    name: str
    family: bytes
    pushed_at_ms: int

    def labels(self) -> dict[str, str]:
        """The group's labels."""
        return dict(json.loads(self.grouping))


class Keeping:
    """The table of groups."""

    def __init__(self, control: ControlDatabase) -> None:
        self._control = control

    async def open(self) -> list[Kept]:
        """All that is kept. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)
        rows = await self._control.rows(_SELECT)
        return [Kept(str(t), str(g), str(n), bytes.fromhex(str(f)), int(str(at))) for t, g, n, f, at in rows]

    async def replace(self, tenant: str, grouping: str, families: Iterable[Kept]) -> None:
        """A group consists of these families now; without any it is gone."""
        rows = [
            {
                "tenant": one.tenant,
                "grouping": one.grouping,
                "name": one.name,
                "family": one.family.hex(),
                "pushed_at_ms": one.pushed_at_ms,
            }
            for one in families
        ]
        steps = [(_DELETE_GROUP, [{"tenant": tenant, "grouping": grouping}])]
        await self._control.run([*steps, (_INSERT, rows)] if rows else steps)

    async def wipe(self, tenant: str) -> None:
        """A tenant has no group any more."""
        await self._control.run([(_DELETE_TENANT, [{"tenant": tenant}])])
