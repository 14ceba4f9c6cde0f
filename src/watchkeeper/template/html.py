"""Escaping by context, for templates whose text is HTML (the behaviour of Go's `html/template`).

The text that a template writes itself is trusted and tells in which context a value is about to stand; the value is
escaped for that context. Comments of the template's own text are left out.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

from watchkeeper.template.printing import text_of
from watchkeeper.template.value import Named

UNSAFE = "ZgotmplZ"
"""What stands in the place of a value that could not be made safe."""

_HTML = {"\0": "\ufffd", '"': "&#34;", "&": "&amp;", "'": "&#39;", "+": "&#43;", "<": "&lt;", ">": "&gt;"}
_UNQUOTED = {**_HTML, **{c: f"&#{ord(c)};" for c in "\t\n\v\f\r =`"}}
_URL_ATTRIBUTES = frozenset(
    {
        "action",
        "archive",
        "background",
        "cite",
        "classid",
        "codebase",
        "data",
        "formaction",
        "href",
        "icon",
        "longdesc",
        "manifest",
        "poster",
        "profile",
        "src",
        "usemap",
        "xmlns",
    }
)
_SAFE_SCHEME = re.compile(r"(?:[^:/?#]*[/?#]|[^:]*$|(?:https?|mailto):)", re.IGNORECASE)
_KEPT_IN_URL = frozenset(string.ascii_letters + string.digits + "!#$%&*+,/:;=?@[]-._~")
_UNSAFE_CSS = re.compile(r"[\0\"'()/;@\[\\\]`{}<>]|--|expression|mozbinding", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_NAME_END = re.compile(r"[\s=/>]")
_RAW = {"script": "script", "style": "style", "title": "text", "textarea": "text"}


class SafeHTML(str, Named):
    """HTML that its maker vouches for."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return "template.HTML"


class SafeURL(str, Named):
    """An address that its maker vouches for."""

    __slots__ = ()

    @property
    def go_type(self) -> str:
        """Go's name for it."""
        return "template.URL"


class _In(Enum):
    TEXT = auto()
    COMMENT = auto()
    RAW = auto()
    TAG = auto()
    BEFORE_VALUE = auto()
    VALUE = auto()


class Escaper:
    """Follows one text from its beginning."""

    def __init__(self) -> None:
        self._in = _In.TEXT
        self._tag = ""
        self._closing = False
        self._attribute = ""
        self._quote = ""
        self._seen = ""
        """What stands in this attribute's value, or in this script, so far."""

    def literal(self, text: str) -> str:
        """The template's own text, without its comments."""
        out: list[str] = []
        at = 0
        while at < len(text):
            at = self._step(text, at, out)
        return "".join(out)

    def value(self, value: Any) -> str:
        """A value, escaped for where it stands."""
        if self._in is _In.BEFORE_VALUE:
            self._begin_value("")
        escaped = self._escaped(value)
        # Which part of an address or a script begins is for the template's own text to say, not for a value.
        self._seen += "x"
        return escaped

    def _escaped(self, value: Any) -> str:
        text = text_of(value, nil="")
        match self._in:
            case _In.TEXT:
                return text if isinstance(value, SafeHTML) else _replaced(text, _HTML)
            case _In.RAW:
                return self._in_raw(value, text)
            case _In.VALUE:
                table = dict(_HTML if self._quote else _UNQUOTED)
                if isinstance(value, SafeHTML):
                    del table["&"]
                return _replaced(self._in_attribute(value, text), table)
            case _In.COMMENT:
                return ""
            case _:
                return text if re.fullmatch(r"[\w:-]+", text) and not text.lower().startswith("on") else UNSAFE

    def _in_raw(self, value: Any, text: str) -> str:
        match _RAW[self._tag]:
            case "script":
                return _script(value, self._seen)
            case "style":
                return UNSAFE if _UNSAFE_CSS.search(text) else text
            case _:
                return _replaced(text, _HTML)

    def _in_attribute(self, value: Any, text: str) -> str:
        if self._attribute.startswith("on"):
            return _script(value, self._seen)
        if self._attribute == "style":
            return UNSAFE if _UNSAFE_CSS.search(text) else text
        if self._attribute in _URL_ATTRIBUTES:
            return _address(value, text, self._seen)
        return re.sub(r"<[^>]*>", "", text) if isinstance(value, SafeHTML) else text

    # How the template's own text moves the context; each returns where it stopped.

    def _step(self, text: str, at: int, out: list[str]) -> int:
        match self._in:
            case _In.TEXT:
                return self._text(text, at, out)
            case _In.COMMENT:
                return self._comment(text, at)
            case _In.RAW:
                return self._raw(text, at, out)
            case _In.TAG:
                return self._tag_end(text, at, out)
            case _In.BEFORE_VALUE:
                return self._before_value(text, at, out)
            case _In.VALUE:
                return self._in_value(text, at, out)

    def _text(self, text: str, at: int, out: list[str]) -> int:
        opened = text.find("<", at)
        if opened < 0:
            out.append(text[at:])
            return len(text)
        out.append(text[at:opened])
        if text.startswith("<!--", opened):
            self._in = _In.COMMENT
            return opened
        tag = _TAG.match(text, opened)
        if tag is None:
            out.append("<")
            return opened + 1
        self._closing, self._tag, self._in = bool(tag[1]), tag[2].lower(), _In.TAG
        out.append(tag[0])
        return tag.end()

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self._in = _In.TEXT
        return end + 3

    def _raw(self, text: str, at: int, out: list[str]) -> int:
        closed = re.compile(f"</{self._tag}", re.IGNORECASE).search(text, at)
        end = len(text) if closed is None else closed.start()
        out.append(text[at:end])
        self._seen += text[at:end]
        if closed is not None:
            self._in = _In.TEXT
        return end

    def _tag_end(self, text: str, at: int, out: list[str]) -> int:
        """Inside of a tag, between its attributes."""
        c = text[at]
        out.append(c)
        if c == ">":
            raw = self._tag in _RAW and not self._closing
            self._in, self._seen = (_In.RAW if raw else _In.TEXT), ""
        elif c == "=":
            self._in = _In.BEFORE_VALUE
        elif not c.isspace() and c != "/":
            end = _NAME_END.search(text, at)
            stop = len(text) if end is None else end.start()
            self._attribute = text[at:stop].lower()
            out.append(text[at + 1 : stop])
            return stop
        return at + 1

    def _before_value(self, text: str, at: int, out: list[str]) -> int:
        c = text[at]
        if c.isspace():
            out.append(c)
            return at + 1
        if c == ">":
            self._in = _In.TAG
            return at
        self._begin_value(c if c in "\"'" else "")
        out.append(c if self._quote else "")
        return at + 1 if self._quote else at

    def _in_value(self, text: str, at: int, out: list[str]) -> int:
        end = re.compile(self._quote or r"[\s>]").search(text, at)
        stop = len(text) if end is None else end.start()
        out.append(text[at:stop])
        self._seen += text[at:stop]
        if end is None:
            return stop
        self._in = _In.TAG
        if self._quote:
            out.append(self._quote)
            return stop + 1
        return stop

    def _begin_value(self, quote_mark: str) -> None:
        self._in, self._quote, self._seen = _In.VALUE, quote_mark, ""


def _replaced(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(c, c) for c in text)


def _script(value: Any, before: str) -> str:
    """A value in JavaScript: as JSON, or inside a string that has begun already."""
    plain = value is None or isinstance(value, str | int | float | bool)
    text = json.dumps(value if plain else text_of(value), ensure_ascii=False)
    for c in "<>&":
        text = text.replace(c, f"\\u{ord(c):04x}")
    inside = before.replace('\\"', "").count('"') % 2 or before.replace("\\'", "").count("'") % 2
    return text.strip('"').replace("'", "\\u0027").replace('\\"', "\\u0022") if inside else text


def _address(value: Any, text: str, before: str) -> str:
    if "?" in before or "#" in before:
        return _lower_escapes(quote(text, safe="-._~"))
    if before == "" and not isinstance(value, SafeURL) and not _SAFE_SCHEME.match(text):
        return "#" + UNSAFE
    return "".join(c if c in _KEPT_IN_URL else _lower_escapes(quote(c, safe="")) for c in text)


def _lower_escapes(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)
