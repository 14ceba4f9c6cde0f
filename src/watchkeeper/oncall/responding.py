"""What a person does about a group of alerts, by whichever way they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchkeeper.alerts import Alerts, Group, HeldAlert, Silence
from watchkeeper.base.clock import Clock
from watchkeeper.base.failure import Failure
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.oncall.acknowledgement import Acknowledgement, Answer
from watchkeeper.oncall.acknowledgements import Acknowledgements


class NothingFires(Failure):
    """There is no such group, or nothing in it fires any more."""


@dataclass(frozen=True, slots=True)
class GroupNow:
    """A group as it is now: the alerts that fire, whom they are told to, and who looks after them."""

    tenant: str
    group_key: str
    labels: Labels
    receivers: tuple[str, ...]
    firing: tuple[HeldAlert, ...]
    acknowledgement: Acknowledgement | None

    @property
    def since(self) -> int:
        """When the first of them began to fire, in ms since the epoch."""
        return min(held.alert.starts_at for held in self.firing)

    @property
    def fingerprints(self) -> frozenset[str]:
        """The alerts' numbers."""
        return frozenset(held.fingerprint for held in self.firing)

    @property
    def common_labels(self) -> Labels:
        """The pairs that all alerts have."""
        first, *others = (held.alert.labels for held in self.firing)
        return Labels(pair for pair in first.pairs if all(other.get(pair[0]) == pair[1] for other in others))


class Responding:
    """Acknowledges, closes, takes back and silences groups that fire."""

    def __init__(self, alerts: Alerts, acknowledgements: Acknowledgements, clock: Clock) -> None:
        self._alerts = alerts
        self._clock = clock
        self.acknowledgements = acknowledgements

    def group(self, tenant: str, group_key: str) -> GroupNow:
        """One group. Raises NothingFires."""
        found = [one for one in self.groups(tenant) if one.group_key == group_key]
        if not found:
            raise NothingFires(f"nothing fires in the group {group_key}")
        # Routes with the same matchers side by side have the same key: who acknowledges it means all of them.
        firing = {held.identity: held for one in found for held in one.firing}
        receivers = dict.fromkeys(name for one in found for name in one.receivers)
        return GroupNow(
            tenant, group_key, found[0].labels, tuple(receivers), tuple(firing.values()), found[0].acknowledgement
        )

    def groups(self, tenant: str) -> list[GroupNow]:
        """A tenant's groups in which something fires."""
        now, found = self._clock.now_ms(), list[GroupNow]()
        for group in self._alerts.groups(tenant):
            firing = tuple(one.held for one in group.in_order() if not one.alert.is_resolved(now))
            if firing:
                receivers = (group.route.options.receiver,)
                found.append(GroupNow(tenant, group.key, group.labels, receivers, firing, self._holds(group, firing)))
        return found

    def _holds(self, group: Group, firing: Sequence[HeldAlert]) -> Acknowledgement | None:
        """The acknowledgement that covers all that fires in a group, if any."""
        one = self.acknowledgements.of(group.tenant, group.key)
        covers = one is not None and one.alerts.issuperset(held.fingerprint for held in firing)
        return one if covers else None

    def firing(self, tenant: str, group_key: str) -> frozenset[str]:
        """The fingerprints of the alerts that fire in a group; none where there is no such group."""
        try:
            return self.group(tenant, group_key).fingerprints
        except NothingFires:
            return frozenset()

    async def acknowledge(
        self, group: GroupNow, actor: str, via: str, for_ms: int, *, comment: str = "", closed: bool = False
    ) -> Answer:
        """Acknowledge what fires in a group, or hold it to be over. Raises StoreFailure."""
        return await self.acknowledgements.acknowledge(
            group.tenant, group.group_key, group.fingerprints, actor, via, for_ms, comment=comment, closed=closed
        )

    async def silence(self, group: GroupNow, labels: Mapping[str, str], actor: str, ends_at: int, comment: str) -> str:
        """Silence all alerts with these labels until `ends_at`; the silence's id.

        Raises InvalidSilence, StoreFailure.
        """
        matchers = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in labels.items())
        silence = Silence(matchers, self._clock.now_ms(), ends_at, actor, comment, tenant=group.tenant)
        return await self._alerts.silences.set(silence)
