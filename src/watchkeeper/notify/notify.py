"""The room: every receiver, and how it is told."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.access import Signer
from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, HTTPClientConfig
from watchkeeper.journal import Journal
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify.concealing import Concealment
from watchkeeper.notify.config.guarding import CircuitBreaker
from watchkeeper.notify.config.integration import IntegrationConfig, OverHTTPConfig
from watchkeeper.notify.config.receiver import Receiver
from watchkeeper.notify.config.twilio import TwilioConfig
from watchkeeper.notify.fallback import told_with_fallback
from watchkeeper.notify.guard import Alarm, Guard, Stuck, Terms, Watch
from watchkeeper.notify.guard_keeping import Guarded, GuardState
from watchkeeper.notify.integration import Integration
from watchkeeper.notify.log import RETENTION_MS, NotificationLog
from watchkeeper.notify.metrics import NotifyMetrics
from watchkeeper.notify.outlook import Outlook
from watchkeeper.notify.pager import Pager
from watchkeeper.notify.retrying import Retrying, Sleep
from watchkeeper.notify.templating import Links, Templates, UnsignedLinks
from watchkeeper.notify.transports import Outside
from watchkeeper.notify.trial import Trial, trial_flush
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)


def _unheard(_: object) -> None:
    """For whom nobody listens."""


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    """What notification lives by: receivers completed by `global`, and the files with the user's templates.

    `contacts` are receivers that no route leads to: each is a person's.
    """

    receivers: tuple[Receiver, ...] = ()
    contacts: tuple[Receiver, ...] = ()
    template_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class PreparedNotify:
    """A configuration that has been checked: nothing in it can fail any more."""

    config: NotifyConfig
    templates: Templates


class Notify:
    """Tells receivers what groups have to say.

    `external_url` is what links in notifications begin with, without a slash at its end. `alarm` takes the alerts that
    are about receivers who cannot be told. What a receiver was told is remembered for `retention_ms` at the most.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        clock: Clock,
        registry: CollectorRegistry,
        signer: Signer,
        *,
        external_url: str,
        alarm: Alarm = _unheard,
        environ: Mapping[str, str] | None = None,
        user_agent: str = "Watchkeeper",
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        unique: Callable[[], str] = partial(secrets.token_hex, 8),  # noqa: B008  # a function, made once
        links: Links | None = None,
        retention_ms: int = RETENTION_MS,
    ) -> None:
        self._clock = clock
        self._external_url = external_url
        self._environ = environ or {}
        self._user_agent = user_agent
        self._unique = unique
        self._log = NotificationLog(control, journal, clock, retention_ms)
        self._metrics = NotifyMetrics(registry)
        self._retrying = Retrying(clock, sleep, jitter)
        self._links = links or UnsignedLinks(external_url)
        self._templates = Templates((), clock.now_ms, self._links)
        self._signer = signer
        self._watch = Watch(clock, journal, self._metrics, alarm, external_url)
        self._receivers: Mapping[str, Sequence[Integration]] = {}
        self._fallbacks: Mapping[str, str] = {}
        self._pager: Pager | None = None
        self._left: dict[Guarded, GuardState] = {}
        """How an earlier process left integrations that have not been made yet."""

    def page_by(self, pager: Pager) -> None:
        """Hand what goes to escalation policies to `pager`; said before the first `apply`."""
        self._pager = pager

    async def open(self) -> None:
        """Read the notification log. Raises StoreFailure."""
        await self._log.open()
        self._left = dict(self._log.guards())

    async def close(self) -> None:
        """Close all connections; what is being told at the moment is told to its end by those who wait for it."""
        await self._retire(self._receivers)
        await self._log.close()

    def prepare(self, config: NotifyConfig) -> PreparedNotify:
        """Check a configuration and change nothing.

        Raises ConfigurationFailure with everything that is wrong in the template files.
        """
        return PreparedNotify(config, Templates(config.template_files, self._clock.now_ms, self._links))

    async def apply(self, prepared: PreparedNotify) -> None:
        """Live by a configuration from now on; what is being told at the moment ends as it began."""
        before = self._receivers
        self._templates = prepared.templates
        receivers = (*prepared.config.receivers, *prepared.config.contacts)
        self._receivers = {each.name: self._integrations(each, before.get(each.name, ())) for each in receivers}
        self._fallbacks = {each.name: each.fallback for each in receivers if each.fallback}
        self._metrics.expect(one.config.kind for each in self._receivers.values() for one in each)
        self._metrics.receivers.set(len(prepared.config.receivers))
        self._metrics.integrations.set(sum(len(self._receivers[each.name]) for each in prepared.config.receivers))
        kept = {one.guard for each in self._receivers.values() for one in each}
        for gone in {one.guard for each in before.values() for one in each} - kept:
            gone.end()
        for guard in kept:
            guard.show()
            guard.templates.renewed()
        self._left = {}
        await self._forget_guards(kept)
        await self._retire(before)

    async def _forget_guards(self, but: Iterable[Guard]) -> None:
        try:
            await self._log.forget_guards({guard.who for guard in but})
        except StoreFailure as failure:
            log.warning("how integrations stood that are there no longer is forgotten another time: %s", failure)

    async def notify(self, flush: Flush, *, again: bool = False) -> bool:
        """Tell the receiver of a flush what it does not know yet, by all its integrations at the same time.

        True where each of them succeeded or had nothing to say. Where one is stuck, the receiver's fallback is told.
        With `again`, what fires is told even where it is known.
        """
        if flush.receiver not in self._receivers:
            log.error("there is no receiver %r to tell of %s", flush.receiver, flush.group_key)
            return False
        fallback = self._fallbacks.get(flush.receiver)
        if fallback is None:
            return await self._tell(flush, _unheard, again=again)
        return await told_with_fallback(flush, fallback, partial(self._tell, again=again), self.notify)

    async def _tell(self, flush: Flush, stuck: Stuck, *, again: bool) -> bool:
        integrations = self._receivers[flush.receiver]
        telling = (one.notify(flush, self._templates, self._external_url, stuck, again=again) for one in integrations)
        return all(await asyncio.gather(*telling))

    def outlooks(self, flush: Flush, labels: Labels, next_at: int) -> Sequence[Outlook]:
        """What each integration of a flush's receiver knows of an alert, and whether it is told at `next_at` (ms).

        Empty where there is no such receiver.
        """
        return [one.outlook(flush, labels, next_at) for one in self._receivers.get(flush.receiver, ())]

    def addresses(self, flush: Flush) -> Sequence[str]:
        """Where people see the tickets that a flush's receiver has for the group, as far as the other sides say it."""
        found = (one.address(flush) for one in self._receivers.get(flush.receiver, ()))
        return [address for address in found if address]

    def texted(self, number: str) -> Collection[tuple[str, str]]:
        """The groups (tenant and key) of which a number was told by SMS or a call, as far as the log remembers."""
        by_number = {
            (receiver, one.name)
            for receiver, integrations in self._receivers.items()
            for one in integrations
            if isinstance(one.config, TwilioConfig) and number in one.config.to
        }
        return self._log.told_of(by_number)

    async def acknowledged(self, flush: Flush, actor: str) -> None:
        """Tell the receiver's integrations that can take it (PagerDuty) that `actor` has acknowledged the group.

        The flush is about the group as it is; only those are told who were told that it fires.
        """
        integrations = self._receivers.get(flush.receiver, ())
        telling = (one.acknowledge(flush, self._templates, self._external_url) for one in integrations)
        for one, told in zip(integrations, await asyncio.gather(*telling), strict=True):
            if told is not None:
                self._watch.acknowledged(flush, one.name, actor, told=told)

    async def test(self, receiver: str) -> Sequence[Trial]:
        """Send a test notification by every integration of a receiver; the log neither hinders nor records it.

        Raises KeyError where there is no receiver of that name.
        """
        flush = trial_flush(receiver, self._clock.now_ms())
        telling = (one.test(flush, self._templates, self._external_url) for one in self._receivers[receiver])
        return await asyncio.gather(*telling)

    def _integrations(self, receiver: Receiver, before: Sequence[Integration]) -> Sequence[Integration]:
        """The integrations of a receiver; those that stay as they were go on with what they know of the other side."""
        counts: dict[str, int] = {}
        known = {one.name: one for one in before}
        integrations: list[Integration] = []
        for config in receiver.integrations():
            position = counts.setdefault(config.kind, 0)
            counts[config.kind] += 1
            name = f"{config.kind}[{position}]"
            integrations.append(self._integration(name, config, receiver, known.get(name)))
        return integrations

    def _integration(
        self, name: str, config: IntegrationConfig, receiver: Receiver, before: Integration | None
    ) -> Integration:
        terms = Terms(config, receiver.circuit_breaker or CircuitBreaker(), receiver.rate_limit)
        if before is not None and before.guard.terms == terms:
            guard = before.guard
        else:
            who = Guarded(receiver.name, name)
            guard = Guard(who, terms, self._watch, self._log.keep_guard, self._left.pop(who, None))
        http = config.http_config if isinstance(config, OverHTTPConfig) else None
        client = HTTPClient(
            http or HTTPClientConfig(),
            self._clock,
            environ=self._environ,
            user_agent=self._user_agent,
            timeout_s=0,
        )
        conceal = Concealment(config)
        outside = Outside(client, self._clock, self._environ, self._unique, self._signer, self._pager, conceal)
        return Integration(name, config, outside, self._log, self._retrying, self._metrics, guard)

    async def _retire(self, receivers: Mapping[str, Sequence[Integration]]) -> None:
        for integrations in receivers.values():
            for integration in integrations:
                await integration.retire()
