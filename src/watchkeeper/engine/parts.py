"""Parts of tables that the engine has set aside as broken."""

from __future__ import annotations

import json
from dataclasses import dataclass

from watchkeeper.engine.connection import Connection

# The engine names a part that it moved aside with the reason in front. Those of a person's own DETACH have none, and
# `clone`, `ignored`, `noquorum` and the like lose no rows.
_BROKEN_PARTS = """
    SELECT ifNull(database, '') AS database, ifNull(table, '') AS table, name, ifNull(reason, '') AS reason,
        toUInt64(bytes_on_disk) AS size_bytes
    FROM system.detached_parts
    WHERE position(reason, 'broken') > 0 OR position(reason, 'unexpected') > 0
    ORDER BY 1, 2, 3
    SETTINGS output_format_json_quote_64bit_integers = 0
"""


@dataclass(frozen=True, slots=True)
class BrokenPart:
    """A part whose rows are missing from every answer since the engine could not read it."""

    database: str
    table: str
    name: str
    reason: str
    size_bytes: int

    def __str__(self) -> str:
        """Which part, where, why and how big."""
        return f"{self.database}.{self.table}: {self.name} ({self.reason}, {self.size_bytes} bytes)"


def find_broken_parts(connection: Connection) -> tuple[BrokenPart, ...]:
    """Every broken part that lies detached now. The engine tells nobody, so this must be asked after each start."""
    rows = connection.run(_BROKEN_PARTS, "JSONEachRow")
    return tuple(BrokenPart(**json.loads(line)) for line in rows.bytes().splitlines())
