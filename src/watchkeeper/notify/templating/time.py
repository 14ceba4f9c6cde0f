"""Go's `time.Time` and `time.Duration`, as far as templates of notifications use them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from watchkeeper.template import Function, Opaque
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.printing import quoted
from watchkeeper.template.value import Number

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO = datetime(1, 1, 1, tzinfo=UTC)
_NS_PER_MS = 1_000_000
_LAYOUT = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|_2|Z07:00:00|Z07:00|Z070000|Z0700|Z07|-07:00:00|-07:00|-070000|-0700|-07"
    r"|01|02|03|04|05|06|15|PM|pm|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)
DEFAULT_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST"


@dataclass(frozen=True, slots=True)
class Duration(Number):
    """A span of time in nanoseconds."""

    ns: int

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return "time.Duration"

    @property
    def go_number(self) -> int:
        """What it is when it is printed as a number."""
        return self.ns

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """Its length in various units, and as text."""
        return {
            "Hours": Function(lambda: self.ns / 3.6e12),
            "Minutes": Function(lambda: self.ns / 6e10),
            "Seconds": Function(lambda: self.ns / 1e9),
            "Milliseconds": Function(lambda: int(self.ns / 1e6)),
            "Nanoseconds": Function(lambda: self.ns),
            "Round": Function(lambda to: Duration(_rounded(self.ns, to)), ("any",)),
            "Truncate": Function(lambda to: Duration(_truncated(self.ns, to)), ("any",)),
            "String": Function(self.text),
        }

    def text(self) -> str:
        """The text that Go writes: `1h2m3.5s`, `1.5ms`, `0s`."""
        size = abs(self.ns)
        sign = "-" if self.ns < 0 else ""
        if size == 0:
            return "0s"
        for unit, length in (("ns", 1), ("µs", 1000), ("ms", _NS_PER_MS)):
            if size < length * 1000:
                return f"{sign}{_decimal(size, length)}{unit}"
        minutes, rest = divmod(size, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        text = f"{_decimal(rest, 1_000_000_000)}s"
        if hours or minutes:
            text = f"{minutes}m{text}"
        return sign + (f"{hours}h{text}" if hours else text)


def _decimal(size: int, unit: int) -> str:
    whole, rest = divmod(size, unit)
    fraction = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _clamped(ns: int) -> int:
    """The longest span that 64 bits hold, where it would be longer (Go's `Sub`)."""
    return max(-(1 << 63), min(ns, (1 << 63) - 1))


def _length(value: object) -> int:
    if isinstance(value, Duration):
        return value.ns
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise FunctionFailure("expected time.Duration")


def _truncated(ns: int, to: object) -> int:
    step = _length(to)
    return ns if step <= 0 else int(ns / step) * step


def _rounded(ns: int, to: object) -> int:
    step = _length(to)
    if step <= 0:
        return ns
    rounded = (abs(ns) + step // 2) // step * step
    return -rounded if ns < 0 else rounded


@dataclass(frozen=True, slots=True)
class Calendar(Number):
    """A month (January is 1) or a day of the week (Sunday is 0): printed by its name, or as a number."""

    of: str
    name: str
    number: int

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return self.of

    @property
    def go_number(self) -> int:
        """What it is when it is printed as a number."""
        return self.number

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """Its name."""
        return {"String": Function(lambda: self.name)}


@dataclass(frozen=True, slots=True)
class Time(Opaque):
    """An instant in ms since the epoch, seen in a zone; None is Go's zero time."""

    ms: int | None
    zone: tzinfo = UTC

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return "time.Time"

    @property
    def go_hidden(self) -> Sequence[tuple[str, int]]:
        """Nanoseconds within the second, seconds since Go's zero time, and where the zone lies."""
        since_ms = self._since_epoch_ms() - (_ZERO - _EPOCH) // timedelta(milliseconds=1)
        zone = 0 if self.zone is UTC else 0xC000000000
        return ("uint64", since_ms % 1000 * _NS_PER_MS), ("int64", since_ms // 1000), ("*time.Location", zone)

    @property
    def go_syntax(self) -> str:
        """The Go expression that makes it."""
        at = self.at()
        zone = "time.UTC" if self.zone is UTC else f"time.Location({quoted(str(self.zone))})"
        date = f"{at.year}, time.{at:%B}, {at.day}, {at.hour}, {at.minute}, {at.second}"
        return f"time.Date({date}, {at.microsecond * 1000}, {zone})"

    @property
    def go_methods(self) -> Mapping[str, Function]:
        """What templates ask of an instant."""
        at = self.at()
        return {
            "Format": Function(self.format, ("string",)),
            "String": Function(lambda: self.format(DEFAULT_LAYOUT)),
            "Unix": Function(lambda: self._since_epoch_ms() // 1000),
            "UnixMilli": Function(self._since_epoch_ms),
            "UnixMicro": Function(lambda: self._since_epoch_ms() * 1000),
            "UnixNano": Function(lambda: self._since_epoch_ms() * _NS_PER_MS),
            "IsZero": Function(lambda: self.ms is None),
            "UTC": Function(lambda: Time(self.ms)),
            "Local": Function(lambda: Time(self.ms, at.astimezone().tzinfo or UTC)),
            "Add": Function(self._add, ("any",)),
            "Sub": Function(lambda other: Duration(_clamped(self._between(other) * _NS_PER_MS)), ("any",)),
            "Before": Function(lambda other: self._between(other) < 0, ("any",)),
            "After": Function(lambda other: self._between(other) > 0, ("any",)),
            "Equal": Function(lambda other: self._between(other) == 0, ("any",)),
            "Year": Function(lambda: at.year),
            "Month": Function(lambda: Calendar("time.Month", at.strftime("%B"), at.month)),
            "Day": Function(lambda: at.day),
            "Hour": Function(lambda: at.hour),
            "Minute": Function(lambda: at.minute),
            "Second": Function(lambda: at.second),
            "Nanosecond": Function(lambda: at.microsecond * 1000),
            "Weekday": Function(lambda: Calendar("time.Weekday", at.strftime("%A"), at.isoweekday() % 7)),
            "AddDate": Function(self._add_date, ("int", "int", "int")),
            "Truncate": Function(lambda to: self._stepped(to, up=False), ("any",)),
            "Round": Function(lambda to: self._stepped(to, up=True), ("any",)),
            "Compare": Function(lambda other: _sign(self._between(other)), ("any",)),
            "Location": Function(lambda: str(self.zone)),
            "YearDay": Function(lambda: at.timetuple().tm_yday),
        }

    def at(self) -> datetime:
        """The instant in its zone."""
        whole = _ZERO if self.ms is None else _EPOCH + timedelta(milliseconds=self.ms)
        return whole if self.zone is UTC or self.ms is None else whole.astimezone(self.zone)

    def rfc3339(self) -> str:
        """The text that Go's JSON has: fractions without their trailing zeros."""
        return self.format("2006-01-02T15:04:05.999999999Z07:00")

    def format(self, layout: str) -> str:
        """The instant in a layout of Go's (`2006-01-02 15:04:05 MST`)."""
        at = self.at()
        return _LAYOUT.sub(lambda match: _element(match[0], at), layout)

    def seen_from(self, zone: str) -> Time:
        """The same instant in another zone. Raises FunctionFailure for one that does not exist."""
        try:
            return Time(self.ms, _zone(zone))
        except (KeyError, ValueError, OSError):
            raise FunctionFailure(f"unknown time zone {zone}") from None

    def _since_epoch_ms(self) -> int:
        return self.ms if self.ms is not None else (_ZERO - _EPOCH) // timedelta(milliseconds=1)

    def _between(self, other: object) -> int:
        if not isinstance(other, Time):
            raise FunctionFailure("expected time.Time")
        return self._since_epoch_ms() - other._since_epoch_ms()

    def _add_date(self, years: int, months: int, days: int) -> Time:
        """The same time of day so many years, months and days on; days beyond a month's end run into the next."""
        at = self.at()
        year, month = divmod(at.year * 12 + at.month - 1 + years * 12 + months, 12)
        try:
            moment = at.replace(year=year, month=month + 1, day=1) + timedelta(days=at.day - 1 + days)
        except (ValueError, OverflowError):
            raise FunctionFailure("the date is beyond what can be computed with") from None
        return Time((moment - _EPOCH) // timedelta(milliseconds=1), self.zone)

    def _stepped(self, to: object, *, up: bool) -> Time:
        """Down to a whole multiple of a span since Go's zero time, or to the nearest one."""
        step = _length(to)
        if step <= 0:
            return self
        zero_ms = (_ZERO - _EPOCH) // timedelta(milliseconds=1)
        since_ns = (self._since_epoch_ms() - zero_ms) * _NS_PER_MS + (step // 2 if up else 0)
        return Time(since_ns // step * step // _NS_PER_MS + zero_ms, self.zone)

    def _add(self, span: object) -> Time:
        return Time(self._since_epoch_ms() + _length(span) // _NS_PER_MS, self.zone)


def _zone(name: str) -> tzinfo:
    if name == "Local":
        return datetime.now().astimezone().tzinfo or UTC
    return UTC if name in ("", "UTC") else ZoneInfo(name)


def _offset(at: datetime, separator: str, zulu: bool) -> str:
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    if zulu and minutes == 0:
        return "Z"
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}" + (f"{separator}{rest:02d}" if separator != "none" else "")


def _to_seconds(at: datetime, separator: str) -> str:
    return text if (text := _offset(at, separator, zulu=True)) == "Z" else f"{text}{separator}00"


def _fraction(element: str, at: datetime) -> str:
    digits = f"{at.microsecond * 1000:09d}"[: len(element) - 1]
    if element[1] == "9":
        digits = digits.rstrip("0")
    return element[0] + digits if digits else ""


_ELEMENTS: Mapping[str, Callable[[datetime], str]] = {
    "January": lambda at: at.strftime("%B"),
    "Jan": lambda at: at.strftime("%b"),
    "Monday": lambda at: at.strftime("%A"),
    "Mon": lambda at: at.strftime("%a"),
    "MST": lambda at: at.tzname() or "UTC",
    "2006": lambda at: f"{at.year:04d}",
    "06": lambda at: f"{at.year % 100:02d}",
    "01": lambda at: f"{at.month:02d}",
    "1": lambda at: str(at.month),
    "02": lambda at: f"{at.day:02d}",
    "_2": lambda at: f"{at.day:2d}",
    "2": lambda at: str(at.day),
    "002": lambda at: f"{at.timetuple().tm_yday:03d}",
    "__2": lambda at: f"{at.timetuple().tm_yday:3d}",
    "15": lambda at: f"{at.hour:02d}",
    "03": lambda at: f"{(at.hour + 11) % 12 + 1:02d}",
    "3": lambda at: str((at.hour + 11) % 12 + 1),
    "04": lambda at: f"{at.minute:02d}",
    "4": lambda at: str(at.minute),
    "05": lambda at: f"{at.second:02d}",
    "5": lambda at: str(at.second),
    "PM": lambda at: "PM" if at.hour >= 12 else "AM",
    "pm": lambda at: "pm" if at.hour >= 12 else "am",
    "-0700": lambda at: _offset(at, "", zulu=False),
    "-07:00": lambda at: _offset(at, ":", zulu=False),
    "-07": lambda at: _offset(at, "none", zulu=False),
    "-070000": lambda at: _offset(at, "", zulu=False) + "00",
    "-07:00:00": lambda at: _offset(at, ":", zulu=False) + ":00",
    "Z0700": lambda at: _offset(at, "", zulu=True),
    "Z07:00": lambda at: _offset(at, ":", zulu=True),
    "Z07": lambda at: _offset(at, "none", zulu=True),
    "Z070000": lambda at: _to_seconds(at, ""),
    "Z07:00:00": lambda at: _to_seconds(at, ":"),
}


def _element(element: str, at: datetime) -> str:
    if element[0] in ".,":
        return _fraction(element, at)
    write = _ELEMENTS.get(element)
    return write(at) if write is not None else element
