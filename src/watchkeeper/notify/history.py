"""What the journal is told of notifications, each in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Kind
from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.notification import Flush
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.effort import Effort
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.key import Key


def fingerprints(alerts: Sequence[Alert]) -> tuple[str, ...]:
    """By what the alerts are found."""
    return tuple(fingerprint(alert.labels) for alert in alerts)


def sent(key: Key, flush: Flush, alerts: Sequence[Alert], reason: Reason, effort: Effort, at: int) -> Entry:
    """The receiver has been told of these alerts of a flush."""
    answer = f"; the answer was {effort.answer}" if effort.answer else ""
    text = f"{_who(key)} was told of {_what(flush, alerts)} ({reason.value}){_tries(effort)}{answer}"
    return _entry(Kind.NOTIFICATION_SENT, key, flush, alerts, reason, at, text, effort)


def failed(
    key: Key, flush: Flush, alerts: Sequence[Alert], reason: Reason, effort: Effort, failure: NotifyFailure, at: int
) -> Entry:
    """The receiver could not be told."""
    text = f"{_who(key)} could not be told of {_what(flush, alerts)} ({reason.value}): {failure}"
    return _entry(Kind.NOTIFICATION_FAILED, key, flush, alerts, reason, at, text, effort, failure=str(failure))


def end_withheld(key: Key, flush: Flush, at: int) -> Entry:
    """All has ended, and the receiver wants to hear no ends."""
    text = f"{_who(key)} was not told that {_what(flush, flush.alerts)} ended: its send_resolved is off"
    reason = Reason.ALL_RESOLVED
    return _entry(Kind.NOTIFICATION_WITHHELD, key, flush, flush.alerts, reason, at, text, Effort(), why="send_resolved")


def repeat_withheld(key: Key, flush: Flush, at: int) -> Entry:
    """A repetition was due, but somebody has acknowledged the group."""
    text = f"{_who(key)} is not told again of {_what(flush, flush.alerts)}: somebody has acknowledged it"
    kind, reason = Kind.NOTIFICATION_WITHHELD, Reason.REPEAT
    return _entry(kind, key, flush, flush.alerts, reason, at, text, Effort(), why="acknowledged")


def unknown(key: Key, alerts: tuple[str, ...], began_at: int, now: int) -> Entry:
    """The process that was telling ended before it knew the outcome; `now` is when the next one starts."""
    text = (
        f"{_who(key)} was being told of {_count(len(alerts), 'alert')} of {key.group_key} at {instant_text(began_at)}:"
        " the process ended between sending and knowing the answer, so it may have been told twice or once"
    )
    return Entry(
        kind=Kind.NOTIFICATION_UNKNOWN,
        at=now,
        text=text,
        tenant=key.tenant,
        alerts=alerts,
        group_key=key.group_key,
        receiver=key.receiver,
        integration=key.integration,
        details={"beganAt": began_at},
    )


def _entry(
    kind: Kind,
    key: Key,
    flush: Flush,
    alerts: Sequence[Alert],
    reason: Reason,
    at: int,
    text: str,
    effort: Effort,
    **more: object,
) -> Entry:
    firing, resolved = _counts(flush, alerts)
    details = {
        "reason": reason.value,
        "firing": firing,
        "resolved": resolved,
        "attempts": effort.attempts,
        "answer": effort.answer,
        "groupLabels": dict(flush.group_labels),
        **more,
    }
    return Entry(
        kind=kind,
        at=at,
        text=text,
        tenant=key.tenant,
        alerts=fingerprints(alerts),
        group_key=key.group_key,
        receiver=key.receiver,
        integration=key.integration,
        details=details,
    )


def _who(key: Key) -> str:
    return f"{key.receiver} ({key.integration})"


def _what(flush: Flush, alerts: Sequence[Alert]) -> str:
    firing, resolved = _counts(flush, alerts)
    parts = [f"{_count(n, f'{word} alert')}" for n, word in ((firing, "firing"), (resolved, "resolved")) if n]
    labels = ", ".join(f'{name}="{value}"' for name, value in flush.group_labels.pairs)
    return f"{' and '.join(parts) or 'no alerts'} of the group {{{labels}}}"


def _counts(flush: Flush, alerts: Sequence[Alert]) -> tuple[int, int]:
    resolved = sum(alert.is_resolved(flush.at) for alert in alerts)
    return len(alerts) - resolved, resolved


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _tries(effort: Effort) -> str:
    return f" in {effort.attempts} attempts" if effort.attempts > 1 else ""
