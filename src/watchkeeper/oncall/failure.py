"""How the room refuses."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class OnCallFailure(Failure):
    """Something that was asked for and cannot be; `missing` says that its object does not exist."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing
