"""Acknowledgements in the control database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from watchkeeper.oncall.acknowledgement import Acknowledgement, GroupName
from watchkeeper.store.control import ControlDatabase, ControlStep

ROOM = "acknowledgements"
STEPS: Sequence[ControlStep] = (
    ControlStep(
        1,
        "acknowledgements",
        (
            """
            CREATE TABLE oncall_acknowledgements (
                id CHAR(64) NOT NULL PRIMARY KEY,
                tenant VARCHAR(150) NOT NULL,
                group_key TEXT NOT NULL,
                alerts TEXT NOT NULL,
                actor TEXT NOT NULL,
                via VARCHAR(20) NOT NULL,
                at_ms BIGINT NOT NULL,
                until_ms BIGINT,
                comment TEXT NOT NULL,
                closed INTEGER NOT NULL
            )
            """,
        ),
    ),
    ControlStep(
        2,
        "callbacks",
        ("CREATE TABLE oncall_callbacks (id CHAR(64) NOT NULL PRIMARY KEY, forget_at_ms BIGINT NOT NULL)",),
    ),
)
_PUT = """
INSERT INTO oncall_acknowledgements (id, tenant, group_key, alerts, actor, via, at_ms, until_ms, comment, closed)
VALUES (:id, :tenant, :group_key, :alerts, :actor, :via, :at, :until, :comment, :closed)
ON CONFLICT (id) DO UPDATE SET
    alerts = excluded.alerts, actor = excluded.actor, via = excluded.via, at_ms = excluded.at_ms,
    until_ms = excluded.until_ms, comment = excluded.comment, closed = excluded.closed
"""
_DELETE = "DELETE FROM oncall_acknowledgements WHERE id = :id"
_SELECT = """
SELECT tenant, group_key, alerts, actor, via, at_ms, until_ms, comment, closed FROM oncall_acknowledgements
"""
Statement: TypeAlias = tuple[str, Sequence[Mapping[str, object]]]


async def kept(control: ControlDatabase) -> list[Acknowledgement]:
    """Every acknowledgement that is kept. Raises StoreFailure."""
    return [_read(*row) for row in await control.rows(_SELECT)]


def put(one: Acknowledgement) -> Statement:
    """The statement that keeps an acknowledgement as it is now; a group has one at the most."""
    row = {
        "id": _id(one.name),
        "tenant": one.tenant,
        "group_key": one.group_key,
        "alerts": json.dumps(sorted(one.alerts)),
        "actor": one.actor,
        "via": one.via,
        "at": one.at,
        "until": one.until,
        "comment": one.comment,
        "closed": int(one.closed),
    }
    return _PUT, [row]


def deleted(name: GroupName) -> Statement:
    """The statement that keeps a group's acknowledgement no longer."""
    return _DELETE, [{"id": _id(name)}]


def _id(name: GroupName) -> str:
    """A key of fixed length: a group's own may be longer than an index takes."""
    return hashlib.sha256("\0".join(name).encode()).hexdigest()


def _read(
    tenant: object,
    group_key: object,
    alerts: object,
    actor: object,
    via: object,
    at: object,
    until: object,
    comment: object,
    closed: object,
) -> Acknowledgement:
    return Acknowledgement(
        str(tenant),
        str(group_key),
        frozenset(json.loads(str(alerts))),
        str(actor),
        str(via),
        int(str(at)),
        None if until is None else int(str(until)),
        str(comment),
        str(closed) == "1",
    )
