"""`escalation_configs`: an escalation policy. Alertmanager has no such key; it is ours."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Text
from watchkeeper.notify.config.integration import IntegrationConfig


class EscalationConfig(IntegrationConfig):
    """The people whom a policy names are told, step by step, until somebody acknowledges."""

    kind: ClassVar[str] = "escalation"

    policy: Text

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.policy:
            raise ValueError("policy is empty: the name of one of escalation_policies would be right")
        if not self.send_resolved:
            raise ValueError("an escalation must learn that alerts have ended: send_resolved cannot be false")
        return self
