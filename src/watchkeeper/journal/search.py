"""Which entries somebody wants to see."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.model.tenant import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Search:
    """All conditions must hold; an empty one always does. `since` and `until` (ms) are inclusive and exclusive.

    `kinds` may hold a whole kind (`alert.fired`) or its object (`alert`). `text` is found anywhere in an entry's text,
    in any case. `alerts` finds entries about any of these. `before` is the id of an entry: only older ones are found,
    for the next page; `after` in the same way only younger ones. Entries come newest first, `limit` of them at most.
    """

    tenant: str = DEFAULT_TENANT
    kinds: tuple[str, ...] = ()
    alert: str = ""
    alerts: tuple[str, ...] = ()
    group_key: str = ""
    receiver: str = ""
    incident: str = ""
    actor: str = ""
    text: str = ""
    since: int | None = None
    until: int | None = None
    before: str = ""
    after: str = ""
    limit: int = 100
