"""A group of alerts on its way from routing to whoever tells people of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels


@dataclass(frozen=True, slots=True)
class Flush:
    """What a group has to say to one receiver at the instant `at`; times in ms since the epoch.

    `alerts` are the group's alerts that nothing mutes, firing and resolved ones, by their labels. `group_key` is
    Alertmanager's text for a group, route and labels (`{}/{team="a"}:{alertname="X"}`). The same content may be told
    again once `repeat_interval_ms` have passed since it was told, unless somebody has `acknowledged` the group. Whoever
    tells gives up at `deadline`. A `note` is something else that the receiver should know, such as why it is told what
    another would have been. Where what is told of the same alerts changes, `version` is another each time: whoever
    knows an earlier one has something to learn.
    """

    receiver: str
    group_key: str
    group_labels: Labels
    alerts: tuple[Alert, ...]
    repeat_interval_ms: int
    at: int
    deadline: int
    tenant: str = field(default="default")
    acknowledged: bool = False
    note: str = ""
    version: str = ""
