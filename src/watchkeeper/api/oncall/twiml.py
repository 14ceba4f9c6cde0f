"""Answers in Twilio's markup language."""

from __future__ import annotations

from html import escape

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_WAIT_S = 10


def say(text: str) -> str:
    """Say something, and hang up."""
    return f"{_HEAD}<Response><Say>{escape(_printable(text))}</Say><Hangup/></Response>"


def ask(text: str, url: str) -> str:
    """Say something and wait for a key, which goes to `url`; twice, for the first time is often missed."""
    said = f"<Say>{escape(_printable(text))} Press 1 to acknowledge.</Say>"
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{_WAIT_S}" method="POST" action="{escape(url)}">{said}</Gather>'
    )
    return f"{_HEAD}<Response>{gather}{gather}<Say>No key was pressed. Goodbye.</Say></Response>"


def message(text: str) -> str:
    """Answer an SMS."""
    return f"{_HEAD}<Response><Message>{escape(_printable(text))}</Message></Response>"


def _printable(text: str) -> str:
    """The text less what XML cannot hold."""
    return "".join(c for c in text if c in "\t\n" or ord(c) >= 0x20)
