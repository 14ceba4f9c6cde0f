"""The table of escalations in the control database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.oncall.escalation.escalation import Escalation, Page, State
from watchkeeper.store.control import ControlDatabase

TABLE = """
CREATE TABLE oncall_escalations (
    id VARCHAR(32) NOT NULL PRIMARY KEY,
    tenant VARCHAR(150) NOT NULL,
    group_key TEXT NOT NULL,
    policy TEXT NOT NULL,
    state VARCHAR(20) NOT NULL,
    begun_at_ms BIGINT NOT NULL,
    content TEXT NOT NULL
)
"""
_COLUMNS = "id, tenant, group_key, policy, state, begun_at_ms, content"
_SELECT = f"SELECT {_COLUMNS} FROM oncall_escalations ORDER BY begun_at_ms, id"  # noqa: S608  # our own constants
_PUT = f"""
INSERT INTO oncall_escalations ({_COLUMNS})
VALUES (:id, :tenant, :group_key, :policy, :state, :begun_at_ms, :content)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, content = excluded.content
"""  # noqa: S608  # our own constants
_DELETE = "DELETE FROM oncall_escalations WHERE id = :id"
Writes = Sequence[tuple[str, Sequence[Mapping[str, object]]]]


def writes(escalations: Sequence[Escalation], over: Iterable[str]) -> Writes:
    """The statements that keep escalations as they are now, and forget those that are `over`, by their ids."""
    rows, gone = [_row(one) for one in escalations], [{"id": id} for id in sorted(over)]
    return [*([(_PUT, rows)] if rows else []), *([(_DELETE, gone)] if gone else [])]


async def kept(control: ControlDatabase) -> list[Escalation]:
    """All that are kept, the oldest first. Raises StoreFailure."""
    return [_escalation(row) for row in await control.rows(_SELECT)]


def _row(escalation: Escalation) -> Mapping[str, object]:
    content = {
        "labels": dict(escalation.group_labels.pairs),
        "alerts": [_alert_json(alert) for alert in escalation.alerts],
        "steps_told": escalation.steps_told,
        "due_at": escalation.due_at,
        "pages": [
            [page.number, page.receiver, page.at, page.person, page.note, page.attempts] for page in escalation.pages
        ],
        "pages_made": escalation.pages_made,
        "told": escalation.told,
        "assigned": escalation.assigned,
        "acknowledged_by": escalation.acknowledged_by,
        "note": escalation.note,
    }
    return {
        "id": escalation.id,
        "tenant": escalation.tenant,
        "group_key": escalation.group_key,
        "policy": escalation.policy,
        "state": escalation.state.value,
        "begun_at_ms": escalation.begun_at,
        "content": json.dumps(content, separators=(",", ":"), ensure_ascii=False),
    }


def _alert_json(alert: Alert) -> list[object]:
    return [dict(alert.labels.pairs), dict(alert.annotations), alert.starts_at, alert.ends_at, alert.generator_url]


def _escalation(row: Sequence[object]) -> Escalation:
    id, tenant, group_key, policy, state, begun_at, content = map(str, row)
    read = json.loads(content)
    return Escalation(
        id=id,
        tenant=tenant,
        group_key=group_key,
        policy=policy,
        group_labels=Labels(read["labels"]),
        alerts=tuple(
            Alert(Labels(labels), annotations, starts_at, ends_at, generator_url, tenant)
            for labels, annotations, starts_at, ends_at, generator_url in read["alerts"]
        ),
        begun_at=int(begun_at),
        state=State(state),
        steps_told=read["steps_told"],
        due_at=read["due_at"],
        pages=tuple(Page(*page) for page in read["pages"]),
        pages_made=read["pages_made"],
        told=tuple(read["told"]),
        assigned=read["assigned"],
        acknowledged_by=read["acknowledged_by"],
        note=read["note"],
    )
