"""Opsgenie."""

from __future__ import annotations

from watchkeeper.notify.config.opsgenie import OpsGenieConfig, OpsGenieResponder
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.exchange import JSON, Exchange, Request, json_body, secret_text
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.truncating import given, in_characters

MESSAGE = 130
"""The most characters of a message."""


class OpsGenie:
    """Creates the group's alert, and closes it when all is over."""

    def __init__(self, config: OpsGenieConfig, outside: Outside) -> None:
        self._config = config
        self._exchange = Exchange(outside)

    def prepare(self, message: Message) -> Attempt:
        """Render everything."""
        config = self._config
        requests = calls(config, message)

        async def attempt() -> str:
            key = message.rendering.text(secret_text(config.api_key, config.api_key_file))
            headers = {**JSON, "Authorization": f"GenieKey {key}"}
            for method, path, told in requests:
                url = f"{config.api_url.rstrip('/')}/v2/alerts{path}"
                await self._exchange.send(Request(url, json_body(told), headers, method))
            return ""

        return attempt


def calls(config: OpsGenieConfig, message: Message) -> list[tuple[str, str, dict[str, object]]]:
    """Method, path below `/v2/alerts` and body of each request."""
    text, by_alias = message.rendering, f"/{message.key}{{}}?identifierType=alias"
    if not message.firing:
        return [("POST", by_alias.format("/close"), {"source": text.prose(config.source)})]
    told = creation(config, message)
    requests = [("POST", "", told)]
    if config.update_alerts:
        requests.append(("PUT", by_alias.format("/message"), given(message=told.get("message"))))
        requests.append(("PUT", by_alias.format("/description"), given(description=told.get("description"))))
    return requests


def creation(config: OpsGenieConfig, message: Message) -> dict[str, object]:
    """The body of «Create Alert»."""
    text = message.rendering
    details = {**message.data.common_labels, **{name: text.prose(value) for name, value in config.details.items()}}
    return {
        "alias": message.key,
        "message": in_characters(text.prose(config.message), MESSAGE),
        "source": text.prose(config.source),
        "details": details,
        **given(
            description=text.prose(config.description),
            responders=[one for each in config.responders for one in _responders(each, message)],
            tags=_split(text.text(config.tags)),
            note=text.prose(config.note),
            priority=text.text(config.priority),
            entity=text.text(config.entity),
            actions=_split(text.text(config.actions)),
        ),
    }


def _responders(responder: OpsGenieResponder, message: Message) -> list[dict[str, object]]:
    text = message.rendering
    who = given(id=text.text(responder.id), name=text.text(responder.name), username=text.text(responder.username))
    kind = text.text(responder.type).lower()
    if not (who or kind):
        return []
    if kind == "teams":
        return [{"name": name, "type": "team"} for name in _split(str(who.get("name", "")))]
    return [{**who, "type": kind}]


def _split(text: str) -> list[str]:
    return [part for part in text.strip().split(",") if part]
