"""The journal's tables in the control database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from watchkeeper.journal.entry import Entry, Kind
from watchkeeper.journal.search import Search
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "journal"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "journal",
        (
            """
            CREATE TABLE journal (
                id VARCHAR(32) NOT NULL PRIMARY KEY,
                at_ms BIGINT NOT NULL,
                tenant VARCHAR(150) NOT NULL,
                kind VARCHAR(40) NOT NULL,
                actor TEXT NOT NULL,
                group_key TEXT NOT NULL,
                receiver TEXT NOT NULL,
                integration VARCHAR(150) NOT NULL,
                incident VARCHAR(40) NOT NULL,
                alerts TEXT NOT NULL,
                text TEXT NOT NULL,
                details TEXT NOT NULL
            )
            """,
            "CREATE INDEX journal_receiver ON journal (tenant, receiver, id)",
            "CREATE INDEX journal_group ON journal (tenant, group_key, id)",
            "CREATE INDEX journal_incident ON journal (incident, id)",
            "CREATE INDEX journal_at ON journal (at_ms)",
            """
            CREATE TABLE journal_alerts (
                fingerprint CHAR(16) NOT NULL,
                entry VARCHAR(32) NOT NULL,
                PRIMARY KEY (fingerprint, entry)
            )
            """,
            "CREATE INDEX journal_alerts_entry ON journal_alerts (entry)",
        ),
    ),
)
Writes: TypeAlias = Sequence[tuple[str, Sequence[Mapping[str, object]]]]
Row: TypeAlias = Mapping[str, str | int]
"""An entry as it is written; of texts and numbers alone, so that many that wait are no work for garbage collection."""
_COLUMNS = "id, at_ms, tenant, kind, actor, group_key, receiver, integration, incident, alerts, text, details"
_INSERT = f"""
INSERT INTO journal ({_COLUMNS})
VALUES (:id, :at_ms, :tenant, :kind, :actor, :group_key, :receiver, :integration, :incident, :alerts, :text, :details)
"""  # noqa: S608  # our own constants
_INSERT_ALERT = "INSERT INTO journal_alerts (fingerprint, entry) VALUES (:fingerprint, :entry)"
_OLD_ALERTS = "DELETE FROM journal_alerts WHERE entry IN (SELECT id FROM journal WHERE at_ms < :before)"
_OLD = "DELETE FROM journal WHERE at_ms < :before"
_NUL = "\N{SYMBOL FOR NULL}"
"""What stands for the character that PostgreSQL has no text with."""
_EQUAL = ("group_key", "receiver", "incident", "actor")


def writes(rows: Sequence[Row]) -> Writes:
    """The statements that record entries; for a transaction of the caller's."""
    if not rows:
        return []
    alerts = [{"fingerprint": one, "entry": row["id"]} for row in rows for one in str(row["alerts"]).split()]
    inserts: list[tuple[str, Sequence[Mapping[str, object]]]] = [(_INSERT, rows)]
    return [*inserts, (_INSERT_ALERT, alerts)] if alerts else inserts


async def forget(control: ControlDatabase, before: int) -> None:
    """Drop the entries from before an instant (ms). Raises StoreFailure."""
    await control.run([(_OLD_ALERTS, [{"before": before}]), (_OLD, [{"before": before}])])


async def found(control: ControlDatabase, search: Search) -> list[Entry]:
    """What a search finds, newest first. Raises StoreFailure."""
    where, parameters = _where(search)
    statement = f"SELECT {_COLUMNS} FROM journal WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :limit"  # noqa: S608  # our own constants; every value is bound
    return [_entry(row) for row in await control.rows(statement, {**parameters, "limit": search.limit})]


async def scanned(control: ControlDatabase, search: Search, after: str) -> list[Entry]:
    """The next `search.limit` entries after the one with the id `after`, oldest first. Raises StoreFailure."""
    where, parameters = _where(search)
    conditions = " AND ".join([*where, "id > :scanned"])
    statement = f"SELECT {_COLUMNS} FROM journal WHERE {conditions} ORDER BY id LIMIT :limit"  # noqa: S608  # as above
    rows = await control.rows(statement, {**parameters, "scanned": after, "limit": search.limit})
    return [_entry(row) for row in rows]


def _where(search: Search) -> tuple[list[str], dict[str, object]]:
    where, parameters = ["tenant = :tenant"], dict[str, object](tenant=search.tenant)
    for name in _EQUAL:
        if value := getattr(search, name):
            where.append(f"{name} = :{name}")
            parameters[name] = value
    if search.alert:
        where.append("id IN (SELECT entry FROM journal_alerts WHERE fingerprint = :alert)")
        parameters["alert"] = search.alert
    if search.alerts:
        names = {f"alert{i}": alert for i, alert in enumerate(search.alerts)}
        listed = ", ".join(f":{name}" for name in names)
        where.append(f"id IN (SELECT entry FROM journal_alerts WHERE fingerprint IN ({listed}))")  # noqa: S608  # names of parameters
        parameters.update(names)
    if search.text:
        where.append("LOWER(text) LIKE :text ESCAPE '!'")
        parameters["text"] = f"%{_like(search.text.lower())}%"
    bounds = (("at_ms >= :since", "since", search.since), ("at_ms < :until", "until", search.until))
    pages = (("id < :before", "before", search.before or None), ("id > :after", "after", search.after or None))
    for condition, name, value in (*bounds, *pages):
        if value is not None:
            where.append(condition)
            parameters[name] = value
    if search.kinds:
        where.append(f"({' OR '.join(_of_kind(i, kind, parameters) for i, kind in enumerate(search.kinds))})")
    return where, parameters


def _of_kind(i: int, kind: str, parameters: dict[str, object]) -> str:
    parameters[f"kind{i}"], parameters[f"object{i}"] = kind, f"{_like(kind)}.%"
    return f"kind = :kind{i} OR kind LIKE :object{i} ESCAPE '!'"


def _like(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def row(id: str, entry: Entry) -> Row:
    """An entry under its id."""
    return {
        "id": id,
        "at_ms": entry.at,
        "tenant": _storable(entry.tenant),
        "kind": entry.kind.value,
        "actor": _storable(entry.actor),
        "group_key": _storable(entry.group_key),
        "receiver": _storable(entry.receiver),
        "integration": entry.integration,
        "incident": entry.incident,
        "alerts": " ".join(dict.fromkeys(entry.alerts)),
        "text": _storable(entry.text),
        "details": msgspec.json.encode(dict(entry.details)).decode(),
    }


def _storable(text: str) -> str:
    """The text as every database takes it: one entry that is refused would keep all that come after it waiting."""
    if text.isascii():
        return text.replace("\0", _NUL)
    return text.replace("\0", _NUL).encode(errors="replace").decode()


def _entry(row: Sequence[object]) -> Entry:
    identity, at, *texts = row
    tenant, kind, actor, group_key, receiver, integration, incident, alerts, text, details = map(str, texts)
    return Entry(
        kind=Kind(kind),
        at=int(str(at)),
        text=text,
        tenant=tenant,
        actor=actor,
        alerts=tuple(alerts.split()),
        group_key=group_key,
        receiver=receiver,
        integration=integration,
        incident=incident,
        details=msgspec.json.decode(details),
        id=str(identity),
    )
