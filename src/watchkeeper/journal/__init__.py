"""What happened, append-only: alerts, notifications and why (not), acknowledgements, changes of objects."""

from __future__ import annotations

from watchkeeper.journal.entry import Entry, Kind
from watchkeeper.journal.journal import Journal
from watchkeeper.journal.search import Search

__all__ = ["Entry", "Journal", "Kind", "Search"]
