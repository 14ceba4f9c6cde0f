"""Reviews of alerts: each week's, and one from a data folder that no server has open."""

from __future__ import annotations

import secrets
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.app.settings import control_file
from watchkeeper.base.clock import SystemClock
from watchkeeper.journal import Journal
from watchkeeper.notify import Notify
from watchkeeper.oncall.quality import QualityFailure, QualityOrder, Review, ReviewPlan, WeeklyReview, review
from watchkeeper.store.control import ControlDatabase


class Reviewing:
    """Tells a receiver of each week how good its alerts were, as the configuration says."""

    def __init__(self, core: Core, control: ControlDatabase, journal: Journal, notify: Notify) -> None:
        self._weekly = WeeklyReview(control, journal, notify, core.clock, core.options.external_url)

    async def open(self) -> None:
        """Take up what was sent before. Raises StoreFailure."""
        await self._weekly.open()

    def start(self) -> None:
        """Look from now on whether a review is due."""
        self._weekly.start()

    async def close(self) -> None:
        """Look no more."""
        await self._weekly.stop()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """All that can be wrong was found when the configuration was read."""
        section, severities = configuration.sections.quality, configuration.severities
        receiver = section.review_receiver
        plan = ReviewPlan(receiver, section.week(severities), severities) if receiver else None

        async def take_up() -> None:
            self._weekly.apply(plan)

        return take_up


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
    file = control_file(data)
    if not file.is_file():
        raise QualityFailure(
            f"{data}: there is no journal in this folder: --data names another, --url a server that runs, --config the "
            "configuration that says where the journal is"
        )
    return file
