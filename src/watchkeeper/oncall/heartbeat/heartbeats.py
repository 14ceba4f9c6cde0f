"""Signs of life that others owe us: an alert fires where one stays away."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from prometheus_client import CollectorRegistry, Gauge

from watchkeeper.alerts import Received
from watchkeeper.base.clock import Clock
from watchkeeper.base.duration import format_duration
from watchkeeper.base.failure import Failure
from watchkeeper.base.jumps import Jumps
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.oncall.heartbeat.keeping import HeartbeatKeeping, Pulse
from watchkeeper.oncall.heartbeat.sections import HeartbeatConfig
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

LOOK_S = 1.0
REPEAT_MS = 30_000
"""How often a late heartbeat's alert is sent again."""
LASTS_MS = 5 * 60_000
"""How long the alert goes on without being sent again."""
MOST_SAID = 1000
ALERT = "HeartbeatLate"


class UnknownHeartbeat(Failure):
    """There is no heartbeat of that name."""


class WrongToken(Failure):
    """The heartbeat needs a token, and this is not it."""


class AlertPost(Protocol):
    """Where alerts are taken from outside; the room `alerts` is one."""

    async def post(self, received: Sequence[Received], tenant: str) -> None:
        """Take them. Raises Failure."""
        ...


@dataclass(frozen=True, slots=True)
class HeartbeatState:
    """How one heartbeat stands; times in ms since the epoch. It is late at `due_at`, unless it beats before."""

    config: HeartbeatConfig
    last_at: int | None
    due_at: int
    late_since: int | None
    said: str


class Heartbeats:
    """Expects signs of life, and raises alerts. `open`, `apply`, `start`, and `stop` at the end."""

    def __init__(
        self, control: ControlDatabase, journal: Journal, alerts: AlertPost, clock: Clock, registry: CollectorRegistry
    ) -> None:
        self._keeping = HeartbeatKeeping(control)
        self._journal = journal
        self._alerts = alerts
        self._clock = clock
        self._jumps = Jumps(clock)
        self._opened_at = clock.now_ms()
        self._pulses: dict[str, Pulse] = {}
        self._configs: Mapping[str, HeartbeatConfig] = {}
        self._sent_at: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._late = Gauge("watchkeeper_heartbeat_late", "1 where it is late.", ["heartbeat"], registry=registry)

    async def open(self) -> None:
        """Take up what is known. Raises StoreFailure."""
        self._opened_at = self._clock.now_ms()
        self._pulses = await self._keeping.open()

    def apply(self, configs: Sequence[HeartbeatConfig]) -> None:
        """Expect these from now on, and no others: what is not expected any more is not late any more either."""
        gone = self._configs.keys() - {config.name for config in configs}
        for name in gone:
            self._late.remove(name)
        self._configs = {config.name: config for config in configs}
        for name in self._configs:
            self._pulses.setdefault(name, Pulse(self._clock.now_ms()))

    def start(self) -> None:
        """Look after them from now on."""
        self._task = asyncio.create_task(self._run(), name="heartbeats")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def beat(self, name: str, token: str, failure: str | None = None) -> None:
        """Take a sign of life; with a `failure`, what reports itself as broken is late at once.

        Returned when it is kept. Raises UnknownHeartbeat, WrongToken, StoreFailure.
        """
        config = self._configs.get(name)
        if config is None:
            raise UnknownHeartbeat(f'there is no heartbeat "{name}"')
        try:
            secret = config.secret()
        except OSError as error:
            raise WrongToken(f'the token of heartbeat "{name}" cannot be read: {error.strerror}') from error
        if secret and not hmac.compare_digest(secret.encode(), token.encode()):
            raise WrongToken(f'heartbeat "{name}" needs its token, as Authorization: Bearer … or ?token=…')
        self._set_back()
        now = self._clock.now_ms()
        pulse = self._pulses[name]
        late_since = None if failure is None else pulse.late_since or now
        await self._change(config, replace(pulse, last_at=now, late_since=late_since, said=(failure or "")[:MOST_SAID]))

    def states(self) -> list[HeartbeatState]:
        """Every heartbeat that is expected, in the order of the file."""
        return [self._state(config) for config in self._configs.values()]

    async def look(self) -> None:
        """One round: who has become late, and whose alert must be sent again."""
        self._set_back()
        now = self._clock.now_ms()
        for state in self.states():
            pulse = self._pulses[state.config.name]
            try:
                if state.late_since is None and state.due_at <= now:
                    await self._change(state.config, replace(pulse, late_since=now))
                elif state.late_since is not None and now - self._sent_at.get(state.config.name, 0) >= REPEAT_MS:
                    await self._send(state.config, pulse, ended=False)
            except StoreFailure as failure:
                log.warning("heartbeat %s: %s", state.config.name, failure)
            self._late.labels(state.config.name).set(self._pulses[state.config.name].late_since is not None)

    def _set_back(self) -> None:
        """Where the clock has been set back, what was heard was heard as long ago as before."""
        if back_ms := self._jumps.back_ms():
            log.warning("the clock has been set back by %d s: heartbeats are expected as before", back_ms // 1000)
            self._opened_at -= back_ms
            self._sent_at = {name: at - back_ms for name, at in self._sent_at.items()}
            self._pulses = {name: pulse.sooner(back_ms) for name, pulse in self._pulses.items()}

    def _state(self, config: HeartbeatConfig) -> HeartbeatState:
        pulse = self._pulses[config.name]
        due = (pulse.expected_since if pulse.last_at is None else pulse.last_at) + config.every_ms
        if due < self._opened_at:
            due = self._opened_at  # while nobody was here nobody could be heard
        return HeartbeatState(config, pulse.last_at, due + config.grace_ms, pulse.late_since, pulse.said)

    async def _change(self, config: HeartbeatConfig, pulse: Pulse) -> None:
        before, self._pulses[config.name] = self._pulses[config.name], pulse
        changed = (before.late_since is None) != (pulse.late_since is None)
        try:
            await self._keeping.put(config.name, pulse)
        finally:
            if changed:
                self._record(config, pulse)
                await self._send(config, pulse if pulse.late_since is not None else before, ended=not pulse.late_since)

    async def _send(self, config: HeartbeatConfig, pulse: Pulse, *, ended: bool) -> None:
        now = self._clock.now_ms()
        self._sent_at[config.name] = now
        received = Received(
            {**config.labels, "alertname": config.labels.get("alertname", ALERT), "heartbeat": config.name},
            {"summary": _summary(config, pulse), **config.annotations},
            starts_at=pulse.late_since,
            ends_at=now if ended else now + LASTS_MS,
        )
        try:
            await self._alerts.post([received], config.tenant)
        except Failure as failure:
            log.error("heartbeat %s is late, and its alert cannot be taken: %s", config.name, failure)

    def _record(self, config: HeartbeatConfig, pulse: Pulse) -> None:
        late = pulse.late_since is not None
        text = _summary(config, pulse) if late else f"Heartbeat {config.name} is back."
        kind = Kind.HEARTBEAT_LATE if late else Kind.HEARTBEAT_BACK
        details = {"heartbeat": config.name, "last_at": pulse.last_at}
        self._journal.record(Entry(kind, self._clock.now_ms(), text, config.tenant, details=details))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Exception:
                log.exception("heartbeats could not be looked after in an unforeseen way")


def _summary(config: HeartbeatConfig, pulse: Pulse) -> str:
    if pulse.said:
        return f"Heartbeat {config.name} reports a failure: {pulse.said}"
    return f"Heartbeat {config.name} is late: it should beat every {format_duration(config.every_ms)}."
