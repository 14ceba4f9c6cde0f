"""Incidents in the control database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from watchkeeper.journal import Entry, Journal
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall.incident.incident import Incident, Status
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "incidents"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "incidents",
        (
            """
            CREATE TABLE incidents (
                tenant VARCHAR(150) NOT NULL,
                number BIGINT NOT NULL,
                status VARCHAR(20) NOT NULL,
                severity TEXT NOT NULL,
                service TEXT NOT NULL,
                team TEXT NOT NULL,
                assignee TEXT NOT NULL,
                triggered_at_ms BIGINT NOT NULL,
                resolved_at_ms BIGINT,
                fires SMALLINT NOT NULL,
                content TEXT NOT NULL,
                PRIMARY KEY (tenant, number)
            )
            """,
            "CREATE INDEX incidents_status ON incidents (status)",
            "CREATE INDEX incidents_triggered ON incidents (tenant, triggered_at_ms)",
        ),
    ),
    ControlStep(
        2,
        "requests that were heard",
        (
            """
            CREATE TABLE incidents_heard (
                tenant VARCHAR(150) NOT NULL,
                request VARCHAR(64) NOT NULL,
                number BIGINT NOT NULL,
                at_ms BIGINT NOT NULL,
                PRIMARY KEY (tenant, request)
            )
            """,
        ),
    ),
)
REMEMBERED_MS = 86_400_000
"""How long requests are remembered."""
_PUT = """
INSERT INTO incidents
    (tenant, number, status, severity, service, team, assignee, triggered_at_ms, resolved_at_ms, fires, content)
VALUES
    (:tenant, :number, :status, :severity, :service, :team, :assignee, :triggered_at, :resolved_at, :fires, :content)
ON CONFLICT (tenant, number) DO UPDATE SET
    status = excluded.status, severity = excluded.severity, service = excluded.service, team = excluded.team,
    assignee = excluded.assignee, triggered_at_ms = excluded.triggered_at_ms,
    resolved_at_ms = excluded.resolved_at_ms, fires = excluded.fires, content = excluded.content
"""
_LIVE = """
SELECT content FROM incidents WHERE status <> 'resolved' OR fires = 1 OR resolved_at_ms >= :since
ORDER BY tenant, number
"""
_ONE = "SELECT content FROM incidents WHERE tenant = :tenant AND number = :number"
_LAST = "SELECT COALESCE(MAX(number), 0) FROM incidents WHERE tenant = :tenant"
_HEAR = "INSERT INTO incidents_heard (tenant, request, number, at_ms) VALUES (:tenant, :request, :number, :at)"
_FORGET = "DELETE FROM incidents_heard WHERE at_ms < :before"
_HEARD = "SELECT number FROM incidents_heard WHERE tenant = :tenant AND request = :request"
_EQUAL = ("severity", "service", "team", "assignee")


@dataclass(frozen=True, slots=True)
class Heard:
    """A request, by a name of 64 characters at the most, that was heard at an instant (ms), and what it was about."""

    tenant: str
    request: str
    number: int
    at: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which incidents somebody wants to see: all conditions hold, an empty one always does.

    `since` and `until` (ms, inclusive and exclusive) are about when they were opened. Only those below the number
    `before` are found, for the next page.
    """

    tenant: str = DEFAULT_TENANT
    statuses: tuple[Status, ...] = ()
    severity: str = ""
    service: str = ""
    team: str = ""
    assignee: str = ""
    since: int | None = None
    until: int | None = None
    before: int | None = None
    limit: int = 100


class IncidentKeeping:
    """The table of incidents, and what the journal is to know of them."""

    def __init__(self, control: ControlDatabase, journal: Journal) -> None:
        self._control = control
        self._journal = journal

    async def migrate(self) -> None:
        """Make the table. Raises StoreFailure."""
        await self._control.migrate(ROOM, STEPS)

    async def put(self, incidents: Sequence[Incident], happened: Sequence[Entry], heard: Heard | None = None) -> None:
        """Keep incidents as they are now and record what happened, all or nothing. Raises StoreFailure."""
        rows = [_row(incident) for incident in incidents]
        await self._control.run([(_PUT, rows), *self._journal.writes(happened), *_hearing(heard)])

    async def heard(self, tenant: str, request: str) -> int | None:
        """The number of the incident that a request was about; None where it was not heard. Raises StoreFailure."""
        rows = await self._control.rows(_HEARD, {"tenant": tenant, "request": request})
        return int(str(rows[0][0])) if rows else None

    async def live(self, since: int) -> list[Incident]:
        """Those that are open, whose alerts fire, or that were resolved since an instant. Raises StoreFailure."""
        return [_incident(row) for row in await self._control.rows(_LIVE, {"since": since})]

    async def one(self, tenant: str, number: int) -> Incident | None:
        """The incident of that number. Raises StoreFailure."""
        rows = await self._control.rows(_ONE, {"tenant": tenant, "number": number})
        return _incident(rows[0]) if rows else None

    async def last(self, tenant: str) -> int:
        """The highest number that is given, 0 where none is. Raises StoreFailure."""
        return int(str((await self._control.rows(_LAST, {"tenant": tenant}))[0][0]))

    async def found(self, wanted: Filter) -> list[Incident]:
        """What a filter finds, newest first. Raises StoreFailure."""
        where, parameters = _where(wanted)
        statement = f"SELECT content FROM incidents WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT :limit"  # noqa: S608  # our own constants; every value is bound
        rows = await self._control.rows(statement, {**parameters, "limit": wanted.limit})
        return [_incident(row) for row in rows]


def _where(wanted: Filter) -> tuple[list[str], dict[str, object]]:
    where, parameters = ["tenant = :tenant"], dict[str, object](tenant=wanted.tenant)
    for name in _EQUAL:
        if value := getattr(wanted, name):
            where.append(f"{name} = :{name}")
            parameters[name] = value
    if wanted.statuses:
        names = {f"status{i}": status.value for i, status in enumerate(wanted.statuses)}
        where.append(f"status IN ({', '.join(f':{name}' for name in names)})")
        parameters.update(names)
    bounds = (
        ("triggered_at_ms >= :since", "since", wanted.since),
        ("triggered_at_ms < :until", "until", wanted.until),
        ("number < :before", "before", wanted.before),
    )
    for condition, name, value in bounds:
        if value is not None:
            where.append(condition)
            parameters[name] = value
    return where, parameters


def _hearing(heard: Heard | None) -> list[tuple[str, Sequence[Mapping[str, object]]]]:
    if heard is None:
        return []
    row = {"tenant": heard.tenant, "request": heard.request, "number": heard.number, "at": heard.at}
    return [(_FORGET, [{"before": heard.at - REMEMBERED_MS}]), (_HEAR, [row])]


def _row(incident: Incident) -> Mapping[str, object]:
    return {
        "tenant": incident.tenant,
        "number": incident.number,
        "status": incident.status.value,
        "severity": incident.severity,
        "service": incident.service,
        "team": incident.team,
        "assignee": incident.assignee,
        "triggered_at": incident.triggered_at,
        "resolved_at": incident.resolved_at,
        "fires": int(incident.fires),
        "content": msgspec.json.encode(incident).decode(),
    }


def _incident(row: Sequence[object]) -> Incident:
    return _decoder().decode(str(row[0]))


@lru_cache(1)
def _decoder() -> msgspec.json.Decoder[Incident]:
    return msgspec.json.Decoder(Incident)
