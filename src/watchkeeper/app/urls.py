"""Where people reach us."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from watchkeeper.app.settings import Settings, SettingsFailure

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # addresses to be recognised, not bound


def external_url(settings: Settings) -> str:
    """The URL that links in notifications start with, without a slash at its end. Raises SettingsFailure."""
    given = settings.external_url
    if not given:
        address = settings.listen[0]
        host = socket.gethostname() if address.host in _EVERYWHERE else address.host
        return f"http://{f'[{host}]' if ':' in host else host}:{address.port}"
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SettingsFailure(
            f'--web.external-url "{given}": a whole URL would be right, such as https://watch.example/'
        )
    return given.rstrip("/")


def local_url(settings: Settings, *, tls: bool) -> str:
    """Where processes of this machine reach us, without a slash at its end."""
    address = settings.listen[0]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{address.port}{route_prefix(settings)}"


def route_prefix(settings: Settings) -> str:
    """What every path starts with: empty, or with a slash in front and none at its end."""
    prefix = settings.route_prefix
    if prefix is None:
        prefix = urlsplit(settings.external_url or "").path
    stripped = prefix.strip("/")
    return f"/{stripped}" if stripped else ""
