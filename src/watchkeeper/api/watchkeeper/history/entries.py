"""Entries of the journal, as JSON and as CSV have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec

from watchkeeper.base.instant import rfc3339
from watchkeeper.journal import Entry

COLUMNS = (
    "time",
    "kind",
    "text",
    "actor",
    "receiver",
    "integration",
    "groupKey",
    "incident",
    "alerts",
    "details",
    "id",
)


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry."""
    return {
        "id": entry.id,
        "time": rfc3339(entry.at),
        "kind": entry.kind.value,
        "text": entry.text,
        "actor": entry.actor,
        "alerts": entry.alerts,
        "groupKey": entry.group_key,
        "receiver": entry.receiver,
        "integration": entry.integration,
        "incident": entry.incident,
        "details": entry.details,
    }


def ndjson(entries: Sequence[Entry]) -> str:
    """A line of JSON for each."""
    return "".join(f"{msgspec.json.encode(entry_json(entry)).decode()}\n" for entry in entries)


def csv_rows(entries: Sequence[Entry]) -> str:
    """A row for each, in the order of `COLUMNS`; alerts by spaces, details as JSON (RFC 4180)."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    for entry in entries:
        shown = entry_json(entry)
        shown |= {"alerts": " ".join(entry.alerts), "details": msgspec.json.encode(entry.details).decode()}
        rows.writerow([shown[column] for column in COLUMNS])
    return text.getvalue()
