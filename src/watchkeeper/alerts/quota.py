"""How many alerts of one name may fire at once (Alertmanager's `--alerts.per-alertname-limit`)."""

from __future__ import annotations

import logging

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels

log = logging.getLogger(__name__)
Name = tuple[str, str]


class Quota:
    """Alerts by tenant and name: where as many as `limit` fire, another one is not taken; 0 is no limit.

    An alert without a name counts among those without one. Times in ms since the epoch.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._firing: dict[Name, _Firing] = {}

    def takes(self, alert: Alert, now: int) -> bool:
        """Say whether there is room for an alert that arrives, which then has its place."""
        if self._limit <= 0:
            return True
        firing = self._firing.setdefault(_name(alert), _Firing())
        if alert.labels not in firing.ends and firing.count(now, self._limit) >= self._limit:
            firing.refuse(alert, self._limit)
            return False
        firing.put(alert)
        return True

    def restore(self, alert: Alert) -> None:
        """Count an alert that was taken by an earlier process, whatever was the limit then."""
        if self._limit > 0:
            self._firing.setdefault(_name(alert), _Firing()).put(alert)

    def forget(self, alert: Alert) -> None:
        """Give back the place of an alert that is held no more."""
        firing = self._firing.get(_name(alert))
        if firing is not None:
            firing.ends.pop(alert.labels, None)
            if not firing.ends:
                del self._firing[_name(alert)]


class _Firing:
    """The alerts of one name, each with its end; ended ones leave when others need their places."""

    def __init__(self) -> None:
        self.ends: dict[Labels, int] = {}
        self._first_end = 0  # no alert ends before it
        self._is_full = False

    def count(self, now: int, limit: int) -> int:
        """How many hold a place; ended ones are counted while there is room for one more."""
        if len(self.ends) >= limit and self._first_end <= now:
            self.ends = {labels: end for labels, end in self.ends.items() if end > now}
            self._first_end = min(self.ends.values(), default=now)
        return len(self.ends)

    def put(self, alert: Alert) -> None:
        if alert.labels not in self.ends:
            self._is_full = False
        self._first_end = min(self._first_end, alert.ends_at) if self.ends else alert.ends_at
        self.ends[alert.labels] = alert.ends_at

    def refuse(self, alert: Alert, limit: int) -> None:
        """Say it once, until a place is given to another."""
        if not self._is_full:
            name = alert.labels.get("alertname", "")
            log.warning('%d alerts with alertname="%s" fire: others are not taken until some of them end', limit, name)
        self._is_full = True


def _name(alert: Alert) -> Name:
    return alert.tenant, alert.labels.get("alertname", "")
