"""What Slack's payloads say, and the messages that answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OURS = "watchkeeper_"
_DOES = ("acknowledge", "silence", "resolve")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of ours that somebody pressed. `does` is `acknowledge`, `silence` or `resolve`; `value` is its token."""

    does: str
    name: str
    value: str
    user_id: str
    user_name: str
    response_url: str


def pressed(payload: Mapping[str, Any]) -> Pressed | None:
    """The button of ours in a payload; None where there is none.

    `block_actions` name it by `action_id`, messages with attachments of old (`interactive_message`) by `name`.
    """
    kind = payload.get("type")
    key = {"block_actions": "action_id", "interactive_message": "name"}.get(str(kind))
    actions = _objects(payload.get("actions"))
    if key is None or not actions:
        return None
    name = str(actions[0].get(key, ""))
    does = name.removeprefix(OURS)
    value = str(actions[0].get("value") or "")
    if does not in _DOES or not value or (kind == "block_actions" and not name.startswith(OURS)):
        return None
    user = payload.get("user")
    who: Mapping[str, Any] = user if isinstance(user, Mapping) else {}
    id = str(who.get("id", ""))
    shown = str(who.get("username") or who.get("name") or id or "somebody in Slack")
    return Pressed(does, name, value, id, shown, str(payload.get("response_url", "")))


def only_to_you(text: str) -> dict[str, Any]:
    """An answer that only whoever pressed the button sees."""
    return {"response_type": "ephemeral", "replace_original": False, "text": text}


def with_outcome(payload: Mapping[str, Any], button: Pressed, said: str) -> dict[str, Any]:
    """The message as it was, less the button that was pressed, and with what came of it below."""
    before = payload.get("message") or payload.get("original_message") or {}
    message: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    after: dict[str, Any] = {"replace_original": True, "text": str(message.get("text", ""))}
    attachments = [_less_button(one, "actions", button.name) for one in _objects(message.get("attachments"))]
    if payload.get("type") == "block_actions":
        blocks = (_less_button(one, "elements", button.name) for one in _objects(message.get("blocks")))
        kept = [one for one in blocks if one.get("type") != "actions" or one.get("elements")]
        outcome = {"type": "context", "elements": [{"type": "plain_text", "text": said[:2000]}]}
        after["blocks"] = [*kept, outcome]
    else:
        attachments.append({"text": said, "fallback": said})
    return {**after, "attachments": attachments} if attachments else after


def _less_button(part: Mapping[str, Any], key: str, name: str) -> dict[str, Any]:
    if key not in part or (key == "elements" and part.get("type") != "actions"):
        return dict(part)
    left = [one for one in _objects(part[key]) if name not in (one.get("action_id"), one.get("name"))]
    return {**part, key: left}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
