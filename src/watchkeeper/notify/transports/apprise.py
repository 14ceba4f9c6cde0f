"""The long tail of channels, by the package Apprise."""

from __future__ import annotations

import logging
from typing import Protocol, cast

from watchkeeper.notify.config.apprise import AppriseConfig
from watchkeeper.notify.effort import answered
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.outside import Outside


class Address(Protocol):
    """One address, as Apprise understands it."""

    async def async_notify(self, *, body: str, title: str, notify_type: str) -> bool:
        """Tell it; says whether that has worked, and nothing else."""
        ...


class Apprise:
    """The same message to each address; those that have it are not told again when others are tried again."""

    def __init__(self, config: AppriseConfig, outside: Outside) -> None:
        self._config = config

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        text, kind = message.rendering, "failure" if message.firing else "success"
        title, body = text.prose(self._config.title), text.prose(self._config.body).strip()
        waiting = [(i, _address(url.reveal())) for i, url in enumerate(self._config.urls)]

        async def attempt() -> str:
            for i, address in tuple(waiting):
                if await address.async_notify(body=body or title, title=title, notify_type=kind):
                    waiting.remove((i, address))
            if waiting:
                failed = ", ".join(f"urls[{i}]" for i, _ in waiting)
                raise NotifyFailure(f"Apprise could not tell {failed}", retryable=True)
            answered("accepted by Apprise")
            return ""

        return attempt


def _address(url: str) -> Address:
    import apprise  # an extra, and slow to import

    # What Apprise says of its attempts holds parts of the addresses.
    logging.getLogger("apprise").propagate = False
    return cast("Address", apprise.Apprise.instantiate(url))
