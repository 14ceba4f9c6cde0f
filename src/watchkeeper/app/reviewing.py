"""Reviews of alerts from a data folder that no server has open."""

from __future__ import annotations

import secrets
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.app.configuration import Configuration
from watchkeeper.app.rooms import CONTROL_FILE
from watchkeeper.base.clock import SystemClock
from watchkeeper.journal import Journal
from watchkeeper.oncall.quality import QualityFailure, QualityOrder, Review, review
from watchkeeper.store.control import ControlDatabase


async def reviewed(data: Path, order: QualityOrder, tenant: str, configuration: Configuration) -> Review:
    """The review of what the journal in a data folder says, by the configured severities. Raises Failure."""
    if configuration.sections.control.url:
        raise QualityFailure(
            "the journal is in the database that control.url names, which only a server reads: --url names one"
        )
    clock = SystemClock()
    control = ControlDatabase.at(f"sqlite:///{_file(data)}")
    try:
        journal = Journal(control, clock, CollectorRegistry(), lambda: secrets.token_hex(8))
        await journal.open()
        try:
            return await review(journal, order.measure(clock.now_ms(), configuration.severities), tenant)
        finally:
            await journal.close()
    finally:
        await control.close()


def _file(data: Path) -> Path:
    file = data.absolute() / CONTROL_FILE
    if not file.is_file():
        raise QualityFailure(
            f"{data}: there is no journal in this folder: --data names another, --url a server that runs, --config the "
            "configuration that says where the journal is"
        )
    return file
