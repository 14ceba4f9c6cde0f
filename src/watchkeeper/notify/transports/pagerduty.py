"""PagerDuty's Events API."""

from __future__ import annotations

from watchkeeper.notify.config.pagerduty import PagerdutyConfig
from watchkeeper.notify.failure import NotifyFailure
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

URL_V1 = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
SUMMARY = 1024
"""The most characters of a summary."""
EVENT_BYTES = 512_000
"""The most bytes of an event."""
_FORBIDDEN_FOR_NOW = 403
TOO_LARGE = "Custom details have been removed because the original event exceeds the maximum size of 512KB"


class Pagerduty:
    """Version 2 of the API where there is a routing key, else version 1."""

    def __init__(self, config: PagerdutyConfig, outside: Outside, url_v1: str = URL_V1) -> None:
        self._config = config
        self._exchange = Exchange(outside, also_retried=() if config.by_routing_key else {_FORBIDDEN_FOR_NOW})
        self._url_v1 = url_v1

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        return self._event(event_v2(config, message) if config.by_routing_key else event_v1(config, message), message)

    def prepare_acknowledgement(self, message: Message) -> Attempt:
        """Somebody has taken the group's incident on, which PagerDuty then tells nobody of any more."""
        if self._config.by_routing_key:
            return self._event({"event_action": "acknowledge", "dedup_key": message.key}, message)
        return self._event({"event_type": "acknowledge", "incident_key": message.key}, message)

    def _event(self, told: dict[str, object], message: Message) -> Attempt:
        config = self._config

        async def attempt() -> str:
            name, key = self._key(message)
            url = config.url if config.by_routing_key else self._url_v1
            await self._exchange.send(Request(url, json_body({name: key, **told})))
            return ""

        return attempt

    def _key(self, message: Message) -> tuple[str, str]:
        config = self._config
        if config.by_routing_key:
            name, template = "routing_key", secret_text(config.routing_key, config.routing_key_file)
        else:
            name, template = "service_key", secret_text(config.service_key, config.service_key_file)
        key = message.rendering.text(template)
        if not key:
            raise NotifyFailure(f"the {name} is empty", reason="clientError")
        return name, key


def event_v1(config: PagerdutyConfig, message: Message) -> dict[str, object]:
    """The event, less its key, in version 1 of the API."""
    text = message.rendering
    return _bounded(
        {
            "event_type": _action(message),
            "incident_key": message.key,
            "description": in_characters(text.prose(config.description), SUMMARY),
            **given(
                client=text.prose(config.client),
                client_url=text.text(config.client_url),
                details=text.nested(config.details),
            ),
        },
        "details",
    )


def event_v2(config: PagerdutyConfig, message: Message) -> dict[str, object]:
    """The event, less its key, in version 2 of the API."""
    text = message.rendering
    about = {
        "summary": in_characters(text.prose(config.description), SUMMARY),
        "source": text.prose(config.source),
        "severity": text.text(config.severity) or "error",
        **given(
            class_=text.text(config.class_),
            component=text.text(config.component),
            group=text.text(config.group),
            custom_details=text.nested(config.details),
        ),
    }
    if "class_" in about:
        about["class"] = about.pop("class_")
    links = [{"href": text.text(link.href), "text": text.prose(link.text)} for link in config.links]
    images = [
        {"src": text.text(image.src), "alt": text.prose(image.alt), "href": text.text(image.href)}
        for image in config.images
    ]
    event = {
        "event_action": _action(message),
        "dedup_key": message.key,
        "payload": about,
        **given(
            client=text.prose(config.client),
            client_url=text.text(config.client_url),
            links=[link for link in links if link["href"]],
            images=[image for image in images if image["src"]],
        ),
    }
    return event | {"payload": _bounded(about, "custom_details", beside=event)}


def _action(message: Message) -> str:
    return "trigger" if message.firing else "resolve"


def _bounded(told: dict[str, object], details: str, beside: dict[str, object] | None = None) -> dict[str, object]:
    """`told`, with its details replaced where the whole event (`beside`, if it is only a part) would be too large."""
    if len(json_body(beside or told)) <= EVENT_BYTES:
        return told
    return told | {details: {"error": TOO_LARGE}}
