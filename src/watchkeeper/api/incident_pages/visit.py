"""Somebody at a page of incidents, and the form that has come back to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from zoneinfo import ZoneInfo

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

from watchkeeper.api.oncall.form import name_field
from watchkeeper.api.page import said_text, wrong_text

Fields = ImmutableMultiDict[str, str]

SAID: Mapping[str, str] = {
    "opened": "The incident is open.",
    "acknowledged": "Thank you: the others know now that somebody works on it.",
    "triggered": "It is open, and waits for somebody to take it up.",
    "mitigated": "It is mitigated.",
    "resolved": "It is over.",
    "taken": "It is yours.",
    "changed": "It is changed.",
    "same": "It was so already.",
    "noted": "The note is in the timeline.",
    "ticked": "The step is done.",
    "unticked": "The step is not done after all.",
    "merged": "That one is part of this incident now.",
    "split": "These alerts have become this incident.",
    "ticket": "The ticket is asked for.",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """A form that could not be taken: by the part of the page it stands in, what was in it, and why not."""

    part: str
    fields: Fields
    wrong: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at a page. `user` is their name where it is certain; `token` is what the page's forms send back."""

    request: Request = field(repr=False)
    tenant: str
    user: str
    token: str = field(repr=False)
    prefix: str
    zone: ZoneInfo
    typed: Typed | None = None

    def message(self, part: str) -> str:
        """What was done by a form of that part, or why not, as HTML."""
        if self.typed is not None:
            return wrong_text(self.typed.wrong) if self.typed.part == part else ""
        asked = self.request.query_params
        said = SAID.get(asked.get("said", ""), "") if asked.get("part", "") == part else ""
        return said_text(said) if said else ""

    def came_back(self, part: str) -> bool:
        """Say whether the form of that part could not be taken."""
        return self.typed is not None and self.typed.part == part

    def value(self, part: str, name: str, otherwise: str = "") -> str:
        """What stands in a field: what was typed there, where the form has come back."""
        return self.typed.fields.get(name, "") if self.typed is not None and self.came_back(part) else otherwise

    def chosen(self, part: str, name: str) -> frozenset[str]:
        """What was ticked of several boxes of a name."""
        return frozenset(self.typed.fields.getlist(name)) if self.typed and self.came_back(part) else frozenset()

    def form(self, path: str, part: str, fields: str, *, narrow: bool = True, several: bool = False) -> str:
        """A form of that part of the page at `path` (below the prefix), with `fields` as HTML.

        With `several` buttons the return key presses none of them.
        """
        who = name_field(self.user, self.request, self.value(part, "name"))
        # The first button is the one that the return key presses.
        hidden = "<button disabled hidden></button>" if several else ""
        hidden += f'<input type="hidden" name="form" value="{escape(self.token)}">'
        hidden += f'<input type="hidden" name="part" value="{part}">'
        look = ' class="narrow"' if narrow else ""
        action = escape(f"{self.prefix}{path}#{part}")
        return f'<form method="post" action="{action}"{look}>{hidden}{who}{fields}</form>'

    def section(self, part: str, title: str, body: str) -> str:
        """A part of the page under its heading (HTML), with what its forms have to say."""
        return f'<section id="{part}"><h2>{title}</h2>{self.message(part)}{body}</section>'

    def fold(self, part: str, title: str, body: str) -> str:
        """A part that is opened by whoever needs it, and stands open where its form has something to say."""
        message = self.message(part)
        opened = " open" if message else ""
        return f'<details id="{part}"{opened}><summary>{title}</summary>{message}{body}</details>'


def text_field(label: str, name: str, value: str, *, options: str = "", required: bool = False, most: int = 200) -> str:
    """A line to write; `options` names the list of what is suggested."""
    more = f' list="{options}"' if options else ""
    more += " required" if required else ""
    return (
        f'<label>{label} <input type="text" name="{name}" value="{escape(value)}" maxlength="{most}" dir="auto" '
        f'autocomplete="off"{more}></label>'
    )


def text_area(label: str, name: str, value: str, *, required: bool = False) -> str:
    """Several lines to write."""
    must = " required" if required else ""
    return f'<label>{label} <textarea name="{name}" dir="auto"{must}>\n{escape(value)}</textarea></label>'


def choice(label: str, name: str, options: Mapping[str, str], chosen: str) -> str:
    """One of several values, by what they are called."""
    shown = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<label>{label} <select name="{name}">{shown}</select></label>'


def seen(name: str, value: str) -> str:
    """What the page has shown of a field, so that what others change meanwhile is not lost."""
    return f'<input type="hidden" name="seen.{name}" value="{escape(value)}">'


def suggestions(id: str, values: Mapping[str, str]) -> str:
    """A list for text fields: values, and what they are called."""
    shown = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in values.items())
    return f'<datalist id="{id}">{shown}</datalist>'


def button(do: str, text: str, *, first: bool = False) -> str:
    """A button that sends its form and says what is to be done."""
    look = ' class="first"' if first else ""
    return f'<button name="do" value="{escape(do)}"{look}>{text}</button>'
