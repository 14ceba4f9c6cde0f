"""What the attachments of Slack and of Mattermost have in common."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from watchkeeper.base.configuration import Flag, Section, Text


class AttachmentField(Section):
    """A field of an attachment; `short` ones stand side by side."""

    title: Text
    value: Text
    short: Flag | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.title and self.value):
            raise ValueError("a field needs a title and a value")
        return self
