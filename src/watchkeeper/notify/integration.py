"""One integration of a receiver: dedup → render → send → record."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from watchkeeper.journal import Entry as Happened
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify import history
from watchkeeper.notify.concealing import concealed
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.dedup import Content, Reason, reason_to_tell
from watchkeeper.notify.effort import Effort
from watchkeeper.notify.failure import NotifyFailure, unforeseen
from watchkeeper.notify.guard import Guard, Stuck
from watchkeeper.notify.keeping import Entry, State
from watchkeeper.notify.key import Key
from watchkeeper.notify.log import NotificationLog
from watchkeeper.notify.message import Message
from watchkeeper.notify.metrics import NotifyMetrics
from watchkeeper.notify.outlook import Outlook, outlook
from watchkeeper.notify.retrying import Attempt, Retrying, once
from watchkeeper.notify.templating import Templates
from watchkeeper.notify.transports import Acknowledging, Outside, Ticketing, make_transport
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
        guard: Guard,
    ) -> None:
        self.name = name
        self.config = config
        self._outside = outside
        self._transport = make_transport(config, outside)
        self._client = outside.client
        self._clock = outside.clock
        self._log = notification_log
        self._retrying = retrying
        self._metrics = metrics
        self.guard = guard
        self._busy = 0
        self._retired = False

    async def notify(
        self, flush: Flush, templates: Templates, external_url: str, stuck: Stuck, *, again: bool = False
    ) -> bool:
        """Tell what the receiver does not know yet; True where it knows it, or had nothing to learn.

        `stuck` is told why the flush does not get through, as soon as that is so. With `again`, what fires is told even
        where it is known.
        """
        self._busy += 1
        try:
            return await self._notify(flush, templates, external_url, stuck, again=again)
        finally:
            await self._done()

    def outlook(self, flush: Flush, labels: Labels, next_at: int) -> Outlook:
        """What it knows of the alert with these labels, and whether the group's flush at `next_at` (ms) tells it."""
        entry = self._log.entry(Key(flush.tenant, flush.group_key, flush.receiver, self.name))
        return outlook(self.name, entry, flush, labels, send_resolved=self.config.send_resolved, next_at=next_at)

    def address(self, flush: Flush) -> str:
        """Where people see the ticket of the group; empty where there is none, or nothing says where."""
        entry = self._log.entry(Key(flush.tenant, flush.group_key, flush.receiver, self.name))
        if entry is None or not isinstance(self._transport, Ticketing):
            return ""
        return self._transport.address(entry.memory)

    async def test(self, flush: Flush, templates: Templates, external_url: str) -> Trial:
        """Tell once, whatever the receiver knows, and record nothing."""
        message = Message.of(flush, flush.alerts, Reason.FIRST, templates, external_url)
        failure, effort, began_s = "", Effort(), self._clock.monotonic_s()
        try:
            await once(
                effort.watched(concealed(self._transport.prepare(message), self._outside.conceal)),
                self.config.timeout_s or TRIAL_TIMEOUT_S,
            )
        except NotifyFailure as error:
            failure = str(error)
        except Exception as error:
            log.debug("the test of %s failed in an unforeseen way", self.name, exc_info=True)
            failure = unforeseen(error)
        took_s, wrong = self._clock.monotonic_s() - began_s, tuple(str(each) for each in message.rendering.failures)
        return Trial(self.name, failure, effort.answer, took_s, wrong)

    async def acknowledge(self, flush: Flush, templates: Templates, external_url: str) -> bool | None:
        """Tell the other side, where it was told of the group, that somebody has taken it on.

        Says whether that has worked; None where there is nobody to tell, or no way to.
        """
        entry = self._log.entry(Key(flush.tenant, flush.group_key, flush.receiver, self.name))
        if not isinstance(self._transport, Acknowledging) or entry is None or not (entry.told and entry.told.firing):
            return None
        message = Message.of(flush, flush.alerts, Reason.REPEAT, templates, external_url, entry.memory)
        self._busy += 1
        try:
            attempt = self._counted(concealed(self._transport.prepare_acknowledgement(message), self._outside.conceal))
            within_s = (flush.deadline - self._clock.now_ms()) / 1000
            await self._retrying.deliver(attempt, within_s=within_s, timeout_s=self.config.timeout_s)
        except NotifyFailure as failure:
            log.error("%s/%s could not be told of an acknowledgement: %s", flush.receiver, self.name, failure)
            return False
        except Exception:
            log.exception("%s/%s could not be told of an acknowledgement", flush.receiver, self.name)
            return False
        finally:
            await self._done()
        return True

    async def retire(self) -> None:
        """Close all connections once nothing is being told any more."""
        self._retired = True
        if not self._busy:
            await self._client.close()

    async def _done(self) -> None:
        self._busy -= 1
        if self._retired and not self._busy:
            await self._client.close()

    async def _notify(
        self, flush: Flush, templates: Templates, external_url: str, stuck: Stuck, *, again: bool
    ) -> bool:
        key = Key(flush.tenant, flush.group_key, flush.receiver, self.name)
        content, entry = Content.of(flush.alerts, flush.at, flush.version), self._log.entry(key)
        reason = reason_to_tell(
            entry.told if entry is not None else None,
            content,
            send_resolved=self.config.send_resolved,
            repeat_interval_ms=flush.repeat_interval_ms,
            at=flush.at,
            perhaps=entry.perhaps if entry is not None else frozenset(),
            acknowledged=flush.acknowledged,
        )
        if reason is None and again and content.firing:
            reason = Reason.REPEAT
        if reason is None:
            if flush.acknowledged:
                await self._withhold(key, flush, entry)
            return True
        if not self.config.send_resolved and not content.firing:
            await self._record_sent(key, content, flush, "", history.end_withheld(key, flush, self._clock.now_ms()))
            return True
        # After a first notification nothing that was kept for the group holds any more.
        memory = entry.memory if entry is not None and reason is not Reason.FIRST else ""
        alerts = tuple(a for a in flush.alerts if self.config.send_resolved or not a.is_resolved(flush.at))
        message = Message.of(flush, alerts, reason, templates, external_url, memory)
        if not await self._has_place(flush):
            return False
        return await self._tell(key, content, message, stuck)

    async def _withhold(self, key: Key, flush: Flush, entry: Entry | None) -> None:
        """Say once that a repetition is withheld, and remember the receiver for as long as nothing is repeated."""
        told = entry.told if entry is not None and entry.state is not State.WITHHELD else None
        if told is not None and told.firing and told.at < flush.at - flush.repeat_interval_ms:
            happened = history.repeat_withheld(key, flush, self._clock.now_ms())
            await self._record(self._log.withheld(key, flush.repeat_interval_ms, happened))
        else:
            await self._record(self._log.remember(key, flush.repeat_interval_ms))

    async def _has_place(self, flush: Flush) -> bool:
        """Wait until the rate limit leaves a place; False where that is not before the group is due again."""
        wait_s = self.guard.place(flush)
        if wait_s is None:
            return False
        if wait_s:
            await self._retrying.sleep(wait_s)
        return True

    async def _tell(self, key: Key, content: Content, message: Message, stuck: Stuck) -> bool:
        flush, effort = message.flush, Effort()
        alerts = history.fingerprints(message.alerts)
        await self._record(self._log.sending(key, content, flush.repeat_interval_ms, alerts))
        self._metrics.notifications.labels(self.config.kind).inc()
        try:
            attempt = effort.watched(self._counted(concealed(self._transport.prepare(message), self._outside.conceal)))
            attempt = self.guard.guarded(attempt, flush, stuck)
            self._report_templates(message)
            within_s = (flush.deadline - self._clock.now_ms()) / 1000
            memory = await self._retrying.deliver(attempt, within_s=within_s, timeout_s=self.config.timeout_s)
        except NotifyFailure as failure:
            stuck(str(failure))
            await self._fail(key, message, effort, failure)
            return False
        except Exception as error:
            log.exception("%s/%s failed in an unforeseen way", flush.receiver, self.name)
            stuck("an unforeseen error, which the log has")
            await self._fail(key, message, effort, NotifyFailure(unforeseen(error)))
            return False
        told = history.sent(key, flush, message.alerts, message.reason, effort, self._clock.now_ms())
        await self._record_sent(key, content, flush, memory, told)
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

    async def _fail(self, key: Key, message: Message, effort: Effort, failure: NotifyFailure) -> None:
        flush, now = message.flush, self._clock.now_ms()
        self._metrics.failed.labels(self.config.kind, failure.reason).inc()
        log.error("%s/%s could not be told of %s: %s", flush.receiver, self.name, flush.group_key, failure)
        happened = history.failed(key, flush, message.alerts, message.reason, effort, failure, now)
        await self._record(self._log.failed(key, str(failure), flush.repeat_interval_ms, happened))

    def _report_templates(self, message: Message) -> None:
        self.guard.templates.raised(message.rendering.failures)
        for failure in message.rendering.failures:
            self._metrics.template_failures.labels(self.config.kind).inc()
            log.error("%s/%s is told in plain text: %s", message.flush.receiver, self.name, failure)

    async def _record_sent(self, key: Key, content: Content, flush: Flush, memory: str, happened: Happened) -> None:
        await self._record(self._log.sent(key, content, flush.repeat_interval_ms, memory, happened))

    async def _record(self, recording: Awaitable[None]) -> None:
        """Record; a log that cannot be written must not keep people from being told."""
        try:
            await recording
        except StoreFailure as failure:
            self._metrics.log_failures.inc()
            log.error("the notification log cannot be written: %s", failure)
