"""Who tells people: this process, or another one that shares its control database.

One process at a time has the duty. The others hand it what concerns alerts, requests and their own rules' findings
alike, and take the duty over when it is not kept any more: that is a start from what the database holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.registry import Collector
from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from watchkeeper.api.alertmanager.times import time_text
from watchkeeper.api.forwarding import Forwarding
from watchkeeper.api.home import Feeling
from watchkeeper.app.alerting import labelled
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.room import TakeUp
from watchkeeper.app.web import Switch
from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, HTTPClientConfig, HTTPFailure
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.model.alert import Alert
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.store import StoreFailure
from watchkeeper.store.lease import Lease, Standing

logger = logging.getLogger("watchkeeper.app")

LASTS_S = 10.0
"""How long the duty is kept without a sign of life."""
TEND_S = 2.0


class Telling(Protocol):
    """The rooms that tell people; opened once, and closed for good."""

    def routes(self) -> Sequence[BaseRoute]:
        """What they answer."""
        ...

    async def open(self, configuration: Configuration) -> None:
        """Go on from what the control database holds. Raises Failure, everything closed again."""
        ...

    async def close(self) -> None:
        """Finish what is being told."""
        ...

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """As `Room.prepare`; may be asked of rooms that have not been opened."""
        ...

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of our own rules."""
        ...

    def feel(self) -> list[Feeling]:
        """How they fare."""
        ...


class Duty:
    """Has the rooms that tell people open while this process is on duty. Without a lease it always is."""

    def __init__(
        self,
        make: Callable[[CollectorRegistry], Telling],
        clock: Clock,
        journal: Journal,
        registry: CollectorRegistry,
        lease: Lease | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`headers` are borne by what is handed to the process on duty."""
        self._make = make
        self._clock = clock
        self._journal = journal
        self._lease = lease
        self._headers = headers
        self._registry = registry
        self._metrics: _Within | None = None
        self._gauge = Gauge("watchkeeper_duty", "Whether this process is the one that tells people.", registry=registry)
        self._client = HTTPClient(HTTPClientConfig(follow_redirects=False), clock)
        self._elsewhere: ASGIApp = Forwarding(self._client, lambda: self._address, self._headers)
        self._face = Switch(self._elsewhere)
        self._address = ""
        self._configuration: Configuration | None = None
        self._telling: Telling | None = None
        self._tending: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """What the rooms answer, or the process on duty; to be asked after everything else."""
        return [_Rest(self._face)]

    async def open(self, configuration: Configuration) -> None:
        """Take the duty where it is free, and watch over it. Raises Failure where the rooms cannot be opened."""
        self._configuration = configuration
        if self._lease is None:
            await self._take()
            return
        await self._lease.open()
        await self._follow(await self._lease.tend(), self._lease)
        self._tending = asyncio.create_task(self._tend(self._lease), name="duty")

    async def close(self) -> None:
        """Finish what is being told, and let others have the duty."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        on_duty = self._telling is not None
        await self._lay_down()
        if self._lease is not None and on_duty:
            try:
                await self._lease.release()
            except StoreFailure as failure:
                logger.warning("the duty becomes free in %.0f s: %s", LASTS_S, failure)
        await self._client.close()

    async def prepare(self, configuration: Configuration) -> TakeUp:
        """Check the configuration, on duty or not. Raises Failure."""
        telling = self._telling or self._make(CollectorRegistry())
        prepared = await telling.prepare(configuration)

        async def take_up() -> None:
            async with self._changing:
                self._configuration = configuration
                if self._telling is telling:
                    await prepared()
                elif self._telling is not None:
                    await (await self._telling.prepare(configuration))()

        return take_up

    async def send(self, alerts: Sequence[Alert]) -> None:
        """Take alerts of our own rules; on to the process on duty where that is another."""
        if self._telling is not None:
            await self._telling.send(alerts)
        elif self._configuration is not None:
            ours = labelled(alerts, self._configuration)
            for tenant in {alert.tenant for alert in ours}:
                await self._hand_on([alert for alert in ours if alert.tenant == tenant], tenant)

    def feel(self) -> list[Feeling]:
        """How the rooms fare, or who is on duty."""
        if self._telling is not None:
            return self._telling.feel()
        return [Feeling("alerts", f"standing by, {self._address or 'nobody'} is on duty", bool(self._address))]

    async def _tend(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(TEND_S)
            try:
                await self._follow(await lease.tend(), lease)
            except StoreFailure as failure:
                # Whoever is on duty stays so: that two of us tell the same is better than that nobody does.
                logger.error("the duty stays where it was: %s", failure)
            except Exception:
                logger.exception("the duty could not be taken over, in the next round we try again")

    async def _follow(self, standing: Standing, lease: Lease) -> None:
        self._address = standing.address
        if standing.mine and self._telling is None:
            try:
                await self._take()
            except BaseException:
                await lease.release()  # whoever cannot tell people must not keep others from it
                raise
        elif not standing.mine and self._telling is not None:
            logger.warning("%s has taken the duty: this process stands by", standing.address)
            await self._lay_down()

    async def _take(self) -> None:
        assert self._configuration is not None
        async with self._changing:
            registry = CollectorRegistry()
            telling = self._make(registry)
            try:
                await telling.open(self._configuration)
            except BaseException:
                await telling.close()
                raise
            self._metrics = _Within(registry)
            self._registry.register(self._metrics)
            self._telling = telling
            self._face.application = Router(telling.routes(), redirect_slashes=False)
            self._gauge.set(1)
        if self._lease is not None:
            logger.info("this process has taken the duty: it tells people from now on")
            self._journal.record(Entry(Kind.DUTY_TAKEN, self._clock.now_ms(), "This process tells people from now on."))

    async def _lay_down(self) -> None:
        async with self._changing:
            telling, self._telling = self._telling, None
            if telling is None:
                return
            self._face.application = self._elsewhere
            self._gauge.set(0)
            await telling.close()
            if self._metrics is not None:
                self._registry.unregister(self._metrics)
                self._metrics = None

    async def _hand_on(self, alerts: Sequence[Alert], tenant: str) -> None:
        body = msgspec.json.encode([_posted(alert) for alert in alerts])
        headers = {"Content-Type": "application/json", **self._headers()}
        if tenant != DEFAULT_TENANT:
            headers["X-Scope-OrgID"] = tenant
        if not self._address:
            logger.warning("%d alerts wait for a process that takes the duty", len(alerts))
            return
        try:
            answer = await self._client.request("POST", f"{self._address}/api/v2/alerts", headers=headers, body=body)
        except HTTPFailure as failure:
            logger.warning("%d alerts wait for the process on duty: %s", len(alerts), failure)
        else:
            if answer.status != 200:
                text = answer.body[:200].decode(errors="replace")
                logger.warning("the process on duty refuses %d alerts: %d %s", len(alerts), answer.status, text)


class _Rest(BaseRoute):
    """What no other route answers: whatever the rooms have a route for, or anything where another process has them."""

    def __init__(self, face: Switch) -> None:
        self._face = face

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the best of the rooms' routes matches."""
        rooms = self._face.application
        if not isinstance(rooms, Router):
            return Match.FULL, {}
        found = (route.matches(scope)[0] for route in rooms.routes)
        return max(found, key=lambda one: one.value, default=Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let them answer."""
        await self._face(scope, receive, send)


class _Within(Collector):
    """The metrics of rooms that come and go."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._within = registry

    def collect(self):
        """All of them."""
        return self._within.collect()


def _posted(alert: Alert) -> Mapping[str, object]:
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": time_text(alert.starts_at),
        "endsAt": time_text(alert.ends_at),
        "generatorURL": alert.generator_url,
    }
