"""Parameters of Prometheus' API: from the query string, and for POST from a form in the body."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.model.matcher import Matcher
from watchkeeper.query.promql import ParseFailure, parse_selector

MIN_TIME_MS = -(1 << 62)
MAX_TIME_MS = 1 << 62
_LARGEST_FORM = 10 * 1024 * 1024
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Params:
    """All values of each parameter, those in the body before those in the URL, as Go's `FormValue` has them."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    async def of(cls, request: Request) -> Params:
        """Read the request's parameters. Raises ApiFailure where the form is not one, or too large."""
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
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
            raise bad_parameter(name, why) from None

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
        if not re.fullmatch(r"[+]?\d+", text):
            raise bad_parameter(
                name, "limit must be non-negative" if text.startswith("-") else f'"{text}" is no number'
            )
        return int(text)

    def matcher_sets(self, name: str = "match[]") -> list[tuple[Matcher, ...]]:
        """Every series selector given."""
        sets: list[tuple[Matcher, ...]] = []
        for text in self.all(name):
            try:
                matchers = parse_selector(text)
            except ParseFailure as why:
                raise bad_parameter(name, why) from None
            if all(m.matches_empty for m in matchers):
                raise ApiFailure(ErrorType.BAD_DATA, "match[] must contain at least one non-empty matcher")
            sets.append(matchers)
        return sets


async def _form(request: Request) -> list[tuple[str, str]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise ApiFailure(ErrorType.BAD_DATA, f"the form is larger than {_LARGEST_FORM} bytes")
    try:
        return parse_qsl(bytes(body).decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise ApiFailure(ErrorType.BAD_DATA, "the form is not UTF-8") from None


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
    if not _RFC3339.fullmatch(text):
        raise ValueError(f'cannot parse "{text}" to a valid timestamp')
    moment = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
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
