"""The section `oncall`: how long an acknowledgement lasts, and who may call back."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from watchkeeper.base.configuration import DurationMs, FilePath, Secret, Section, Text, TimeZone, at_most_one

SLACK_RESPONSES = "https://hooks.slack.com"


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError(f'"{text}" is no origin: right would be, for instance, {SLACK_RESPONSES}')
    return text.rstrip("/")


class OnCallSection(Section):
    """Acknowledgements, links and callbacks.

    `acknowledgement_timeout` 0 means never. `time_zone` is that of «until Monday 9:00» on the page of silences.
    `slack_response_origins` are those to which messages may be answered.
    """

    acknowledgement_timeout_ms: DurationMs = 4 * 3_600_000
    link_lifetime_ms: DurationMs = 7 * 86_400_000
    time_zone: TimeZone = "UTC"
    slack_signing_secret: Secret = Secret("")
    slack_signing_secret_file: FilePath = None
    slack_response_origins: tuple[Annotated[Text, AfterValidator(_origin)], ...] = (SLACK_RESPONSES,)
    twilio_auth_token: Secret = Secret("")
    twilio_auth_token_file: FilePath = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.link_lifetime_ms == 0:
            raise ValueError("link_lifetime must be longer than 0s")
        for name in ("slack_signing_secret", "twilio_auth_token"):
            at_most_one(**{key: getattr(self, key) for key in (name, f"{name}_file")})
        return self
