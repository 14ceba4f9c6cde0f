"""The review of each week, sent to a receiver once the week is over."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import urlencode

from watchkeeper.alerts import Notifier
from watchkeeper.base.clock import Clock
from watchkeeper.base.failure import Failure
from watchkeeper.base.instant import instant_text, rfc3339
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.quality.figures import WEEK_MS
from watchkeeper.oncall.quality.keeping import Done, ReviewKeeping
from watchkeeper.oncall.quality.order import QualityOrder
from watchkeeper.oncall.quality.review import History, Review, headline, review, summary
from watchkeeper.oncall.quality.week import Week
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.failure import StoreFailure

log = logging.getLogger(__name__)

ALERT = "AlertQualityReview"
LOOK_S = 30.0
PATIENCE_MS = 300_000
"""How long notification tries by itself."""
RETRY_MS = 900_000
"""How long after the last attempt a review that did not arrive is handed over again."""
GIVEN_UP_MS = 4 * 86_400_000
"""A review that nobody could be told of so long after its week is left out.

The notification log, by which nobody is told twice, remembers for five days.
"""


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """Who gets reviews of which weeks, by what severities."""

    receiver: str
    week: Week
    severities: Severities


class WeeklyReview:
    """Sends each review once. `open`, `apply`, `start`, and `stop` at the end.

    `external_url` is what the link to the whole review begins with.
    """

    def __init__(
        self, control: ControlDatabase, history: History, notifier: Notifier, clock: Clock, external_url: str
    ) -> None:
        self._keeping = ReviewKeeping(control)
        self._history = history
        self._notifier = notifier
        self._clock = clock
        self._url = external_url
        self._plan: ReviewPlan | None = None
        self._done: Done | None = None
        self._tried_at = 0
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up what was sent before. Raises StoreFailure."""
        self._done = await self._keeping.open()

    def apply(self, plan: ReviewPlan | None) -> None:
        """Send reviews by this plan from now on; without one, none."""
        self._plan = plan

    def start(self) -> None:
        """Look from time to time whether a week is over."""
        self._task = asyncio.create_task(self._run(), name="weekly review")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Send the review that is due. Raises StoreFailure.

        The first one that a new plan gives is that of the week under way; a week that ended before is nobody's.
        """
        plan = self._plan
        if plan is None:
            if self._done is not None:
                await self._keeping.forget()
                self._done = None
            return
        now, done = self._clock.now_ms(), self._done
        since, until = plan.week.last(now)
        if done is not None and done.week == str(plan.week):
            if done.until >= until or now - self._tried_at < RETRY_MS:
                return
            self._tried_at = now
            if until + GIVEN_UP_MS <= now:
                log.error("%s did not get the review of the week up to %s", plan.receiver, instant_text(until))
            elif not await self._send(plan, since, until):
                return
        await self._finish(plan, until)

    async def _finish(self, plan: ReviewPlan, until: int) -> None:
        done = Done(str(plan.week), until)
        await self._keeping.put(done)
        self._done = done

    async def _send(self, plan: ReviewPlan, since: int, until: int) -> bool:
        order = QualityOrder(rfc3339(since), rfc3339(until), time_zone=plan.week.time_zone)
        found = await review(self._history, order.measure(until, plan.severities))
        now = self._clock.now_ms()
        flush = Flush(
            receiver=plan.receiver,
            group_key=f'{{}}/quality:{{review="{order.until}"}}',
            group_labels=Labels({"alertname": ALERT}),
            alerts=(_alert(found, f"{self._url}/api/watchkeeper/v1/quality/review?{_query(order)}"),),
            repeat_interval_ms=WEEK_MS,
            at=now,
            deadline=now + PATIENCE_MS,
        )
        return await self._notifier.notify(flush)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except (StoreFailure, Failure) as failure:
                log.warning("the weekly review of alerts must wait: %s", failure)
            except Exception:
                log.exception("the weekly review of alerts failed in an unforeseen way")
            await asyncio.sleep(LOOK_S)


def _alert(found: Review, url: str) -> Alert:
    until = found.measure.until
    annotations = {"summary": headline(found), "description": summary(found)}
    return Alert(Labels({"alertname": ALERT}), annotations, until, until + WEEK_MS, url)


def _query(order: QualityOrder) -> str:
    asked = {"since": order.since, "until": order.until, "time_zone": order.time_zone, "format": "markdown"}
    return urlencode(asked)
