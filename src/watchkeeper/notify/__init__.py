"""Telling people: dedup → render → send → record, by one transport for each way of telling."""

from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.receiver import Receiver, resolve_receivers
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.notify import Notify, NotifyConfig, PreparedNotify
from watchkeeper.notify.templating import wrong_templates

__all__ = [
    "NotificationDefaults",
    "Notify",
    "NotifyConfig",
    "NotifyFailure",
    "PreparedNotify",
    "Receiver",
    "resolve_receivers",
    "wrong_templates",
]
