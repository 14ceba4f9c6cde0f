"""An escalation policy: the message goes to whoever climbs it."""

from __future__ import annotations

from dataclasses import replace

from watchkeeper.notify.config.escalation import EscalationConfig
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.outside import Outside


class Escalation:
    """Hands messages over as they are: who is told renders them by contacts of their own."""

    def __init__(self, config: EscalationConfig, outside: Outside) -> None:
        self._config = config
        self._pager = outside.pager

    def prepare(self, message: Message) -> Attempt:
        """Raises NotifyFailure where nobody climbs policies, as on the command line."""
        pager, policy = self._pager, self._config.policy
        if pager is None:
            raise NotifyFailure(f"policy {policy} is climbed by a running server only", reason="clientError")
        flush = replace(message.flush, alerts=message.alerts)

        async def attempt() -> str:
            await pager.page(policy, flush, again=message.reason is Reason.REPEAT)
            return ""

        return attempt
