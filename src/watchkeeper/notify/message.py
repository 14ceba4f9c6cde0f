"""What one integration is to tell."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from watchkeeper.model.alert import Alert
from watchkeeper.model.notification import Flush
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.templating import FIRING, Data, GroupKey, Rendering, Templates, data_of


@dataclass(frozen=True, slots=True)
class Message:
    """A flush on its way to one integration, and its texts.

    `alerts` are those of the flush that the integration is told of. `memory` is what its transport kept the last time.
    """

    flush: Flush
    alerts: tuple[Alert, ...]
    reason: Reason
    rendering: Rendering
    memory: str = ""

    @classmethod
    def of(
        cls,
        flush: Flush,
        alerts: tuple[Alert, ...],
        reason: Reason,
        templates: Templates,
        external_url: str,
        memory: str = "",
    ) -> Message:
        """The message about `alerts`."""
        data = _data(flush, alerts, reason, external_url)
        return cls(flush, alerts, reason, Rendering(templates, data), memory)

    @property
    def data(self) -> Data:
        """What its templates see."""
        return self.rendering.data

    @property
    def firing(self) -> bool:
        """Whether any of its alerts fires."""
        return self.data.status == FIRING

    @property
    def key(self) -> str:
        """The group's name where the other side wants a short one: its key's SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self.flush.group_key.encode()).hexdigest()

    def first(self, most: int) -> Message:
        """The message about no more than `most` alerts; 0 means all."""
        if most == 0 or len(self.alerts) <= most:
            return self
        alerts = self.alerts[:most]
        data = _data(self.flush, alerts, self.reason, self.data.external_url)
        return replace(self, alerts=alerts, rendering=self.rendering.over(data))


def _data(flush: Flush, alerts: tuple[Alert, ...], reason: Reason, external_url: str) -> Data:
    return data_of(
        flush.receiver,
        GroupKey(flush.group_key, flush.tenant),
        flush.group_labels,
        alerts,
        at=flush.at,
        reason=reason.value,
        external_url=external_url,
        note=flush.note,
    )
