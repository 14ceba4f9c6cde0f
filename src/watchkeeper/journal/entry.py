"""One thing that happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.model.tenant import DEFAULT_TENANT


class Kind(StrEnum):
    """What kind of thing happened: its object, and what became of it."""

    ALERT_FIRED = "alert.fired"
    ALERT_RESOLVED = "alert.resolved"
    ALERT_MUTED = "alert.muted"
    """From now on a silence, an inhibition or a time interval holds it back."""
    ALERT_UNMUTED = "alert.unmuted"
    NOTIFICATION_SENT = "notification.sent"
    NOTIFICATION_FAILED = "notification.failed"
    NOTIFICATION_UNKNOWN = "notification.unknown"
    """The process ended between sending and knowing the answer."""
    NOTIFICATION_WITHHELD = "notification.withheld"
    """There was something to tell, and a reason not to: a limit, an open circuit, an acknowledgement."""
    ACKNOWLEDGED = "acknowledgement.given"
    ACKNOWLEDGEMENT_ENDED = "acknowledgement.ended"
    SILENCE_CREATED = "silence.created"
    SILENCE_CHANGED = "silence.changed"
    SILENCE_EXPIRED = "silence.expired"
    ESCALATION_BEGUN = "escalation.begun"
    ESCALATION_STEP = "escalation.step"
    ESCALATION_ENDED = "escalation.ended"
    ASSIGNED = "assignment.changed"
    SCHEDULE_CHANGED = "schedule.changed"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_NOTE = "incident.note"
    INCIDENT_RESOLVED = "incident.resolved"
    CALLBACK_REFUSED = "callback.refused"
    HEARTBEAT_LATE = "heartbeat.late"
    HEARTBEAT_BACK = "heartbeat.back"
    CONFIGURATION_LOADED = "configuration.loaded"
    CONFIGURATION_REFUSED = "configuration.refused"
    CALENDAR_CHANGED = "calendar.changed"
    CALENDAR_FAILED = "calendar.failed"
    """It cannot be renewed; said once until it can."""
    CALENDAR_BACK = "calendar.back"
    DUTY_TAKEN = "duty.taken"
    """From now on this process tells people."""
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened at the instant `at` (ms since the epoch), told in one sentence by `text`.

    `actor` is the person or system that did it, empty where it was Watchkeeper by itself. `alerts` are the
    fingerprints of the alerts that it is about; `group_key`, `receiver`, `integration` (`slack[0]`) and `incident`
    are empty where it has none. `details` is what JSON can hold and a program may want: ids, answers, labels; never a
    secret. `id` is given by the journal: ids are in the order in which entries were recorded.
    """

    kind: Kind
    at: int
    text: str
    tenant: str = DEFAULT_TENANT
    actor: str = ""
    alerts: tuple[str, ...] = ()
    group_key: str = ""
    receiver: str = ""
    integration: str = ""
    incident: str = ""
    details: Mapping[str, object] = field(default_factory=dict[str, object])
    id: str = ""
