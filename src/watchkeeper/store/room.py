"""Room on the engine's disk, asked for before a statement writes definitions or mutations."""

from __future__ import annotations

from watchkeeper.store.client import Client, Lane
from watchkeeper.store.failure import StoreFull

_LEAST_BYTES = 16 << 20


def require_room(client: Client) -> None:
    """Raise StoreFull where the embedded engine's disk is full.

    What is not an insert the engine reports as done there, though it has written an empty file; and at its next start
    it does not open because of that file.
    """
    if not client.target.embedded:
        return
    disks = client.query("SELECT min(free_space) AS free FROM system.disks", lane=Lane.INGEST, database="system")
    free = int(disks.array("free")[0])
    if free < _LEAST_BYTES:
        raise StoreFull(f"no room is left on the store's disk: {free} bytes are free, of {_LEAST_BYTES} needed")
