"""What it took to tell, and what was answered."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from watchkeeper.notify.retrying import Attempt

# Transports return what they want to remember, and exchanges know nothing of attempts: what was answered to the
# attempt that a task makes travels beside both.
_answer: ContextVar[str] = ContextVar("answer", default="")


@dataclass(slots=True)
class Effort:
    """Attempts that were made, and the answer to the last one in short (`200 OK`), empty where there is none."""

    attempts: int = 0
    answer: str = ""

    def watched(self, attempt: Attempt) -> Attempt:
        """The same attempt, counted, and its answer kept."""

        async def watched() -> str:
            self.attempts += 1
            _answer.set("")
            try:
                return await attempt()
            finally:
                self.answer = _answer.get()

        return watched


def answered(answer: str) -> None:
    """Say what the other side answered to this task's attempt; no secret, no more than a few words."""
    _answer.set(answer)
