"""Which entries a request asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType, bad_parameter
from watchkeeper.api.prometheus.params import parse_time_ms, whole_number
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.duration import DurationFailure, parse_duration_ms
from watchkeeper.journal import Kind, Search

DEFAULT_LIMIT = 100
MOST = 1000
_CONDITIONS = frozenset({"alert", "receiver", "group", "kind", "text", "actor", "incident", "since", "until"})
_PAGING = frozenset({"limit", "before", "after"})
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_ID = re.compile(r"[0-9a-f]{1,32}")
_KINDS = frozenset(kind.value for kind in Kind)
_OBJECTS = frozenset(kind.value.partition(".")[0] for kind in Kind)


def search_of(request: Request, now: int, also: Sequence[str] = (), *, paged: bool = True) -> Search:
    """The search in a query string; `also` are further parameters that it may have. Raises ApiFailure."""
    asked = request.query_params
    known = [*_CONDITIONS, *(_PAGING if paged else ()), *also]
    for name in asked:
        if name not in known:
            raise ApiFailure(
                ErrorType.BAD_DATA, f'there is no parameter "{name}": right would be {", ".join(sorted(known))}'
            )
    since, until = (_time(name, asked.get(name, ""), now) for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise bad_parameter("until", f'"{asked["until"]}" is not after since, "{asked["since"]}"')
    return Search(
        tenant=tenant_of(request),
        kinds=_kinds(asked.getlist("kind")),
        alert=fingerprint_of(asked.get("alert", "")),
        group_key=asked.get("group", ""),
        receiver=asked.get("receiver", ""),
        incident=asked.get("incident", ""),
        actor=asked.get("actor", ""),
        text=asked.get("text", ""),
        since=since,
        until=until,
        before=_id("before", asked.get("before", "")),
        after=_id("after", asked.get("after", "")),
        limit=_limit(asked.get("limit", "")),
    )


def fingerprint_of(text: str) -> str:
    """An alert's fingerprint, or nothing. Raises ApiFailure."""
    if text and not _FINGERPRINT.fullmatch(text):
        raise bad_parameter("alert", f'"{text}" is no fingerprint: 16 hexadecimal digits would be right')
    return text


def _kinds(texts: Sequence[str]) -> tuple[str, ...]:
    kinds = tuple(kind for text in texts for kind in text.split(",") if kind)
    for kind in kinds:
        if kind not in _KINDS and kind not in _OBJECTS:
            right = f"one of {', '.join(sorted(_KINDS))}, or what stands before the point"
            raise bad_parameter("kind", f'there is no kind "{kind}": right would be {right}')
    return kinds


def _time(name: str, text: str, now: int) -> int | None:
    if not text:
        return None
    try:
        return parse_time_ms(text)
    except ValueError:
        pass
    try:
        return now - parse_duration_ms(text)
    except DurationFailure:
        right = "RFC 3339 (2026-01-02T15:04:05Z), seconds since 1970, or how long ago (24h)"
        raise bad_parameter(name, f'"{text}" is no time: right would be {right}') from None


def _id(name: str, text: str) -> str:
    if text and not _ID.fullmatch(text):
        raise bad_parameter(name, f'"{text}" is no id of an entry')
    return text


def _limit(text: str) -> int:
    number = whole_number(text) if text else DEFAULT_LIMIT
    if number is None or not 1 <= number <= MOST:
        raise bad_parameter("limit", f'"{text}" should be a number from 1 to {MOST}')
    return number
