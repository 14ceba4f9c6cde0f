"""How the room refuses."""

from __future__ import annotations

from collections.abc import Collection

from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.failure import Failure

_NAMED = 10
"""How many names a message lists."""


class OnCallFailure(Failure):
    """Something that was asked for and cannot be; `missing` says that its object does not exist."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


def right_names(name: str, known: Collection[str]) -> str:
    """What would have been right in the place of a name that nothing has: one like it, else those that there are."""
    if close := did_you_mean(name, known):
        return close
    if not known:
        return ": there is none"
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f": there {'is' if len(known) == 1 else 'are'} {', '.join(sorted(known)[:_NAMED])}{more}"
