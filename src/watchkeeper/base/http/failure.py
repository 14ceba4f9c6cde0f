"""How talking to an HTTP server fails."""

from __future__ import annotations

from yarl import URL

from watchkeeper.base.configuration.secret import HIDDEN, sounds_secret
from watchkeeper.base.failure import Failure


class HTTPFailure(Failure):
    """An exchange that did not succeed; `status` is the server's where it gave one.

    The text names the URL without its secrets.
    """

    def __init__(self, message: str, *, retryable: bool = True, status: int | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.status = status


def shown_url(url: str | URL) -> str:
    """The URL as it may be logged: passwords and parameters that sound like secrets are hidden."""
    try:
        parsed = URL(url)
    except ValueError:
        return "<malformed URL>"
    if parsed.password is not None:
        parsed = parsed.with_password("xxxxx")
    telling = [name for name in parsed.query if sounds_secret(name)]
    return str(parsed.update_query(dict.fromkeys(telling, HIDDEN))) if telling else str(parsed)
