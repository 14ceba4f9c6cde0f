"""Request bodies, no larger than a receiver will take."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_body(request: Request, largest: int) -> bytes:
    """The whole body as it was sent. Raises HTTPException 413 where it is larger than `largest` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise _too_large(largest)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def read_beginning(request: Request, longest: int) -> bytes:
    """The first `longest` bytes of the body; what is behind them is read and forgotten, so that senders can finish."""
    kept = bytearray()
    async for chunk in request.stream():
        kept += chunk[: longest - len(kept)]
    return bytes(kept)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {largest} bytes")
