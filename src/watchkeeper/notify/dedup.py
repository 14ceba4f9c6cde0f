"""Whether there is anything to say that the receiver does not know yet (Alertmanager's `needsUpdate`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import xxhash

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels


class Reason(Enum):
    """Why a notification goes out; the texts are those that Alertmanager's webhook has."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    ALL_RESOLVED = "all alerts resolved"
    NEW_RESOLVED = "some alerts resolved"
    CHANGED = "what is told of them has changed"
    """Ours: of another version of what the receiver knows."""
    REPEAT = "repeat interval elapsed"


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver was told last, at `at` (ms since the epoch): the alerts by the hashes of their labels."""

    firing: frozenset[int]
    resolved: frozenset[int]
    at: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a group has to say: its alerts by the hashes of their labels and of the version of what is told of them."""

    firing: frozenset[int]
    resolved: frozenset[int]
    version: str = ""

    @classmethod
    def of(cls, alerts: Sequence[Alert], at: int, version: str = "") -> Content:
        """The alerts as they are at the instant `at`, in ms since the epoch."""
        firing, resolved = set[int](), set[int]()
        for alert in alerts:
            (resolved if alert.is_resolved(at) else firing).add(label_hash(alert.labels, version))
        return cls(frozenset(firing), frozenset(resolved), version)


def reason_to_tell(
    told: Told | None,
    content: Content,
    *,
    send_resolved: bool,
    repeat_interval_ms: int,
    at: int,
    perhaps: frozenset[int] = frozenset(),
    acknowledged: bool = False,
) -> Reason | None:
    """Why `content` should be told at the instant `at`, or None where the receiver knows enough.

    That everything has ended is a reason even where resolved alerts are not sent: the log must know. `perhaps` are
    alerts of whose firing the receiver may know: they are told again, and so is their end. Nothing is repeated about a
    group that is `acknowledged`.
    """
    if not content.firing:
        knows = perhaps or (told is not None and told.firing)
        return Reason.ALL_RESOLVED if knows else None
    if told is None:
        return Reason.FIRST
    if not content.firing <= told.firing:
        if not told.firing:
            return Reason.FIRST
        return Reason.CHANGED if content.version else Reason.NEW_ALERTS
    if send_resolved and not content.resolved <= told.resolved:
        return Reason.NEW_RESOLVED
    return Reason.REPEAT if told.at < at - repeat_interval_ms and not acknowledged else None


def label_hash(labels: Labels, version: str = "") -> int:
    """The number by which an alert, or a version of what is told of it, is remembered."""
    pairs = "".join(f"{name}\xff{value}\xff" for name, value in labels.pairs)
    return xxhash.xxh3_64_intdigest(f"{pairs}{version}".encode())
