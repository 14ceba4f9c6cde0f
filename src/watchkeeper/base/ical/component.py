"""Content lines and the components that they make up (RFC 5545, 3.1 and 3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO

from watchkeeper.base.ical.failure import CalendarFailure

LARGEST_BYTES = 8 << 20
_DEEPEST = 8
_MOST_LINES, _MOST_COMPONENTS = 500_000, 100_000
_HEEDED = frozenset(
    {
        *("BEGIN", "END", "UID", "SUMMARY", "STATUS", "RECURRENCE-ID"),
        *("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "TZID", "TZOFFSETFROM", "TZOFFSETTO"),
    }
)
"""What is kept of a calendar: whoever sends megabytes of other properties fills no memory."""
_LINE = re.compile(
    r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)', re.DOTALL
)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:"[^"]*"|[^";:])*)')
_ESCAPE = re.compile(r"\\([\\;,Nn])")


@dataclass(frozen=True, slots=True)
class Property:
    """A content line: its name in capitals, its parameters' names, too."""

    name: str
    value: str
    parameters: Mapping[str, str]
    line: int

    @property
    def text(self) -> str:
        """The value of a property of the type TEXT."""
        return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END, as far as it is heeded."""

    name: str
    line: int
    properties: list[Property] = field(default_factory=list[Property])
    parts: list[Component] = field(default_factory=list["Component"])

    def all(self, name: str) -> list[Property]:
        """Every property of that name."""
        return [one for one in self.properties if one.name == name]

    def first(self, name: str) -> Property | None:
        """The first property of that name."""
        return next((one for one in self.properties if one.name == name), None)


def read_component(text: str) -> Component:
    """The VCALENDAR that a text is. Raises CalendarFailure."""
    if len(text) > LARGEST_BYTES:
        raise CalendarFailure(f"the calendar is longer than {LARGEST_BYTES >> 20} MiB")
    whole = Component("", 1)
    open_, count = [whole], 0
    for one in _properties(text):
        if one.name == "BEGIN":
            part = Component(one.value.strip().upper(), one.line)
            open_[-1].parts.append(part)
            open_.append(part)
            count += 1
            if count > _MOST_COMPONENTS:
                raise CalendarFailure(f"more than {_MOST_COMPONENTS} components are not taken", one.line)
            if len(open_) > _DEEPEST:
                raise CalendarFailure("components are nested too deeply", one.line)
        elif one.name == "END":
            if one.value.strip().upper() != open_[-1].name or len(open_) == 1:
                raise CalendarFailure(f'"END:{one.value}" ends nothing that is open', one.line)
            open_.pop()
        elif len(open_) == 1:
            raise CalendarFailure('right would be "BEGIN:VCALENDAR" here', one.line)
        elif one.name in _HEEDED:
            open_[-1].properties.append(one)
    if len(open_) > 1:
        raise CalendarFailure(f"{open_[-1].name} is not ended", open_[-1].line)
    calendar = next((part for part in whole.parts if part.name == "VCALENDAR"), None)
    if calendar is None:
        raise CalendarFailure('this is no calendar: right would begin with "BEGIN:VCALENDAR"', 1)
    return calendar


def _properties(text: str) -> Iterator[Property]:
    for count, (number, line) in enumerate(_unfolded(text.removeprefix("\ufeff"))):
        if count >= _MOST_LINES:
            raise CalendarFailure(f"more than {_MOST_LINES} content lines are not taken", number)
        if (found := _LINE.fullmatch(line)) is None:
            raise CalendarFailure("this is no content line: right would be NAME:VALUE", number)
        parameters = {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(found[2])}
        yield Property(found[1].upper(), found[3], parameters, number)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    begin, whole, folded = 0, "", StringIO()
    # Line by line, for a list of millions of short lines takes a hundred times the text's own size.
    for number, ended in enumerate(StringIO(text, newline=None), 1):
        line = ended.removesuffix("\n")
        if line[:1] in (" ", "\t") and whole:
            folded.write(line[1:])
            continue
        if whole:
            yield begin, whole + folded.getvalue()
        begin, whole, folded = number, line if line.strip() else "", StringIO()
    if whole:
        yield begin, whole + folded.getvalue()
