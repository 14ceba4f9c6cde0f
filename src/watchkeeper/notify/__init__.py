"""Telling people: dedup → render → send → record, by one transport for each way of telling."""

from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.receiver import Receiver, resolve_receivers
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.notify import Notify, NotifyConfig, PreparedNotify
from watchkeeper.notify.outlook import Knowledge, Outlook
from watchkeeper.notify.templating import Links, check_templates
from watchkeeper.notify.trial import Trial

__all__ = [
    "Knowledge",
    "Links",
    "NotificationDefaults",
    "Notify",
    "NotifyConfig",
    "NotifyFailure",
    "Outlook",
    "PreparedNotify",
    "Receiver",
    "Trial",
    "check_templates",
    "resolve_receivers",
]
