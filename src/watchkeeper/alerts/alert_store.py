"""Every alert that is known: what fires, and what has ended not long ago."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from watchkeeper.alerts.held import HeldAlert, Identity
from watchkeeper.alerts.merging import merged
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels


class AlertStore:
    """Alerts by tenant and labels."""

    def __init__(self) -> None:
        self._all: dict[Identity, HeldAlert] = {}

    def __iter__(self) -> Iterator[HeldAlert]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    def get(self, tenant: str, labels: Labels) -> HeldAlert | None:
        """The alert, where it is held."""
        return self._all.get((tenant, labels))

    def put(self, alert: Alert, now: int, *, timed_out: bool = False) -> tuple[HeldAlert, bool]:
        """The alert as it is held now, and whether more has changed than an end that lies ahead as before."""
        held = self._all.get((alert.tenant, alert.labels))
        if held is None:
            held = HeldAlert(alert, now, timed_out)
            self._all[held.identity] = held
            return held, True
        before, after = held.alert, merged(held, alert, now)
        after = replace(after, labels=before.labels)  # the same ones: two of them would take twice the memory
        held.alert, held.updated_at, held.timed_out = after, now, timed_out
        held.revision += 1
        return held, (
            before.starts_at != after.starts_at
            or before.annotations != after.annotations
            or before.generator_url != after.generator_url
            or before.is_resolved(now)
            or after.is_resolved(now)
        )

    def restore(self, held: HeldAlert) -> None:
        """Take up an alert that was kept."""
        self._all[held.identity] = held

    def forget_resolved(self, at: int) -> list[HeldAlert]:
        """Forget the alerts that have ended by the instant `at` and that no group waits to tell; return them."""
        gone = [held for held in self._all.values() if held.alert.is_resolved(at) and not held.waits]
        for held in gone:
            del self._all[held.identity]
        return gone
