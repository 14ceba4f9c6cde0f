"""What a transport is, and which one belongs to a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports import discord, mattermost, msteams, msteamsv2
from watchkeeper.notify.transports.apprise import Apprise
from watchkeeper.notify.transports.email import Email
from watchkeeper.notify.transports.escalation import Escalation
from watchkeeper.notify.transports.github import GitHub
from watchkeeper.notify.transports.hook import Hook
from watchkeeper.notify.transports.incidentio import Incidentio
from watchkeeper.notify.transports.jira import Jira
from watchkeeper.notify.transports.ntfy import Ntfy
from watchkeeper.notify.transports.opsgenie import OpsGenie
from watchkeeper.notify.transports.outside import Outside
from watchkeeper.notify.transports.pagerduty import Pagerduty
from watchkeeper.notify.transports.pushover import Pushover
from watchkeeper.notify.transports.rocketchat import Rocketchat
from watchkeeper.notify.transports.slack import Slack
from watchkeeper.notify.transports.sns import SNS
from watchkeeper.notify.transports.telegram import Telegram
from watchkeeper.notify.transports.twilio import Twilio
from watchkeeper.notify.transports.victorops import VictorOps
from watchkeeper.notify.transports.webex import Webex
from watchkeeper.notify.transports.webhook import Webhook
from watchkeeper.notify.transports.wechat import Wechat


class Transport(Protocol):
    """Renders a message once, and tells it as often as it takes."""

    def prepare(self, message: Message) -> Attempt:
        """Render everything. Raises NotifyFailure where there is nothing that could be sent."""
        ...


@runtime_checkable
class Acknowledging(Protocol):
    """A transport whose other side can be told that somebody has taken a group on."""

    def prepare_acknowledgement(self, message: Message) -> Attempt:
        """Render everything. Raises NotifyFailure where there is nothing that could be sent."""
        ...


@runtime_checkable
class Ticketing(Protocol):
    """A transport that keeps a ticket for each group."""

    def address(self, memory: str) -> str:
        """The http(s) URL at which people see the ticket that was remembered; empty where that is not known."""
        ...


_TRANSPORTS: Mapping[str, Callable[[Any, Outside], Transport]] = {
    "apprise": Apprise,
    "discord": partial(Hook, discord.payload),
    "email": Email,
    "github": GitHub,
    "escalation": Escalation,
    "incidentio": Incidentio,
    "jira": Jira,
    "mattermost": partial(Hook, mattermost.payload),
    "msteams": partial(Hook, msteams.payload, judge=msteams.refused),
    "msteamsv2": partial(Hook, msteamsv2.payload),
    "ntfy": Ntfy,
    "opsgenie": OpsGenie,
    "pagerduty": Pagerduty,
    "pushover": Pushover,
    "rocketchat": Rocketchat,
    "slack": Slack,
    "sns": SNS,
    "telegram": Telegram,
    "twilio": Twilio,
    "victorops": VictorOps,
    "webex": Webex,
    "webhook": Webhook,
    "wechat": Wechat,
}


def make_transport(config: IntegrationConfig, outside: Outside) -> Transport:
    """The transport for a configuration."""
    return _TRANSPORTS[config.kind](config, outside)
