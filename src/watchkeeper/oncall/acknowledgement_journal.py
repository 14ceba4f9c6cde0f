"""What the journal says of acknowledgements."""

from __future__ import annotations

from datetime import UTC, datetime

from watchkeeper.journal import Entry, Kind
from watchkeeper.oncall.acknowledgement import Acknowledgement, Change, Ending

_VIA = {
    "link": "by the link in a notification",
    "page": "on the group's page",
    "api": "over the API",
    "slack": "in Slack",
    "sms": "by SMS",
    "voice": "by phone",
}


def entry(change: Change, at: int) -> Entry:
    """The entry for a change that happened at the instant `at`."""
    one, ending = change.acknowledgement, change.ending
    details: dict[str, object] = {"via": one.via, "until": one.until, "closed": one.closed}
    if one.comment:
        details["comment"] = one.comment
    if ending is not None:
        details["reason"] = ending.value
    return Entry(
        Kind.ACKNOWLEDGED if ending is None else Kind.ACKNOWLEDGEMENT_ENDED,
        at,
        given_text(one) if ending is None else _ended_text(change, ending),
        one.tenant,
        change.actor,
        tuple(sorted(one.alerts)),
        one.group_key,
        details=details,
    )


def given_text(one: Acknowledgement) -> str:
    """Who acknowledged what, and what follows."""
    what = "closed" if one.closed else "acknowledged"
    lasts = "until a new alert fires" if one.until is None else f"until {_time(one.until)} or a new alert"
    comment = f": {one.comment}" if one.comment else ""
    how = _VIA.get(one.via, f"by {one.via}")
    return f"{one.actor} {what} the group {how}; it is not told again {lasts}{comment}"


def _ended_text(change: Change, ending: Ending) -> str:
    one = change.acknowledgement
    what = f"{one.actor}'s {'closing' if one.closed else 'acknowledgement'}"
    match ending:
        case Ending.RELEASED:
            return f"{change.actor} took {what} back"
        case Ending.TIMED_OUT:
            return f"{what} timed out; the group is told and escalated again"
        case Ending.NEW_ALERT:
            return f"{what} ended because a new alert fired in the group"
        case Ending.RESOLVED:
            return f"{what} ended because nothing fires in the group any more"


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
