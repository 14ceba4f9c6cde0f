"""ntfy, by its interface for publishing as JSON (docs.ntfy.sh/publish)."""

from __future__ import annotations

from watchkeeper.notify.config.ntfy import NtfyAction, NtfyConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.templating import Rendering
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_bytes

MESSAGE = 4096
"""The most bytes of a message; ntfy makes an attachment of a longer one."""
PRIORITIES = {"min": 1, "low": 2, "default": 3, "high": 4, "max": 5, "urgent": 5}


class Ntfy:
    """A push to a topic."""

    def __init__(self, config: NtfyConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = json_body(payload(self._config, message))

        async def attempt() -> str:
            await self._exchange.send(Request(self._config.url, body))
            return ""

        return attempt


def payload(config: NtfyConfig, message: Message) -> object:
    """The body."""
    text = message.rendering
    return {
        "topic": text.text(config.topic.reveal()),
        **given(
            title=text.prose(config.title),
            message=in_bytes(text.prose(config.message).strip(), MESSAGE),
            priority=priority(text.text(config.priority)),
            tags=[tag for each in config.tags if (tag := text.text(each).strip())],
            click=text.text(config.click),
            actions=[_action(each, text) for each in config.actions],
        ),
    }


def priority(text: str) -> int | None:
    """From 1 to 5, by its name or number; None, which leaves it to ntfy, for anything else."""
    name = text.strip().lower()
    return PRIORITIES.get(name, int(name) if name in ("1", "2", "3", "4", "5") else None)


def _action(action: NtfyAction, text: Rendering) -> dict[str, object]:
    optional = given(method=text.text(action.method), body=text.prose(action.body))
    return {
        "action": action.action,
        "label": text.prose(action.label),
        "url": text.text(action.url),
        "clear": action.clear,
        **(optional if action.action == "http" else {}),
    }
