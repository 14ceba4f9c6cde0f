"""The instants at which an expression is evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Steps:
    """`count` instants from `start` on, `step` apart; all in ms. A single instant has a step of 1."""

    start: int
    step: int
    count: int

    @classmethod
    def between(cls, start: int, end: int, step: int) -> Steps:
        """The instants start, start + step … up to `end`; none where `end` lies before `start`."""
        return cls(start, step, max(0, (end - start) // step + 1))

    @property
    def end(self) -> int:
        """The last instant."""
        return self.start + (self.count - 1) * self.step

    @property
    def first(self) -> Steps:
        """The first instant alone."""
        return Steps(self.start, self.step, 1)

    def array(self) -> NDArray[np.int64]:
        """The instants, shape (count,)."""
        return np.arange(self.count, dtype=np.int64) * self.step + self.start


@dataclass(frozen=True, slots=True)
class Span:
    """The query's own range and step in ms; an instant query has equal ends and a step of 0."""

    start: int
    end: int
    step: int
