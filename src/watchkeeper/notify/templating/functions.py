"""The functions of notification templates, by Alertmanager's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from watchkeeper.notify.templating.go_json import to_json
from watchkeeper.notify.templating.key_values import texts
from watchkeeper.notify.templating.links import Links, UnsignedLinks, tenant_of
from watchkeeper.notify.templating.time import Duration, Time
from watchkeeper.template import Function, Texts
from watchkeeper.template.expressions import matches, re_replace_all
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.html import SafeHTML, SafeURL
from watchkeeper.template.humanize import humanize_duration
from watchkeeper.template.value import Byte, type_name

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)
_SPACES = "".join(
    map(chr, (*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
"""What Go takes for space."""
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_](?:[\w]|['’.:](?=\w))*")


def functions(now_ms: Callable[[], int], links: Links | None = None) -> Mapping[str, Function]:
    """All functions; `now_ms` tells the time, in ms since the epoch. `links` are ours, Alertmanager has none."""
    to = links or UnsignedLinks("")
    return {
        **_FIXED,
        "ackLink": Function(lambda key: to.acknowledge(tenant_of(key), key), ("string",)),
        "silenceLink": Function(lambda key: to.silence(tenant_of(key), key), ("string",)),
        "now": Function(lambda: Time(now_ms())),
        "since": Function(lambda then: Time(now_ms()).go_methods["Sub"].call(then), ("any",)),
    }


def _title(text: str) -> str:
    """Each word with one capital, its first letter (Go's `cases.Title`)."""
    return _WORD.sub(lambda word: _LETTER.sub(lambda first: first[0].title(), word[0].lower(), count=1), text)


def _upper(text: str) -> str:
    """In capitals, each character by itself: one stays as it is where there is no single capital of it (ß)."""
    whole = text.upper()
    if len(whole) == len(text):  # none has become several
        return whole
    return "".join(up if len(up := c.upper()) == 1 else c for c in text)


def _lower(text: str) -> str:
    """The same in small letters."""
    return text.lower() if text.isascii() else "".join(c.lower()[0] for c in text)


def _join(separator: str, parts: Any) -> str:
    return separator.join(() if parts is None else texts(parts))


def _url_unescape(text: str) -> str:
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise FunctionFailure(f'invalid URL escape "{bad[0]}"')
    return unquote_plus(text, errors="replace")


def _time(value: object) -> Time:
    if not isinstance(value, Time):
        raise FunctionFailure("wrong type for value; expected time.Time")
    return value


def _humanize(value: Any) -> str:
    if isinstance(value, Byte):
        raise FunctionFailure(f"can't convert {type_name(value)} to float")
    return humanize_duration(value.ns / 1e9 if isinstance(value, Duration) else value)


def _append(items: Sequence[Any] | None, *more: Any) -> list[Any]:
    if items is not None and type(items) not in (list, tuple):
        raise FunctionFailure(f"wrong type for value; expected []interface {{}}; got {type_name(items)}")
    return [*(items or ()), *more]


def _dict(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise FunctionFailure("invalid dict call: a key lacks its value")
    if not all(isinstance(key, str) for key in pairs[::2]):
        raise FunctionFailure("dict keys must be strings")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


_FIXED: Mapping[str, Function] = {
    "toUpper": Function(_upper, ("string",)),
    "toLower": Function(_lower, ("string",)),
    "title": Function(_title, ("string",)),
    "trimSpace": Function(lambda text: text.strip(_SPACES), ("string",)),
    "join": Function(_join, ("string", "any")),
    "match": Function(matches, ("string", "string")),
    "safeHtml": Function(SafeHTML, ("string",)),
    "safeUrl": Function(SafeURL, ("string",)),
    "urlUnescape": Function(_url_unescape, ("string",)),
    "reReplaceAll": Function(re_replace_all, ("string", "string", "string")),
    "stringSlice": Function(lambda *parts: Texts(parts), (), "string"),
    "date": Function(lambda layout, time: _time(time).format(layout), ("string", "any")),
    "tz": Function(lambda zone, time: _time(time).seen_from(zone), ("string", "any")),
    "humanizeDuration": Function(_humanize, ("any",)),
    "toJson": Function(to_json, ("any",)),
    "list": Function(lambda *items: list(items), (), "any"),
    "append": Function(_append, ("any",), "any"),
    "dict": Function(_dict, (), "any"),
}
