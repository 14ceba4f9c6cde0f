"""Acknowledgements, signed links, and what calls back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from watchkeeper.access import People, Signer
from watchkeeper.alerts import Alerts
from watchkeeper.api.home import Feeling
from watchkeeper.api.oncall import Desk
from watchkeeper.api.rooms import Core
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.base.http import HTTPClient, HTTPClientConfig, HTTPFailure
from watchkeeper.journal import Journal
from watchkeeper.oncall import Acknowledgements, OnCallSection
from watchkeeper.oncall.callbacks import Callbacks
from watchkeeper.oncall.links import SignedLinks
from watchkeeper.oncall.responding import Responding
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)

_REPLY_TIMEOUT_S = 10.0


class Acknowledging:
    """`open` before alerts are routed, `follow` once they are."""

    def __init__(self, core: Core, control: ControlDatabase, journal: Journal, signer: Signer) -> None:
        self._core = core
        self._signer = signer
        self._section = OnCallSection()
        self.people = People()
        self.acknowledgements = Acknowledgements(control, journal, core.clock)
        self._callbacks = Callbacks(control, journal, core.clock, core.registry)
        self.links = SignedLinks(signer, core.options.external_url, lambda: self._section.link_lifetime_ms)
        self._client: HTTPClient | None = None

    async def open(self) -> None:
        """Take up the acknowledgements that were kept. Raises StoreFailure."""
        await self.acknowledgements.open()

    def follow(self, alerts: Alerts, environ: Mapping[str, str]) -> Desk:
        """From now on end acknowledgements of what is over; gives what the HTTP faces need."""
        core = self._core
        responding = Responding(alerts, self.acknowledgements, core.clock)
        self.acknowledgements.follow(responding.firing)
        # Whoever gives us a URL must not send us elsewhere from there.
        self._client = HTTPClient(
            HTTPClientConfig(follow_redirects=False), core.clock, environ=environ, timeout_s=_REPLY_TIMEOUT_S
        )
        return Desk(
            responding,
            self._signer,
            self._callbacks,
            core.clock,
            core.options.external_url,
            lambda: self._section,
            lambda: self.people,
            partial(_reply, self._client),
        )

    async def close(self) -> None:
        """Look no more, and close all connections."""
        await self.acknowledgements.close()
        if self._client is not None:
            await self._client.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Nothing in the section can fail any more."""

        async def take_up() -> None:
            self._section = configuration.sections.oncall

        return take_up

    def feel(self) -> list[Feeling]:
        """How many groups somebody looks after."""
        count = self.acknowledgements.count
        return [Feeling("acknowledgements", f"{count} in force")] if count else []


async def _reply(client: HTTPClient, url: str, body: bytes) -> None:
    try:
        answer = await client.request("POST", url, headers={"Content-Type": "application/json"}, body=body)
    except HTTPFailure as failure:
        # The URL itself is a secret: whoever has it may answer in that channel.
        log.warning("slack could not be answered (%s)", "again later" if failure.retryable else "for good")
        return
    if answer.status // 100 != 2:
        log.warning("slack refused our answer with status %d", answer.status)
