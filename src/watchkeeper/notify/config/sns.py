"""`sns_configs`: Amazon's Simple Notification Service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import Flag, NotYet, Secret, Section, Text, exactly_one
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.notify.config.integration import OverHTTPConfig


class SigV4Config(Section):
    """Who we are to Amazon; what is left out comes from the environment (`AWS_REGION`, `AWS_ACCESS_KEY_ID` …)."""

    region: Text = ""
    access_key: Text = ""
    secret_key: Secret = Secret("")
    profile: Annotated[Text, NotYet("reading Amazon's own configuration files")] = ""
    role_arn: Annotated[Text, NotYet("taking on a role")] = ""
    external_id: Annotated[Text, NotYet("taking on a role")] = ""
    use_fips_sts_endpoint: Annotated[Flag, NotYet("taking on a role")] = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("access_key and secret_key need each other")
        return self


class SNSConfig(OverHTTPConfig):
    """A message published to a topic, a target or a telephone number."""

    kind: ClassVar[str] = "sns"

    api_url: Text = ""
    sigv4: SigV4Config = SigV4Config()
    topic_arn: Text = ""
    phone_number: Text = ""
    target_arn: Text = ""
    subject: Text = '{{ template "sns.default.subject" . }}'
    message: Text = '{{ template "sns.default.message" . }}'
    attributes: Mapping[Text, Text] = EMPTY

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        exactly_one(topic_arn=self.topic_arn, target_arn=self.target_arn, phone_number=self.phone_number)
        return self
