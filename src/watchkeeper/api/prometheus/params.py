"""Parameters of Prometheus' API: from the query string, and for POST from a form in the body."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from starlette.requests import Request

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.model.matcher import Matcher
from watchkeeper.query.promql import ParseFailure, parse_selector

MIN_TIME_MS = -(1 << 62)
MAX_TIME_MS = 1 << 62
_LARGEST_FORM = 10 * 1024 * 1024
# What Prometheus' own clients send for «since ever» and «for ever».
_EVER = {"-292273086-05-16T16:47:06Z": MIN_TIME_MS, "292277025-08-18T07:12:54.999999999Z": MAX_TIME_MS}
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Params:
    """All values of each parameter, those in the body before those in the URL, as Go's `FormValue` has them."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    async def of(cls, request: Request) -> Params:
        """Read the request's parameters. Raises ApiFailure where the form is not one, or too large."""
        pairs = pairs_of(request.url.query)
        if request.method in ("POST", "PUT"):
            media = request.headers.get("content-type", "").split(";")[0].strip()
            if media == "application/x-www-form-urlencoded":
                pairs = [*await _form(request), *pairs]
        return cls(tuple(pairs))

    def text(self, name: str, default: str = "") -> str:
        """The first value, or the default."""
        return next((value for n, value in self.pairs if n == name), default)

    def all(self, name: str) -> list[str]:
        """Every value, in order."""
        return [value for n, value in self.pairs if n == name]

    def time_ms(self, name: str, default: int | None = None) -> int:
        """A time, ms; without a default the parameter is required."""
        text = self.text(name)
        if text == "" and default is not None:
            return default
        try:
            return parse_time_ms(text)
        except ValueError as why:
            about = "" if default is None else f"invalid time value for '{name}': "
            raise bad_parameter(name, f"{about}{why}") from None

    def duration_ms(self, name: str) -> int | None:
        """A duration, ms, or None where the parameter is absent."""
        text = self.text(name)
        if text == "":
            return None
        try:
            return parse_duration_or_seconds_ms(text)
        except ValueError as why:
            raise bad_parameter(name, why) from None

    def limit(self, name: str = "limit") -> int:
        """How many at the most; 0 means no limit."""
        text = self.text(name)
        if text == "":
            return 0
        number = whole_number(text)
        if number is None:
            raise bad_parameter(name, f'strconv.Atoi: parsing "{text}": invalid syntax')
        if number < 0:
            raise bad_parameter(name, "limit must be non-negative")
        return number

    def matcher_sets(self, name: str = "match[]", *, plain: bool = False) -> list[tuple[Matcher, ...]]:
        """Every series selector given; failures are `plain` where Prometheus does not name the parameter in them."""
        sets: list[tuple[Matcher, ...]] = []
        for text in self.all(name):
            try:
                matchers = parse_selector(text)
            except ParseFailure as why:
                raise _wrong(name, str(why), plain) from None
            if all(m.matches_empty for m in matchers):
                raise _wrong(name, "match[] must contain at least one non-empty matcher", plain)
            sets.append(matchers)
        return sets


def _wrong(name: str, why: str, plain: bool) -> ApiFailure:
    return ApiFailure(ErrorType.BAD_DATA, why) if plain else bad_parameter(name, why)


async def _form(request: Request) -> list[tuple[str, str]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise ApiFailure(ErrorType.BAD_DATA, f"the form is larger than {_LARGEST_FORM} bytes")
    try:
        return pairs_of(bytes(body).decode())
    except UnicodeDecodeError:
        raise ApiFailure(ErrorType.BAD_DATA, "the form is not UTF-8") from None


def pairs_of(query: str) -> list[tuple[str, str]]:
    """The pairs of a query string; those with a semicolon or a broken escape are left out, as Go leaves them out."""
    found: list[tuple[str, str]] = []
    for part in query.split("&"):
        if not part or ";" in part or _BAD_ESCAPE.search(part):
            continue
        name, _, value = part.partition("=")
        found.append((unquote_plus(name), unquote_plus(value)))
    return found


def whole_number(text: str) -> int | None:
    """The number that Go's Atoi reads, or None."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII) else None


def parse_time_ms(text: str) -> int:
    """Seconds since the epoch with decimals, or RFC 3339, as ms. Raises ValueError in Prometheus' words."""
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if math.isfinite(seconds) and abs(seconds) < MAX_TIME_MS / 1000 and "_" not in text:
            return math.floor(seconds * 1000 + 0.5)
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    if text in _EVER:
        return _EVER[text]
    if not _RFC3339.fullmatch(text):
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    try:
        moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f'cannot parse "{text}" to a valid timestamp') from None
    return math.floor((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000 + 0.5)


def parse_duration_or_seconds_ms(text: str) -> int:
    """Seconds with decimals, or a Prometheus duration, as ms. Raises ValueError in Prometheus' words."""
    try:
        seconds = float(text)
    except ValueError:
        pass
    else:
        if math.isfinite(seconds) and abs(seconds) < (1 << 63) / 1e9:
            return math.floor(seconds * 1000)
        raise ValueError(f'cannot parse "{text}" to a valid duration. It overflows int64')
    try:
        return parse_duration_ms(text)
    except DurationFailure:
        raise ValueError(f'cannot parse "{text}" to a valid duration') from None
