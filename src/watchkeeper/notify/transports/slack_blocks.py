"""Slack's Block Kit: blocks of the user's own, and buttons that act on the group."""

from __future__ import annotations

from watchkeeper.access import Signer
from watchkeeper.notify.config.slack import SlackConfig
from watchkeeper.notify.message import Message

PURPOSE = "slack"
"""What the buttons' tokens are good for."""
TOKEN_LIVES_MS = 7 * 86_400_000
VALUE = 2000
"""The most characters of a button's value."""
_BUTTONS = (
    ("watchkeeper_acknowledge", "Acknowledge", "primary"),
    ("watchkeeper_silence", "Silence 1h", ""),
    ("watchkeeper_resolve", "Resolve", ""),
)


def blocks(config: SlackConfig, message: Message) -> list[object]:
    """The user's blocks; a template that yields a list of blocks may stand for all of them."""
    if config.blocks is None:
        return []
    rendered = message.rendering.nested(config.blocks)
    return rendered if isinstance(rendered, list) else [rendered]


def buttons(message: Message, signer: Signer) -> dict[str, object] | None:
    """An attachment with the buttons, while the group fires; None where its name is too long for a button's value."""
    token = signer.token(
        PURPOSE, {"tenant": message.flush.tenant, "group_key": message.flush.group_key}, TOKEN_LIVES_MS
    )
    if not message.firing or len(token) > VALUE:
        return None
    elements = [_button(action, text, style, token) for action, text, style in _BUTTONS]
    names = ", ".join(text for _, text, _ in _BUTTONS)
    return {"fallback": names, "blocks": [{"type": "actions", "block_id": "watchkeeper", "elements": elements}]}


def _button(action: str, text: str, style: str, token: str) -> dict[str, object]:
    button: dict[str, object] = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        "value": token,
    }
    return {**button, "style": style} if style else button
