"""Who asks, as the journal names them."""

from __future__ import annotations

from starlette.requests import Request

LONGEST_NAME = 200


def user_of(request: Request) -> str:
    """Who has logged in; empty where nobody has to."""
    return str(getattr(request.state, "user", ""))


def caller_of(request: Request, said: str = "", face: str = "API") -> str:
    """Who has logged in, else who they say they are, else by which API and from which address: `API (192.0.2.1)`."""
    name = user_of(request) or " ".join(said.split())[:LONGEST_NAME]
    if name:
        return name
    return f"{face} ({request.client.host})" if request.client is not None and request.client.host else face
