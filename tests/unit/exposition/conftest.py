"""How these tests look at an exposition: as plain rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.receive.exposition import NO_TIMESTAMP, Decoder, Exposition

Row = tuple[dict[str, str], Any, int | None]


def rows_of(decoder: Decoder, exposition: Exposition) -> list[Row]:
    """Each sample as (labels, value, timestamp); NaN as the string "NaN" so that rows compare."""
    out: list[Row] = []
    for row, entry in enumerate(exposition.entries.tolist()):
        value: Any = exposition.histograms.get(row, float(exposition.values[row]))
        if isinstance(value, float) and math.isnan(value):
            value = "NaN"
        time = int(exposition.timestamps[row])
        out.append((dict(decoder.labels(entry)), value, None if time == NO_TIMESTAMP else time))
    return out


@pytest.fixture
def rows() -> Callable[[Decoder, bytes], list[Row]]:
    """Decodes a body into plain rows."""

    def read(decoder: Decoder, body: bytes) -> list[Row]:
        return rows_of(decoder, decoder.decode(body))

    return read
