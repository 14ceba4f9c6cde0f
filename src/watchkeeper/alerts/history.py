"""What the journal is told of alerts and silences, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.alerts.group import Group
from watchkeeper.alerts.held import HeldAlert
from watchkeeper.alerts.matchers import matchers_text
from watchkeeper.alerts.silence import Silence
from watchkeeper.base.instant import instant_text, rfc3339
from watchkeeper.journal import Entry, Journal, Kind
from watchkeeper.model.labels import Labels

ALERT_NAME = "alertname"
_NAMED = 3
"""How many of many alerts a sentence names."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What holds alerts of a group back: silences, another alert, time intervals by their names."""

    silences: tuple[Silence, ...] = ()
    inhibitor: HeldAlert | None = None
    intervals: tuple[str, ...] = ()


class History:
    """Tells the journal when an alert begins and ends, once each, and when its muting changes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def seen(self, held: HeldAlert, now: int) -> None:
        """Record that an alert fires, or has ended, where the journal does not know it yet."""
        fires = not held.alert.is_resolved(now)
        if fires is not held.recorded:
            held.recorded = fires
            self._journal.record(_fired(held, now) if fires else _ended(held, now))

    def muted(self, group: Group, alerts: Sequence[HeldAlert], cause: Cause, at: int) -> None:
        """Record that from now on something holds alerts of a group back."""
        text = f"{_alerts(alerts)} {_are(alerts)} not told to {group.route.options.receiver}: {_why(cause)}"
        self._journal.record(_of_group(Kind.ALERT_MUTED, group, alerts, at, text, _details(cause)))

    def unmuted(self, group: Group, alerts: Sequence[HeldAlert], at: int) -> None:
        """Record that nothing does any more."""
        text = f"nothing keeps {_alerts(alerts)} from {group.route.options.receiver} any more"
        self._journal.record(_of_group(Kind.ALERT_UNMUTED, group, alerts, at, text, {}))


def silence_set(silence: Silence, now: int, actor: str = "", *, changed: bool = False) -> Entry:
    """A silence was made, or changed, by whom it says; or by an actor in their name."""
    what, owner = "changed" if changed else "made", silence.created_by
    who = actor or owner
    whose = f" in the name of {owner}" if owner and owner != who else ""
    why = f' "{silence.comment}"' if silence.comment else ""
    span = f"from {instant_text(silence.starts_at)} to {instant_text(silence.ends_at)}"
    text = f"{who or 'somebody'} {what} a silence{whose} for {matchers_text(silence.matchers)} {span}:{why}"
    kind = Kind.SILENCE_CHANGED if changed else Kind.SILENCE_CREATED
    return _of_silence(kind, silence, now, text.rstrip(":"), who)


def silence_expired(silence: Silence, now: int) -> Entry:
    """A silence has come to its end."""
    return _of_silence(Kind.SILENCE_EXPIRED, silence, now, f"{_silence(silence)} has ended", "")


def silence_ended(silence: Silence, now: int, actor: str) -> Entry:
    """Somebody has ended a silence early; an empty `actor` is nobody who is known."""
    by = f" by {actor}" if actor else ""
    return _of_silence(Kind.SILENCE_EXPIRED, silence, now, f"{_silence(silence)} was ended early{by}", actor)


def alert_text(labels: Labels) -> str:
    """An alert as a sentence names it: `Down{instance="a"}`."""
    pairs = ", ".join([f'{name}="{value}"' for name, value in labels.pairs if name != ALERT_NAME])
    return f"{labels.get(ALERT_NAME, '')}{{{pairs}}}"


def _fired(held: HeldAlert, now: int) -> Entry:
    text = f"{alert_text(held.alert.labels)} fires since {instant_text(held.alert.starts_at)}"
    return _of_alert(Kind.ALERT_FIRED, held, now, text)


def _ended(held: HeldAlert, now: int) -> Entry:
    why = ", because nobody sent it again" if held.timed_out else ""
    text = f"{alert_text(held.alert.labels)} ended at {instant_text(held.alert.ends_at)}{why}"
    return _of_alert(Kind.ALERT_RESOLVED, held, now, text)


def _of_alert(kind: Kind, held: HeldAlert, now: int, text: str) -> Entry:
    alert = held.alert
    details = {"labels": dict(alert.labels.pairs), "startsAt": alert.starts_at, "endsAt": alert.ends_at}
    return Entry(kind, now, text, alert.tenant, alerts=(held.fingerprint,), details=details)


def _of_group(
    kind: Kind, group: Group, alerts: Sequence[HeldAlert], at: int, text: str, details: dict[str, object]
) -> Entry:
    return Entry(
        kind=kind,
        at=at,
        text=text,
        tenant=group.tenant,
        alerts=tuple(held.fingerprint for held in alerts),
        group_key=group.key,
        receiver=group.route.options.receiver,
        details=details,
    )


def _silence(silence: Silence) -> str:
    owner = f" of {silence.created_by}" if silence.created_by else ""
    return f"the silence{owner} for {matchers_text(silence.matchers)}"


def _of_silence(kind: Kind, silence: Silence, now: int, text: str, actor: str) -> Entry:
    return Entry(kind, now, text, silence.tenant, actor, details={"silence": silence_details(silence)})


def silence_details(silence: Silence) -> dict[str, object]:
    """A silence as programs read it."""
    return {
        "id": silence.id,
        "matchers": matchers_text(silence.matchers),
        "createdBy": silence.created_by,
        "comment": silence.comment,
        "startsAt": rfc3339(silence.starts_at),
        "endsAt": rfc3339(silence.ends_at),
    }


def _details(cause: Cause) -> dict[str, object]:
    details: dict[str, object] = {}
    if cause.silences:
        details["silences"] = [silence_details(one) for one in cause.silences]
    if cause.inhibitor is not None:
        details["inhibitedBy"] = cause.inhibitor.fingerprint
    if cause.intervals:
        details["timeIntervals"] = list(cause.intervals)
    return details


def _why(cause: Cause) -> str:
    reasons = [silence_text(one) for one in cause.silences]
    if cause.inhibitor is not None:
        reasons.append(f"{alert_text(cause.inhibitor.alert.labels)} inhibits")
    if cause.intervals:
        reasons.append(f"the route's time intervals do ({', '.join(cause.intervals)})")
    return ", and ".join(reasons)


def silence_text(silence: Silence) -> str:
    """Why a silence holds an alert back."""
    comment = f' "{silence.comment}"' if silence.comment else ""
    owner = f" of {silence.created_by}" if silence.created_by else ""
    return f"the silence {silence.id}{owner}{comment} lasts until {instant_text(silence.ends_at)}"


def _alerts(alerts: Sequence[HeldAlert]) -> str:
    named = [alert_text(held.alert.labels) for held in alerts[:_NAMED]]
    rest = len(alerts) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _are(alerts: Sequence[HeldAlert]) -> str:
    return "is" if len(alerts) == 1 else "are"
