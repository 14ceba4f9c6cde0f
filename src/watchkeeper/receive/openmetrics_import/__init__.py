"""Backfill: OpenMetrics text, whatever its age and order, into the store or to a server that holds it."""

from __future__ import annotations

from watchkeeper.receive.openmetrics_import.failure import ImportFailure
from watchkeeper.receive.openmetrics_import.importing import Checked, check, store
from watchkeeper.receive.openmetrics_import.sending import PATH, send
from watchkeeper.receive.openmetrics_import.source import Source

__all__ = ["PATH", "Checked", "ImportFailure", "Source", "check", "send", "store"]
