"""One integration of a receiver: dedup → render → send → record."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from watchkeeper.model.notification import Flush
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.dedup import Content, Reason, reason_to_tell
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.keeping import Key
from watchkeeper.notify.log import NotificationLog
from watchkeeper.notify.message import Message
from watchkeeper.notify.metrics import NotifyMetrics
from watchkeeper.notify.retrying import Attempt, Retrying, once
from watchkeeper.notify.templating import Templates
from watchkeeper.notify.transports import Outside, make_transport
from watchkeeper.notify.trial import TRIAL_TIMEOUT_S, Trial
from watchkeeper.store import StoreFailure

log = logging.getLogger(__name__)


class Integration:
    """Tells one receiver by one transport. `name` is what the log and Alertmanager call it: `webhook[0]`."""

    def __init__(
        self,
        name: str,
        config: IntegrationConfig,
        outside: Outside,
        notification_log: NotificationLog,
        retrying: Retrying,
        metrics: NotifyMetrics,
    ) -> None:
        self.name = name
        self.config = config
        self._transport = make_transport(config, outside)
        self._client = outside.client
        self._clock = outside.clock
        self._log = notification_log
        self._retrying = retrying
        self._metrics = metrics
        self._busy = 0
        self._retired = False

    async def notify(self, flush: Flush, templates: Templates, external_url: str, *, again: bool = False) -> bool:
        """Tell what the receiver does not know yet; True where it knows it, or had nothing to learn.

        With `again`, what fires is told even where it is known.
        """
        self._busy += 1
        try:
            return await self._notify(flush, templates, external_url, again)
        finally:
            self._busy -= 1
            if self._retired and not self._busy:
                await self._client.close()

    async def test(self, flush: Flush, templates: Templates, external_url: str) -> Trial:
        """Tell once, whatever the receiver knows, and record nothing."""
        message = Message.of(flush, flush.alerts, Reason.FIRST, templates, external_url)
        failure = ""
        try:
            await once(self._transport.prepare(message), self.config.timeout_s or TRIAL_TIMEOUT_S)
        except NotifyFailure as error:
            failure = str(error)
        return Trial(self.name, failure, tuple(str(wrong) for wrong in message.rendering.failures))

    async def retire(self) -> None:
        """Close all connections once nothing is being told any more."""
        self._retired = True
        if not self._busy:
            await self._client.close()

    async def _notify(self, flush: Flush, templates: Templates, external_url: str, again: bool) -> bool:
        key = Key(flush.tenant, flush.group_key, flush.receiver, self.name)
        content, entry = Content.of(flush.alerts, flush.at), self._log.entry(key)
        reason = reason_to_tell(
            entry.told if entry is not None else None,
            content,
            send_resolved=self.config.send_resolved,
            repeat_interval_ms=flush.repeat_interval_ms,
            at=flush.at,
            perhaps=entry.perhaps if entry is not None else frozenset(),
        )
        if reason is None and again and content.firing:
            reason = Reason.REPEAT
        if reason is None:
            return True
        if not self.config.send_resolved and not content.firing:
            await self._record_sent(key, content, flush, "")
            return True
        # After a first notification nothing that was kept for the group holds any more.
        memory = entry.memory if entry is not None and reason is not Reason.FIRST else ""
        alerts = tuple(a for a in flush.alerts if self.config.send_resolved or not a.is_resolved(flush.at))
        return await self._tell(key, content, Message.of(flush, alerts, reason, templates, external_url, memory))

    async def _tell(self, key: Key, content: Content, message: Message) -> bool:
        flush = message.flush
        await self._record(self._log.sending(key, content, flush.repeat_interval_ms))
        self._metrics.notifications.labels(self.config.kind).inc()
        try:
            attempt = self._counted(self._transport.prepare(message))
            self._report_templates(message)
            within_s = (flush.deadline - self._clock.now_ms()) / 1000
            memory = await self._retrying.deliver(attempt, within_s=within_s, timeout_s=self.config.timeout_s)
        except NotifyFailure as failure:
            await self._fail(key, flush, failure)
            return False
        except Exception as error:
            log.exception("%s/%s failed in an unforeseen way", flush.receiver, self.name)
            await self._fail(key, flush, NotifyFailure(f"unforeseen: {type(error).__name__}"))
            return False
        await self._record_sent(key, content, flush, memory)
        return True

    def _counted(self, attempt: Attempt) -> Attempt:
        kind = self.config.kind

        async def counted() -> str:
            began_s = self._clock.monotonic_s()
            self._metrics.requests.labels(kind).inc()
            try:
                return await attempt()
            except BaseException:
                self._metrics.requests_failed.labels(kind).inc()
                raise
            finally:
                self._metrics.latency_s.labels(kind).observe(self._clock.monotonic_s() - began_s)

        return counted

    async def _fail(self, key: Key, flush: Flush, failure: NotifyFailure) -> None:
        self._metrics.failed.labels(self.config.kind, failure.reason).inc()
        log.error("%s/%s could not be told of %s: %s", flush.receiver, self.name, flush.group_key, failure)
        await self._record(self._log.failed(key, str(failure), flush.repeat_interval_ms))

    def _report_templates(self, message: Message) -> None:
        for failure in message.rendering.failures:
            self._metrics.template_failures.labels(self.config.kind).inc()
            log.error("%s/%s is told in plain text: %s", message.flush.receiver, self.name, failure)

    async def _record_sent(self, key: Key, content: Content, flush: Flush, memory: str) -> None:
        await self._record(self._log.sent(key, content, flush.repeat_interval_ms, memory))

    async def _record(self, recording: Awaitable[None]) -> None:
        """Record; a log that cannot be written must not keep people from being told."""
        try:
            await recording
        except StoreFailure as failure:
            self._metrics.log_failures.inc()
            log.error("the notification log cannot be written: %s", failure)
