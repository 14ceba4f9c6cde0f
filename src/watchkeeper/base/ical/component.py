"""Content lines and the components that they make up (RFC 5545, 3.1 and 3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from watchkeeper.base.ical.failure import CalendarFailure

LARGEST_BYTES = 8 << 20
_DEEPEST = 8
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
    """What stands between BEGIN and END."""

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
    open_ = [whole]
    for one in _properties(text):
        if one.name == "BEGIN":
            part = Component(one.value.strip().upper(), one.line)
            open_[-1].parts.append(part)
            open_.append(part)
            if len(open_) > _DEEPEST:
                raise CalendarFailure("components are nested too deeply", one.line)
        elif one.name == "END":
            if one.value.strip().upper() != open_[-1].name or len(open_) == 1:
                raise CalendarFailure(f'"END:{one.value}" ends nothing that is open', one.line)
            open_.pop()
        elif len(open_) == 1:
            raise CalendarFailure('right would be "BEGIN:VCALENDAR" here', one.line)
        else:
            open_[-1].properties.append(one)
    if len(open_) > 1:
        raise CalendarFailure(f"{open_[-1].name} is not ended", open_[-1].line)
    calendar = next((part for part in whole.parts if part.name == "VCALENDAR"), None)
    if calendar is None:
        raise CalendarFailure('this is no calendar: right would begin with "BEGIN:VCALENDAR"', 1)
    return calendar


def _properties(text: str) -> Iterator[Property]:
    for number, line in _unfolded(text.removeprefix("\ufeff")):
        if (found := _LINE.fullmatch(line)) is None:
            raise CalendarFailure("this is no content line: right would be NAME:VALUE", number)
        parameters = {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(found[2])}
        yield Property(found[1].upper(), found[3], parameters, number)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    begin, pieces = 0, list[str]()
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and pieces:
            pieces.append(line[1:])
            continue
        if pieces:
            yield begin, "".join(pieces)
        begin, pieces = number, [line] if line.strip() else []
    if pieces:
        yield begin, "".join(pieces)
