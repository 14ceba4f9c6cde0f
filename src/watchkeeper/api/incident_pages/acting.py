"""What a form on an incident's page does."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from watchkeeper.api.incident_pages.changing import LINES, PEOPLE, TEXTS
from watchkeeper.api.incident_pages.visit import Fields
from watchkeeper.api.oncall.form import Unusable
from watchkeeper.api.watchkeeper.incident_bodies import PostedIncident, PostedNote
from watchkeeper.oncall.incident import Change, Incidents, Status

_FACTS = (*LINES, *TEXTS, "runbook")


@dataclass(frozen=True, slots=True)
class Done:
    """Which incident to show now, what to say there, and in which part of its page."""

    id: str
    said: str
    part: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that `by` sent about the incident `id`, from a part of its page."""

    tenant: str
    id: str
    by: str
    part: str
    fields: Fields

    @property
    def request(self) -> str:
        """A name for it: the same for the same form with the same in it, as when a button is pressed twice."""
        return request_name((*self.fields.multi_items(), ("id", self.id), ("by", self.by)))


def request_name(pairs: Iterable[tuple[str, str]]) -> str:
    """A name for what was sent; two pages' forms differ in their tokens."""
    return hashlib.sha256(repr(sorted(pairs)).encode()).hexdigest()


async def act(room: Incidents, sent: Sent) -> Done:
    """Do what the pressed button says.

    Raises Unusable, ApiFailure, UnknownIncident, InvalidIncident, IncidentConflict and StoreFailure.
    """
    do, _, what = sent.fields.get("do", "").partition(":")
    if do not in _ACTIONS:
        raise Unusable("Nothing was chosen: press one of the buttons.")
    return await _ACTIONS[do](room, sent, what)


async def _status(room: Incidents, sent: Sent, what: str) -> Done:
    if what not in tuple(Status):
        raise Unusable(f'"{what[:40]}" is no status: {", ".join(Status)} would be right.')
    return await _changed(room, sent, Change(status=Status(what)), {"status": _seen(sent.fields, "status")}, what)


async def _take(room: Incidents, sent: Sent, what: str) -> Done:
    if what not in PEOPLE:
        raise Unusable(f'"{what[:40]}" is nothing that one can be: {", ".join(PEOPLE)} would be right.')
    change = PostedIncident.of({what: sent.by}).change()
    return await _changed(room, sent, change, {what: _seen(sent.fields, what)}, "taken")


async def _people(room: Incidents, sent: Sent, _: str) -> Done:
    names = _differing(sent.fields, PEOPLE)
    change = PostedIncident.of({name: sent.fields.get(name, "") for name in names}).change()
    return await _changed(room, sent, change, {name: _seen(sent.fields, name) for name in names})


async def _facts(room: Incidents, sent: Sent, _: str) -> Done:
    names = _differing(sent.fields, _FACTS)
    change = PostedIncident.of({name: _plain(sent.fields.get(name, "")) for name in names}).change()
    seen: dict[str, object] = {name: _seen(sent.fields, name) for name in names}
    if _differing(sent.fields, ("automatic",)):
        change = replace(change, automatic=sent.fields["automatic"] == "yes")
        seen["automatic"] = _seen(sent.fields, "automatic") == "yes"
    return await _changed(room, sent, change, seen)


async def _note(room: Incidents, sent: Sent, _: str) -> Done:
    text = PostedNote(text=_plain(sent.fields.get("text", ""))).checked()
    await room.note(sent.tenant, sent.id, text, sent.by, "page", sent.request)
    return Done(sent.id, "noted", sent.part)


async def _tick(room: Incidents, sent: Sent, what: str) -> Done:
    await room.tick(sent.tenant, sent.id, _number(what), sent.by, done=True)
    return Done(sent.id, "ticked", sent.part)


async def _untick(room: Incidents, sent: Sent, what: str) -> Done:
    await room.tick(sent.tenant, sent.id, _number(what), sent.by, done=False)
    return Done(sent.id, "unticked", sent.part)


async def _split(room: Incidents, sent: Sent, _: str) -> Done:
    alerts = sent.fields.getlist("alerts")
    if not alerts:
        raise Unusable("Tick the alerts that are to become an incident of their own.")
    title = " ".join(sent.fields.get("title", "").split())[:300]
    ticket = sent.fields.get("ticket", "")
    new = await room.split(sent.tenant, sent.id, alerts, title, sent.by, ticket, sent.request)
    return Done(new.id, "split", "status")


async def _merge(room: Incidents, sent: Sent, _: str) -> Done:
    other = sent.fields.get("incident", "").strip()
    if not other:
        raise Unusable("Say which incident becomes part of this one: right would be, for instance, INC-7.")
    await room.merge(sent.tenant, sent.id, other, sent.by)
    return Done(sent.id, "merged", sent.part)


async def _ticket(room: Incidents, sent: Sent, _: str) -> Done:
    await room.open_ticket(sent.tenant, sent.id, sent.fields.get("receiver", ""), sent.by)
    return Done(sent.id, "ticket", sent.part)


_ACTIONS: Mapping[str, Callable[[Incidents, Sent, str], Awaitable[Done]]] = {
    "status": _status,
    "take": _take,
    "people": _people,
    "facts": _facts,
    "note": _note,
    "tick": _tick,
    "untick": _untick,
    "split": _split,
    "merge": _merge,
    "ticket": _ticket,
}


async def _changed(
    room: Incidents, sent: Sent, change: Change, seen: Mapping[str, object], said: str = "changed"
) -> Done:
    await room.change(sent.tenant, sent.id, change, sent.by, seen)
    return Done(sent.id, "same" if change == Change() else said, sent.part)


def _differing(fields: Fields, names: Iterable[str]) -> list[str]:
    """Those that somebody has written something else in than stood there."""
    return [name for name in names if name in fields and _plain(fields[name]) != _seen(fields, name)]


def _seen(fields: Fields, name: str) -> str:
    return _plain(fields.get(f"seen.{name}", ""))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _plain(text: str) -> str:
    """Lines end as they do in what is kept: browsers send two characters for each end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
