"""The room: every receiver, and how it is told."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import Clock
from watchkeeper.base.http import HTTPClient, HTTPClientConfig
from watchkeeper.journal import Journal
from watchkeeper.model.notification import Flush
from watchkeeper.notify.config.integration import IntegrationConfig, OverHTTPConfig
from watchkeeper.notify.config.receiver import Receiver
from watchkeeper.notify.integration import Integration
from watchkeeper.notify.log import NotificationLog
from watchkeeper.notify.metrics import NotifyMetrics
from watchkeeper.notify.pager import Pager
from watchkeeper.notify.retrying import Retrying, Sleep
from watchkeeper.notify.templating import Templates
from watchkeeper.notify.transports import Outside
from watchkeeper.notify.trial import Trial, trial_flush
from watchkeeper.store.control import ControlDatabase

log = logging.getLogger(__name__)


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

    `external_url` is what links in notifications begin with, without a slash at its end.
    """

    def __init__(
        self,
        control: ControlDatabase,
        journal: Journal,
        clock: Clock,
        registry: CollectorRegistry,
        *,
        external_url: str,
        environ: Mapping[str, str] | None = None,
        user_agent: str = "Watchkeeper",
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        unique: Callable[[], str] = partial(secrets.token_hex, 8),  # noqa: B008  # a function, made once
    ) -> None:
        self._clock = clock
        self._external_url = external_url
        self._environ = environ or {}
        self._user_agent = user_agent
        self._unique = unique
        self._journal = journal
        self._log = NotificationLog(control, clock)
        self._metrics = NotifyMetrics(registry)
        self._retrying = Retrying(clock, sleep, jitter)
        self._templates = Templates((), clock.now_ms)
        self._receivers: Mapping[str, Sequence[Integration]] = {}
        self._pager: Pager | None = None

    def page_by(self, pager: Pager) -> None:
        """Hand what goes to escalation policies to `pager`; said before the first `apply`."""
        self._pager = pager

    async def open(self) -> None:
        """Read the notification log. Raises StoreFailure."""
        await self._log.open()

    async def close(self) -> None:
        """Close all connections; what is being told at the moment is told to its end by those who wait for it."""
        await self._retire(self._receivers)
        await self._log.close()

    def prepare(self, config: NotifyConfig) -> PreparedNotify:
        """Check a configuration and change nothing.

        Raises ConfigurationFailure with everything that is wrong in the template files.
        """
        return PreparedNotify(config, Templates(config.template_files, self._clock.now_ms))

    async def apply(self, prepared: PreparedNotify) -> None:
        """Live by a configuration from now on; what is being told at the moment ends as it began."""
        before = self._receivers
        self._templates = prepared.templates
        named = (*prepared.config.receivers, *prepared.config.contacts)
        self._receivers = {receiver.name: self._integrations(receiver) for receiver in named}
        self._metrics.expect(one.config.kind for each in self._receivers.values() for one in each)
        await self._retire(before)

    async def notify(self, flush: Flush, *, again: bool = False) -> bool:
        """Tell the receiver of a flush what it does not know yet, by all its integrations at the same time.

        With `again`, what fires is told even where it is known. True where each succeeded or had nothing to say.
        """
        integrations = self._receivers.get(flush.receiver)
        if integrations is None:
            log.error("there is no receiver %r to tell of %s", flush.receiver, flush.group_key)
            return False
        telling = (one.notify(flush, self._templates, self._external_url, again=again) for one in integrations)
        return all(await asyncio.gather(*telling))

    async def test(self, receiver: str) -> Sequence[Trial]:
        """Send a test notification by every integration of a receiver; the log neither hinders nor records it.

        Raises KeyError where there is no receiver of that name.
        """
        flush = trial_flush(receiver, self._clock.now_ms())
        telling = (one.test(flush, self._templates, self._external_url) for one in self._receivers[receiver])
        return await asyncio.gather(*telling)

    def _integrations(self, receiver: Receiver) -> Sequence[Integration]:
        counts: dict[str, int] = {}
        integrations: list[Integration] = []
        for config in receiver.integrations():
            position = counts.setdefault(config.kind, 0)
            counts[config.kind] += 1
            integrations.append(self._integration(f"{config.kind}[{position}]", config))
        return integrations

    def _integration(self, name: str, config: IntegrationConfig) -> Integration:
        http = config.http_config if isinstance(config, OverHTTPConfig) else None
        client = HTTPClient(
            http or HTTPClientConfig(),
            self._clock,
            environ=self._environ,
            user_agent=self._user_agent,
            timeout_s=0,
        )
        outside = Outside(client, self._clock, self._environ, self._unique, self._pager)
        return Integration(name, config, outside, self._log, self._retrying, self._metrics)

    async def _retire(self, receivers: Mapping[str, Sequence[Integration]]) -> None:
        for integrations in receivers.values():
            for integration in integrations:
                await integration.retire()
