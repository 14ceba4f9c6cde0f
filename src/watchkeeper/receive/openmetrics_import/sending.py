"""From a file to a running server, over its HTTP API."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from watchkeeper.base.http import Answer, HTTPClient, shown_url
from watchkeeper.model.samples import AppendOutcome
from watchkeeper.receive.openmetrics_import.failure import ImportFailure
from watchkeeper.receive.openmetrics_import.source import Piece, Progress, Source

PATH = "/api/watchkeeper/v1/import/openmetrics"
_HEADERS = {"Content-Type": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
_BUSY = frozenset({429, 503})
_REPEATS = 30
"""How often a piece is sent again to a server that is busy."""
_LONGEST_PAUSE_S = 10.0


async def send(source: Source, client: HTTPClient, url: str, tenant: str, progress: Progress) -> AppendOutcome:
    """Send a text that `check` has found good to the server at `url`; what became of its samples.

    Sending it again changes nothing. Raises ImportFailure and HTTPFailure; the pieces before are stored then.
    """
    accepted = refused = 0
    reasons: tuple[str, ...] = ()
    for piece in source.pieces(progress):
        counted = await _sent(source, client, url.rstrip("/") + PATH, tenant, piece)
        accepted += counted["samples"]
        refused += counted["refused"]
        reasons = reasons or tuple(counted["reasons"])
    return AppendOutcome(accepted, out_of_order=refused, reasons=reasons)


async def _sent(source: Source, client: HTTPClient, url: str, tenant: str, piece: Piece) -> dict[str, Any]:
    headers = {**_HEADERS, "X-Scope-OrgID": tenant}
    answer = await client.request("POST", url, headers=headers, body=piece.text)
    for _ in range(_REPEATS):
        if answer.status not in _BUSY:
            break
        await asyncio.sleep(_pause_s(answer))
        answer = await client.request("POST", url, headers=headers, body=piece.text)
    if answer.status != 200:
        first = max(piece.lines_before, 0) + 1
        raise ImportFailure(
            f"{source.name}: {shown_url(url)} answers {answer.status} to what begins at line {first}"
            f"{_reason(answer)}; what stands before that is stored"
        )
    return msgspec.json.decode(answer.body)["data"]


def _pause_s(answer: Answer) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_PAUSE_S) if asked.isdigit() else 1.0


def _reason(answer: Answer) -> str:
    try:
        return f": {msgspec.json.decode(answer.body)['error']}"
    except (msgspec.MsgspecError, KeyError, TypeError):
        return f" ({answer.reason})" if answer.reason else ""
