"""Alertmanager's sections about notification."""

from __future__ import annotations

from watchkeeper.base.configuration import FilePath, Section
from watchkeeper.notify import Receiver


class NotificationSections(Section):
    """Who is told, and how it is worded."""

    receivers: tuple[Receiver, ...] = ()
    templates: tuple[FilePath, ...] = ()
