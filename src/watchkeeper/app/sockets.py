"""The addresses we listen on, bound before anything else starts, so that a taken port is said at once."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from watchkeeper.app.settings import Address, SettingsFailure

_BACKLOG = 2048


def bind(addresses: Sequence[Address], flag: str = "--listen") -> list[socket.socket]:
    """Sockets that listen on `addresses`, which `flag` gave. Raises SettingsFailure where one cannot be had."""
    sockets: list[socket.socket] = []
    try:
        sockets.extend(_bound(address, flag) for address in addresses)
    except BaseException:
        for open_socket in sockets:
            open_socket.close()
        raise
    return sockets


def _bound(address: Address, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address.host, address.port))
        listening.listen(_BACKLOG)
    except OSError as why:
        listening.close()
        raise SettingsFailure(
            f"cannot listen on {address}: {why.strerror or why}. Choose another address with {flag} HOST:PORT."
        ) from None
    listening.setblocking(False)
    return listening
