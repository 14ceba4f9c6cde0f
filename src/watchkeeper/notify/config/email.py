"""`email_configs`: e-mail by SMTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Flag, Secret, Section, Text, at_most_one
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.http import TLSConfig
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.config.scalars import HostPort, lacking


class Threading(Section):
    """Whether the mails about a group belong together, each day anew or for ever."""

    enabled: Flag = False
    thread_by_date: Literal["daily", "none"] = "daily"


class EmailConfig(IntegrationConfig):
    """One mail, with a text and an HTML part where both are given."""

    kind: ClassVar[str] = "email"

    send_resolved: Flag = False
    to: Text
    from_: Text = ""
    hello: Text = ""
    smarthost: HostPort = ""
    auth_username: Text = ""
    auth_username_file: FilePath = None
    auth_password: Secret = Secret("")
    auth_password_file: FilePath = None
    auth_secret: Secret = Secret("")
    auth_secret_file: FilePath = None
    auth_identity: Text = ""
    headers: Mapping[Text, Text] = EMPTY
    html: Text = '{{ template "email.default.html" . }}'
    text: Text = ""
    require_tls: Flag | None = None
    tls_config: TLSConfig | None = None
    force_implicit_tls: Flag | None = None
    threading: Threading = Threading()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.to:
            raise ValueError("to is empty")
        for name in ("auth_username", "auth_password", "auth_secret"):
            at_most_one(**{name: getattr(self, name), f"{name}_file": getattr(self, f"{name}_file")})
        seen: set[str] = set()
        for header in self.headers:
            if header.lower() in seen:
                raise ValueError(f'headers names "{header}" twice')
            seen.add(header.lower())
        if self.threading.enabled and seen & {"references", "in-reply-to"}:
            raise ValueError("threading leaves no place for References and In-Reply-To in headers")
        return self

    def resolved(self, defaults: NotificationDefaults) -> Self:
        """This configuration completed by `global`. Raises ValueError where it lacks a server or a sender."""
        updates: dict[str, object] = {"require_tls": self.require_tls}
        for ours, theirs in _FROM_GLOBAL.items():
            updates[ours] = getattr(self, ours) or getattr(defaults, theirs)
        if self.require_tls is None:
            updates["require_tls"] = defaults.smtp_require_tls
        if self.force_implicit_tls is None:
            updates["force_implicit_tls"] = defaults.smtp_force_implicit_tls
        for name in ("auth_username", "auth_password", "auth_secret"):
            if not getattr(self, name) and getattr(self, f"{name}_file") is None:
                updates |= {each: getattr(defaults, f"smtp_{each}") for each in (name, f"{name}_file")}
        if not updates["smarthost"]:
            raise lacking("mail server", "smarthost", "global.smtp_smarthost")
        if not updates["from_"]:
            raise lacking("sender", "from", "global.smtp_from")
        return super().resolved(defaults).model_copy(update=updates)


_FROM_GLOBAL = {
    "from_": "smtp_from",
    "hello": "smtp_hello",
    "smarthost": "smtp_smarthost",
    "auth_identity": "smtp_auth_identity",
    "tls_config": "smtp_tls_config",
}
