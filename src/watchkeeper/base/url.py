"""What is wrong with an address, by the rules that Go's parser has and Python's does not."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_BAD_ESCAPE = re.compile(r"[^?#]*%(?![0-9a-fA-F]{2})")
_SPACE = re.compile(r"[\x00-\x20]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"""[^\x00-\x20\x7f{}|\\^`]*""")


def url_fault(text: str) -> str | None:
    """What is wrong with an address, without the address itself; None where nothing is.

    A scheme or a host may be missing: whoever needs them looks for them.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return "is not a URL: what stands as its host or port cannot be one"
    if _CONTROL.search(text) or _SPACE.match(text):
        return "begins with a space, or has a character that nobody sees"
    if _BAD_ESCAPE.match(text):
        return "has a % that no two hexadecimal digits follow"
    if not _HOST.fullmatch(parts.netloc.rpartition("@")[2]):
        return "has a character in its host that no host has"
    return None
