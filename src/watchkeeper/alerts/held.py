"""One alert as this room holds it, from its first arrival until it is forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from watchkeeper.alerts.ordering import Order, alert_order
from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels
from watchkeeper.model.tenant import DEFAULT_TENANT

if TYPE_CHECKING:
    from watchkeeper.alerts.group import Group

Identity: TypeAlias = tuple[str, Labels]
"""A tenant and labels."""

Muted: TypeAlias = tuple[tuple[str, ...], bool, tuple[str, ...]]
"""What holds an alert back: silences' ids, whether another alert does, time intervals' names."""


class AlertState(StrEnum):
    """Whether people are told of an alert; unprocessed where nobody has looked yet."""

    UNPROCESSED = "unprocessed"
    ACTIVE = "active"
    SUPPRESSED = "suppressed"


@dataclass(eq=False, slots=True)
class HeldAlert:
    """An alert in its newest form, and what was found out about it.

    `revision` counts its arrivals; `timed_out` says that its end is ours, because its sender gave none. `groups` are
    those it belongs to, `sources` and `targets` the numbers of the inhibit rules whose sides match it, `silences` the
    ids that mute it as of a version of all silences. `recorded` says whether the journal has it as firing; `muted` is
    what the journal has as holding it back, by the ids of routes.
    """

    alert: Alert
    updated_at: int
    timed_out: bool = False
    revision: int = 0
    state: AlertState = AlertState.UNPROCESSED
    groups: tuple[Group, ...] = ()
    sources: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    silences: tuple[int, tuple[str, ...]] = field(default=(-1, ()))
    recorded: bool = False
    muted: dict[str, Muted] = field(default_factory=dict[str, "Muted"])
    identity: Identity = field(init=False, repr=False)
    """By what it is found."""
    _fingerprint: str = field(init=False, repr=False, default="")
    _order: Order = field(init=False, repr=False, default=())

    def __post_init__(self) -> None:
        self.identity = self.alert.tenant, self.alert.labels

    @property
    def waits(self) -> bool:
        """Say whether it belongs to a group that has still to tell of it."""
        return any(self.identity in group.members for group in self.groups)

    @property
    def fingerprint(self) -> str:
        """Its number in the API."""
        if not self._fingerprint:
            self._fingerprint = fingerprint(self.alert.labels)
        return self._fingerprint

    @property
    def order(self) -> Order:
        """Where it stands among others."""
        if not self._order:
            self._order = alert_order(self.alert.labels)
        return self._order

    @property
    def matched_labels(self) -> Labels:
        """What routes are matched with: its labels, and `tenant` where it belongs to another than the default one."""
        tenant, labels = self.alert.tenant, self.alert.labels
        return labels if tenant == DEFAULT_TENANT else labels.with_({"tenant": tenant})
