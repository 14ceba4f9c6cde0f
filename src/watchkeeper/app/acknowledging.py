"""Acknowledgements, signed links, and what calls back."""

from __future__ import annotations

import asyncio
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
from watchkeeper.model.notification import Flush
from watchkeeper.notify import Notify
from watchkeeper.oncall import Acknowledgements, Change, OnCallSection
from watchkeeper.oncall.callbacks import Callbacks
from watchkeeper.oncall.links import SignedLinks
from watchkeeper.oncall.responding import NothingFires, Responding
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)

_REPLY_TIMEOUT_S = 10.0
_REPLY_TIMEOUT_MS = 60_000
"""How long receivers are tried to be told of an acknowledgement."""
_LAST_WORDS_S = 5.0
"""How long the end of the process waits for that."""


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
        self._responding: Responding | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up the acknowledgements that were kept. Raises StoreFailure."""
        await self.acknowledgements.open()

    def follow(self, alerts: Alerts, notify: Notify, environ: Mapping[str, str]) -> Desk:
        """From now on end acknowledgements of what is over; gives what the HTTP faces need."""
        core = self._core
        self._responding = responding = Responding(alerts, self.acknowledgements, core.clock)
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
            notify.texted,
            partial(_reply, self._client),
        )

    def tell_of(self, change: Change, notify: Notify) -> None:
        """Let receivers that can take it know that somebody has a group in hand."""
        if change.ending is None and self._responding is not None:
            task = asyncio.create_task(self._tell_of(change, self._responding, notify))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def take(self, tenant: str, group_key: str, actor: str) -> bool:
        """Acknowledge a group as by the API; False where nothing fires in it. Raises StoreFailure."""
        assert self._responding is not None, "not open"
        try:
            group = self._responding.group(tenant, group_key)
        except NothingFires:
            return False
        await self._responding.acknowledge(group, actor, "api", self._section.acknowledgement_timeout_ms)
        return True

    async def release(self, tenant: str, group_key: str, actor: str) -> bool:
        """Take an acknowledgement back; False where there is none. Raises StoreFailure."""
        return await self.acknowledgements.release(tenant, group_key, actor) is not None

    async def _tell_of(self, change: Change, responding: Responding, notify: Notify) -> None:
        one, now = change.acknowledgement, self._core.clock.now_ms()
        try:
            group = responding.group(one.tenant, one.group_key)
        except NothingFires:
            return
        alerts = tuple(held.alert for held in group.firing)
        for receiver in group.receivers:
            deadline = now + _REPLY_TIMEOUT_MS
            flush = Flush(receiver, one.group_key, group.labels, alerts, 0, now, deadline, one.tenant)
            await notify.acknowledged(flush, one.actor)

    async def close(self) -> None:
        """Look no more, and close all connections."""
        await self.acknowledgements.close()
        if self._telling:
            _, slow = await asyncio.wait(set(self._telling), timeout=_LAST_WORDS_S)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Nothing in the section can fail any more."""

        async def take_up() -> None:
            self._section = configuration.sections.oncall
            self.people = configuration.roster.people

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
