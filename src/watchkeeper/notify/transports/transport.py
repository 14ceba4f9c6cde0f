"""What a transport is, and which one belongs to a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.message import Message
from watchkeeper.notify.retrying import Attempt
from watchkeeper.notify.transports.discord import Discord
from watchkeeper.notify.transports.email import Email
from watchkeeper.notify.transports.escalation import Escalation
from watchkeeper.notify.transports.incidentio import Incidentio
from watchkeeper.notify.transports.jira import Jira
from watchkeeper.notify.transports.mattermost import Mattermost
from watchkeeper.notify.transports.msteams import MSTeams
from watchkeeper.notify.transports.msteamsv2 import MSTeamsV2
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


_TRANSPORTS: Mapping[str, Callable[[Any, Outside], Transport]] = {
    "discord": Discord,
    "email": Email,
    "escalation": Escalation,
    "incidentio": Incidentio,
    "jira": Jira,
    "mattermost": Mattermost,
    "msteams": MSTeams,
    "msteamsv2": MSTeamsV2,
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
