"""Slack's Block Kit: blocks of the user's own, and buttons that act on the group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from watchkeeper.access import Signer
from watchkeeper.notify.config.slack import SlackConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.transports.truncating import in_characters

PURPOSE = "slack"
"""What the buttons' tokens are good for."""
TOKEN_LIVES_MS = 7 * 86_400_000
VALUE = 2000
"""The most characters of a button's value."""
BLOCKS = 50
"""The most blocks of a message."""
_TEXT, _FIELD = 3000, 2000
_TEXTS = {"header": 150}
"""The most characters of a block's text, of a section's field, and of what is shorter (Slack's reference of blocks)."""
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
    found = cast("list[object]", rendered) if isinstance(rendered, list) else [rendered]
    return [_fitting(block) for block in found[:BLOCKS]]


def _fitting(block: object) -> object:
    """The block, its texts cut to what Slack takes: it refuses the whole message for one that is longer."""
    if not isinstance(block, Mapping):
        return block
    known = dict(cast("Mapping[str, object]", block))
    if "text" in known:
        known["text"] = _cut(known["text"], _TEXTS.get(str(known.get("type")), _TEXT))
    for name in ("fields", "elements"):
        if isinstance(texts := known.get(name), list):
            known[name] = [_cut(text, _FIELD) for text in cast("list[object]", texts)]
    return known


def _cut(text: object, most: int) -> object:
    """A text object, cut; what else may stand in its place stays as it is."""
    if not isinstance(text, Mapping):
        return text
    known = cast("Mapping[str, object]", text)
    shown = known.get("text")
    return {**known, "text": in_characters(shown, most)} if isinstance(shown, str) else text


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
