"""A journal for tests that need one and do not look into it, or do."""

from __future__ import annotations

import secrets

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock, SystemClock
from watchkeeper.journal import Journal
from watchkeeper.store.control import ControlDatabase


async def open_journal(control: ControlDatabase, clock: Clock | None = None) -> Journal:
    """An open journal on a control database; to be closed before it."""
    journal = Journal(control, clock or SystemClock(), CollectorRegistry(), lambda: secrets.token_hex(8))
    await journal.open()
    return journal
