"""Amazon's Simple Notification Service."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from watchkeeper.notify.config.sns import SNSConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.sigv4 import Credentials, signed_headers
from watchkeeper.notify.transports.truncating import in_bytes, in_characters

SUBJECT, SMS, MESSAGE = 100, 1600, 256 << 10
"""Bytes of a subject, of a message by SMS, and of any other."""
VERSION = "2010-03-31"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SNS:
    """A message published to a topic, a target or a telephone number."""

    def __init__(self, config: SNSConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)
        self._clock = outside.clock
        self._environ = outside.environ

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        body = urlencode(sorted(parameters(self._config, message).items())).encode()
        credentials = self._credentials()
        url = message.rendering.text(self._config.api_url) or f"https://sns.{credentials.region}.amazonaws.com/"

        async def attempt() -> str:
            at = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
            headers = signed_headers("POST", url, _FORM, body, credentials, "sns", at)
            await self._exchange.send(Request(url, body, headers))
            return ""

        return attempt

    def _credentials(self) -> Credentials:
        given, environ = self._config.sigv4, self._environ
        region = given.region or environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", "")
        key = given.access_key or environ.get("AWS_ACCESS_KEY_ID", "")
        secret = given.secret_key.reveal() or environ.get("AWS_SECRET_ACCESS_KEY", "")
        token = "" if given.access_key else environ.get("AWS_SESSION_TOKEN", "")
        if not (region and key and secret):
            raise NotifyFailure("sigv4 lacks a region or keys, and so does the environment", reason="clientError")
        return Credentials(region, key, secret, token)


def parameters(config: SNSConfig, message: Message) -> dict[str, str]:
    """The form of the action «Publish»."""
    text = message.rendering
    told = {"Action": "Publish", "Version": VERSION}
    targets = {"TopicArn": config.topic_arn, "TargetArn": config.target_arn, "PhoneNumber": config.phone_number}
    told |= {name: text.text(target) for name, target in targets.items() if target}
    if subject := text.prose(config.subject):
        told["Subject"] = in_characters(subject, SUBJECT)
    whole = text.prose(config.message)
    told["Message"] = in_bytes(whole, SMS if config.phone_number else MESSAGE)
    attributes = {text.text(name): text.prose(value) for name, value in config.attributes.items()}
    if told["Message"] != whole:
        attributes["truncated"] = "true"
    for i, (name, value) in enumerate(sorted(attributes.items()), 1):
        entry = f"MessageAttributes.entry.{i}"
        told[f"{entry}.Name"] = name
        told[f"{entry}.Value.DataType"] = "String"
        told[f"{entry}.Value.StringValue"] = value
    if told.get("TopicArn", "").endswith(".fifo"):
        told["MessageDeduplicationId"] = told["MessageGroupId"] = message.key
    return told
