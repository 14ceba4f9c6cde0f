"""A flush as templates and webhooks see it: Alertmanager's `template.Data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.model.alert import Alert
from watchkeeper.model.fingerprint import fingerprint
from watchkeeper.model.labels import Labels
from watchkeeper.notify.templating.key_values import KV
from watchkeeper.notify.templating.time import Time
from watchkeeper.template import Function, Named, Struct

FIRING, RESOLVED = "firing", "resolved"
_REGEXP_SPECIAL = frozenset("\\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True)
class AlertData(Struct):
    """One alert; while it fires it has no end."""

    status: str
    labels: KV
    annotations: KV
    starts_at: Time
    ends_at: Time
    generator_url: str
    fingerprint: str

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "template.Alert"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Its fields."""
        return {
            "Status": self.status,
            "Labels": self.labels,
            "Annotations": self.annotations,
            "StartsAt": self.starts_at,
            "EndsAt": self.ends_at,
            "GeneratorURL": self.generator_url,
            "Fingerprint": self.fingerprint,
        }

    def as_json(self) -> dict[str, object]:
        """The object that webhooks send."""
        return {
            "status": self.status,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "startsAt": self.starts_at.rfc3339(),
            "endsAt": self.ends_at.rfc3339(),
            "generatorURL": self.generator_url,
            "fingerprint": self.fingerprint,
        }


class Chosen(tuple[AlertData, ...], Named):
    """Some of the alerts of a notification."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "[]template.Alert"


class Alerts(tuple[AlertData, ...], Named):
    """The alerts of a notification."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "template.Alerts"

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """Those that fire, and those that do not any more."""
        return {"Firing": Function(lambda: self.of(FIRING)), "Resolved": Function(lambda: self.of(RESOLVED))}

    def of(self, status: str) -> Chosen:
        """The alerts of that status."""
        return Chosen(alert for alert in self if alert.status == status)


@dataclass(frozen=True, slots=True)
class Data(Struct):
    """What the templates of one notification see."""

    receiver: str
    status: str
    alerts: Alerts
    reason: str
    group_labels: KV
    common_labels: KV
    common_annotations: KV
    external_url: str
    group_key: str
    note: str = ""

    @property
    def go_type(self) -> str:
        """Alertmanager's name for it."""
        return "*template.Data"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        """Its fields."""
        return {
            "Receiver": self.receiver,
            "Status": self.status,
            "Alerts": self.alerts,
            "NotificationReason": self.reason,
            "GroupLabels": self.group_labels,
            "CommonLabels": self.common_labels,
            "CommonAnnotations": self.common_annotations,
            "ExternalURL": self.external_url,
        }

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """What Alertmanager's templates cannot name: so they are no fields, and printing stays alike."""
        return {"GroupKey": Function(lambda: self.group_key), "Note": Function(lambda: self.note)}

    def as_json(self) -> dict[str, object]:
        """The object that webhooks send, less what is theirs."""
        return {
            "receiver": self.receiver,
            "status": self.status,
            "alerts": [alert.as_json() for alert in self.alerts],
            "notification_reason": self.reason,
            "groupLabels": dict(self.group_labels),
            "commonLabels": dict(self.common_labels),
            "commonAnnotations": dict(self.common_annotations),
            "externalURL": self.external_url,
            **({"note": self.note} if self.note else {}),
        }


def data_of(
    receiver: str,
    group_key: str,
    group_labels: Labels,
    alerts: Sequence[Alert],
    *,
    at: int,
    reason: str,
    external_url: str,
    note: str = "",
) -> Data:
    """What templates see of these alerts at the instant `at` (ms since the epoch)."""
    seen = Alerts(alert_data(alert, at) for alert in alerts)
    return Data(
        receiver="".join("\\" + c if c in _REGEXP_SPECIAL else c for c in receiver),
        status=FIRING if any(alert.status == FIRING for alert in seen) else RESOLVED,
        alerts=seen,
        reason=reason,
        group_labels=KV(group_labels),
        common_labels=_common([alert.labels for alert in alerts]),
        common_annotations=_common([alert.annotations for alert in alerts]),
        external_url=external_url,
        group_key=group_key,
        note=note,
    )


def alert_data(alert: Alert, at: int) -> AlertData:
    """One alert as it is at the instant `at`."""
    resolved = alert.is_resolved(at)
    return AlertData(
        RESOLVED if resolved else FIRING,
        KV(alert.labels),
        KV(alert.annotations),
        Time(alert.starts_at),
        Time(alert.ends_at if resolved else None),
        alert.generator_url,
        fingerprint(alert.labels),
    )


def _common(sets: Sequence[Mapping[str, str]]) -> KV:
    """The pairs of the first that all others have, too; as in Alertmanager, whoever has none has the empty one."""
    if not sets:
        return KV()
    first, *others = sets
    return KV((name, value) for name, value in first.items() if all(other.get(name, "") == value for other in others))
