"""Delta streams made cumulative, as the collector's deltatocumulative processor does it in Prometheus.

The first increment of a stream begins it, with its start time; later ones are added. One whose time is not after the
stream's newest is not: it is a repetition (an exporter that did not hear our answer), or came too late. A stream that
has been silent for five minutes begins anew, as does one after a restart: its start timestamp says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper.model.histogram import CounterReset, Histogram, HistogramsIncompatible, add
from watchkeeper.model.labels import Labels

STALE_AFTER_MS = 300_000
_TIDY_EVERY_MS = 30_000


@dataclass(frozen=True, slots=True)
class State:
    """A stream so far: its begin and newest time (ns), and the sum of its increments."""

    start: int
    time: int
    shape: tuple[float, ...]
    values: tuple[float, ...]
    histogram: Histogram | None
    seen_ms: int


class Staged:
    """Increments added on trial: `commit` keeps them, and until then the streams are as they were."""

    def __init__(self, states: dict[Labels, State], now_ms: int) -> None:
        self._states = states
        self._now_ms = now_ms
        self._new: dict[Labels, State] = {}

    def add(
        self,
        stream: Labels,
        start: int,
        time: int,
        values: Sequence[float],
        histogram: Histogram | None,
        shape: tuple[float, ...],
    ) -> State | None:
        """The stream with this increment; None where it came too late to be added."""
        old = self._new.get(stream) or self._states.get(stream)
        if old is not None and old.seen_ms < self._now_ms - STALE_AFTER_MS:
            old = None
        if old is not None and (time <= old.time or start < old.start):
            return None
        state = _sum(old, State(start, time, shape, tuple(values), histogram, self._now_ms))
        self._new[stream] = state
        return state

    def repeats(self, stream: Labels, time: int) -> bool:
        """Say whether an increment of this very time is in the stream already."""
        old = self._new.get(stream) or self._states.get(stream)
        return old is not None and old.time == time

    def commit(self) -> None:
        """Keep the streams as they are now."""
        self._states.update(self._new)


def _sum(old: State | None, new: State) -> State:
    if old is None or old.shape != new.shape or len(old.values) != len(new.values):
        return new
    if (old.histogram is None) != (new.histogram is None):
        return new
    histogram = None
    if old.histogram is not None and new.histogram is not None:
        try:
            histogram = replace(add(old.histogram, new.histogram).histogram, reset=CounterReset.UNKNOWN)
        except HistogramsIncompatible:
            return new
    values = tuple(a + b for a, b in zip(old.values, new.values, strict=True))
    return replace(new, start=old.start, values=values, histogram=histogram)


class Deltas:
    """The delta streams of one tenant."""

    def __init__(self) -> None:
        self._states: dict[Labels, State] = {}
        self._tidied_ms = 0

    def __len__(self) -> int:
        return len(self._states)

    def stage(self, now_ms: int) -> Staged:
        """Begin to add increments; one at a time."""
        if now_ms - self._tidied_ms > _TIDY_EVERY_MS:
            self._tidied_ms = now_ms
            silent = [stream for stream, state in self._states.items() if state.seen_ms < now_ms - STALE_AFTER_MS]
            for stream in silent:
                del self._states[stream]
        return Staged(self._states, now_ms)
