"""What people send about incidents, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType
from watchkeeper.api.watchkeeper.body import LONGEST_NAME, Posted, required
from watchkeeper.oncall.incident import ROLES, ActionItem, Change, Incident, Link, Status

_LONGEST_TEXT = 100_000
_LINES = ("severity", "service", "team", "assignee", "runbook")
_TITLE = "what is wrong, in a few words"


class PostedLink(msgspec.Struct, forbid_unknown_fields=True):
    """A link."""

    url: str
    title: str = ""


class PostedItem(msgspec.Struct, forbid_unknown_fields=True):
    """An action item."""

    text: str
    owner: str = ""
    done: bool = False
    url: str = ""


class PostedRoles(msgspec.Struct, forbid_unknown_fields=True):
    """Who has which role; what is not said stays."""

    commander: str | None = None
    communications: str | None = None
    scribe: str | None = None


class PostedIncident(Posted, forbid_unknown_fields=True, rename="camel"):
    """An incident to be opened, or what is to be changed of one."""

    title: str | None = None
    status: Literal["triggered", "acknowledged", "mitigated", "resolved"] | None = None
    severity: str | None = None
    service: str | None = None
    team: str | None = None
    assignee: str | None = None
    roles: PostedRoles = msgspec.field(default_factory=PostedRoles)
    summary: str | None = None
    impact: str | None = None
    runbook: str | None = None
    resolve_automatically: bool | None = None
    labels: dict[str, str] | None = None
    links: list[PostedLink] | None = None
    action_items: list[PostedItem] | None = None
    alerts: list[str] | None = None

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> PostedIncident:
        """What a form says; roles stand among the other fields."""
        roles = {name: value for name, value in fields.items() if name in ROLES}
        others = {name: value for name, value in fields.items() if name not in ROLES}
        return msgspec.convert({**others, "roles": roles}, cls)

    def change(self) -> Change:
        """What it changes. Raises ApiFailure."""
        lines = {name: _line(name, getattr(self, name)) for name in _LINES}
        roles = {name: _line(name, getattr(self.roles, name)) for name in self.roles.__struct_fields__}
        return Change(
            status=Status(self.status) if self.status is not None else None,
            title=required("title", self.title, _TITLE) if self.title is not None else None,
            summary=_text("summary", self.summary),
            impact=_text("impact", self.impact),
            automatic=self.resolve_automatically,
            labels=self.labels,
            links=tuple(_link(one) for one in self.links) if self.links is not None else None,
            action_items=tuple(_item(one) for one in self.action_items) if self.action_items is not None else None,
            **lines,
            **roles,
        )

    def draft(self, tenant: str) -> Incident:
        """The incident it opens; its number and times are the room's. Raises ApiFailure."""
        change = self.change()
        if change.status not in (None, Status.TRIGGERED):
            raise ApiFailure(ErrorType.BAD_DATA, 'a new incident\'s "status" can only be "triggered"')
        return Incident(
            number=0,
            title=required("title", self.title or "", _TITLE),
            triggered_at=0,
            tenant=tenant,
            severity=change.severity or "",
            service=change.service or "",
            team=change.team or "",
            assignee=change.assignee or "",
            commander=change.commander or "",
            communications=change.communications or "",
            scribe=change.scribe or "",
            summary=change.summary or "",
            impact=change.impact or "",
            runbook=change.runbook or "",
            automatic=bool(change.automatic),
            labels=change.labels or {},
            links=change.links or (),
            action_items=change.action_items or (),
        )


class PostedNote(Posted, forbid_unknown_fields=True):
    """A note; `via` says where it was written, such as a chat."""

    text: str = ""
    via: str = ""

    def checked(self) -> str:
        """Its text. Raises ApiFailure."""
        text = (_text("text", self.text) or "").strip()
        if not text:
            raise ApiFailure(ErrorType.BAD_DATA, '"text" is missing: a note says something')
        return text


class PostedMerge(Posted, forbid_unknown_fields=True):
    """Which incident becomes part of the one in the path."""

    incident: str = ""


class PostedTicket(Posted, forbid_unknown_fields=True):
    """Which receiver keeps a ticket."""

    receiver: str = ""


class PostedSplit(Posted, forbid_unknown_fields=True):
    """Which alerts become an incident of their own, and which receiver keeps a ticket of that."""

    alerts: list[str] = msgspec.field(default_factory=list[str])
    title: str = ""
    ticket: str = ""


class PostedTick(Posted, forbid_unknown_fields=True):
    """Whether a step is done."""

    done: bool = True


def http_url(name: str, text: str) -> str:
    """An address on the web, or nothing. Raises ApiFailure."""
    if text and (not text.startswith(("http://", "https://")) or any(c in text for c in ' <>"\\\r\n\t')):
        raise ApiFailure(ErrorType.BAD_DATA, f'"{name}" is no URL: right would be, for instance, https://example.org/1')
    return text


def _link(posted: PostedLink) -> Link:
    if not posted.url:
        raise ApiFailure(ErrorType.BAD_DATA, 'a link\'s "url" is missing')
    return Link(http_url("url", posted.url), _line("title", posted.title) or "")


def _item(posted: PostedItem) -> ActionItem:
    text = " ".join((_text("text", posted.text) or "").split())
    if not text:
        raise ApiFailure(ErrorType.BAD_DATA, 'an action item\'s "text" is missing')
    return ActionItem(text, _line("owner", posted.owner) or "", posted.done, http_url("url", posted.url))


def _line(name: str, text: str | None) -> str | None:
    line = None if text is None else " ".join(text.split())
    if line is not None and len(line) > LONGEST_NAME:
        raise ApiFailure(ErrorType.BAD_DATA, f'"{name}" is longer than {LONGEST_NAME} characters')
    return line


def _text(name: str, text: str | None) -> str | None:
    if text is not None and len(text) > _LONGEST_TEXT:
        raise ApiFailure(ErrorType.BAD_DATA, f'"{name}" is longer than {_LONGEST_TEXT} characters')
    return text
