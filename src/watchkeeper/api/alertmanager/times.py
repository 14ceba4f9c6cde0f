"""Instants as Alertmanager's API writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from watchkeeper.api.alertmanager.answer import Malformed

_FORM = re.compile(
    r"""\d{4}-\d\d-\d\d (?:
        [Tt] \d\d:\d\d (?: Z? | :\d\d (?:[.,]\d+)? (?:[Zz] | [+-]\d\d:\d\d)? | :\d\d [.,]\d+ [+-]\d{4} )
        | \  \d\d:\d\d:\d\d (?:[.,]\d+)?
    )?""",
    re.ASCII | re.VERBOSE,
)
"""The forms that go-openapi knows."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ZERO = -62_135_596_800_000
"""Go's zero time, which stands for none."""


def read_time(text: str | None, body: str) -> int | None:
    """The ms since the epoch, None where no time is given. Raises Malformed; `body` is what it calls the body.

    An empty text is the epoch, as go-openapi has it.
    """
    if not text:
        return None if text is None else 0
    if _FORM.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            ms = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
            return None if (read := ms // _MILLISECOND) == _ZERO else read
    why = f'parsing time "{text}" as "2006-01-02": cannot parse "{text}" as "2006"'
    raise Malformed(400, 400, f'parsing {body} body from "" failed, because {why}')


def time_text(ms: int) -> str:
    """`2006-01-02T15:04:05.000Z`."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")[:23] + "Z"
