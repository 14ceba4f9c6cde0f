"""The silences that are active for a while, by a label value that an alert must have."""

from __future__ import annotations

from collections.abc import Iterable

from watchkeeper.alerts.silence import Silence, SilenceState
from watchkeeper.model.alert import Alert
from watchkeeper.model.matcher import MatchOp


class SilenceIndex:
    """What is active from the instant `at` on, until the next silence begins or ends. `version` names this state."""

    def __init__(self, silences: Iterable[Silence], at: int, version: int = 0) -> None:
        self.version = version
        self._from = at
        self._until: int | None = None
        self._by_pair: dict[tuple[str, str], list[Silence]] = {}
        self._others: list[Silence] = []
        for silence in silences:
            self._add(silence)

    def holds(self, at: int) -> bool:
        """Say whether the same silences are active at that instant."""
        return self._from <= at and (self._until is None or at < self._until)

    def muting(self, alert: Alert) -> tuple[str, ...]:
        """The ids of those that mute the alert, in the order in which they were made."""
        labels = alert.labels
        candidates = [*self._others, *(one for pair in labels.pairs for one in self._by_pair.get(pair, ()))]
        found = [one for one in candidates if one.tenant == alert.tenant and one.matches(labels)]
        return tuple(one.id for one in sorted(found, key=lambda one: (one.updated_at, one.id)))

    def _add(self, silence: Silence) -> None:
        state = silence.state(self._from)
        if state is SilenceState.EXPIRED:
            return
        changes = silence.starts_at if state is SilenceState.PENDING else silence.ends_at
        self._until = changes if self._until is None else min(self._until, changes)
        if state is not SilenceState.ACTIVE:
            return
        pair = next(((m.name, m.value) for m in silence.matchers if m.op is MatchOp.EQUAL and m.value), None)
        if pair is None:
            self._others.append(silence)
        else:
            self._by_pair.setdefault(pair, []).append(silence)
