"""What a receiver knows of a group, what it is told next, and why not now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.base.instant import instant_text
from watchkeeper.model.labels import Labels
from watchkeeper.model.notification import Flush
from watchkeeper.notify.dedup import Content, Reason, label_hash, reason_to_tell
from watchkeeper.notify.keeping import Entry, State


class Knowledge(StrEnum):
    """What a receiver knows of one alert."""

    NOTHING = "nothing"
    PERHAPS = "perhaps that it fires"
    FIRING = "that it fires"
    RESOLVED = "that it has ended"


@dataclass(frozen=True, slots=True)
class Outlook:
    """One integration of a receiver and one group.

    `state` is what is certain about the last notification, empty where there was none, and `detail` why it failed;
    times in ms. `next` is the reason for which the group's next flush would tell, empty where it would not; `why` says
    all of it in a sentence.
    """

    integration: str
    knows: Knowledge
    state: str = ""
    changed_at: int | None = None
    told_at: int | None = None
    detail: str = ""
    next: str = ""
    why: str = ""


def outlook(
    integration: str, entry: Entry | None, flush: Flush, labels: Labels, *, send_resolved: bool, next_at: int
) -> Outlook:
    """What an integration with this entry in the log knows, and whether it would be told of `flush` at `next_at` (ms).

    `labels` are those of the alert that the question is about.
    """
    content = Content.of(flush.alerts, flush.at, flush.version)
    reason = _reason(entry, flush, content, send_resolved=send_resolved, next_at=next_at)
    why = f"{_past(entry)}{_next(entry, flush, content, reason, send_resolved=send_resolved)}"
    if reason is Reason.ALL_RESOLVED and not send_resolved:
        reason = None
    knows, next_ = _knows(entry, label_hash(labels, flush.version)), reason.value if reason is not None else ""
    if entry is None:
        return Outlook(integration, knows, next=next_, why=why)
    told_at = entry.told.at if entry.told is not None else None
    return Outlook(integration, knows, entry.state.value, entry.changed_at, told_at, entry.detail, next_, why)


def _reason(entry: Entry | None, flush: Flush, content: Content, *, send_resolved: bool, next_at: int) -> Reason | None:
    if not flush.alerts:
        return None
    return reason_to_tell(
        entry.told if entry is not None else None,
        content,
        send_resolved=send_resolved,
        repeat_interval_ms=flush.repeat_interval_ms,
        at=next_at,
        perhaps=entry.perhaps if entry is not None else frozenset(),
        acknowledged=flush.acknowledged,
    )


def _knows(entry: Entry | None, number: int) -> Knowledge:
    if entry is None:
        return Knowledge.NOTHING
    if number in entry.perhaps:
        return Knowledge.PERHAPS
    if entry.told is None:
        return Knowledge.NOTHING
    if number in entry.told.firing:
        return Knowledge.FIRING
    return Knowledge.RESOLVED if number in entry.told.resolved else Knowledge.NOTHING


def _past(entry: Entry | None) -> str:
    if entry is None:
        return "was never told of this group; "
    at = instant_text(entry.changed_at)
    match entry.state:
        case State.SENDING:
            return f"is being told since {at}; "
        case State.FAILED:
            return f"could not be told at {at} ({entry.detail}); "
        case State.UNKNOWN:
            return f"may have been told at {at}, when the process ended before it knew; "
        case State.SENT | State.WITHHELD:
            return f"was told at {instant_text(entry.told.at)}; " if entry.told is not None else ""


def _next(entry: Entry | None, flush: Flush, content: Content, reason: Reason | None, *, send_resolved: bool) -> str:
    if not flush.alerts:
        return "there is nothing now that it could be told"
    if reason is Reason.ALL_RESOLVED and not send_resolved:
        return "it is told of no ends, because send_resolved is off"
    if reason is not None:
        return f"the next flush tells it: {reason.value}"
    told = entry.told if entry is not None else None
    if told is None or not content.firing:
        return "it knows of nothing that fires, so there is no end to tell"
    if flush.acknowledged:
        return "it knows all that there is to say, and is told no more of it while somebody has acknowledged the group"
    return f"it knows all that there is to say, and is told the same again after {_after(told.at, flush)}"


def _after(told_at: int, flush: Flush) -> str:
    return instant_text(told_at + flush.repeat_interval_ms)
