"""`receivers`: who is told, and by which integrations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

from pydantic import ValidationInfo, field_validator, model_validator

from watchkeeper.base.configuration import Problem, Section, Text
from watchkeeper.base.configuration.decoding import path
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.configuration.section import EMPTY
from watchkeeper.base.configuration.tree import Loc, Tree, locate
from watchkeeper.notify.config.apprise import AppriseConfig
from watchkeeper.notify.config.defaults import NotificationDefaults
from watchkeeper.notify.config.discord import DiscordConfig
from watchkeeper.notify.config.email import EmailConfig
from watchkeeper.notify.config.escalation import EscalationConfig
from watchkeeper.notify.config.github import GitHubConfig
from watchkeeper.notify.config.guarding import CircuitBreaker, RateLimit
from watchkeeper.notify.config.incidentio import IncidentioConfig
from watchkeeper.notify.config.integration import IntegrationConfig
from watchkeeper.notify.config.jira import JiraConfig
from watchkeeper.notify.config.mattermost import MattermostConfig
from watchkeeper.notify.config.msteams import MSTeamsConfig, MSTeamsV2Config
from watchkeeper.notify.config.ntfy import NtfyConfig
from watchkeeper.notify.config.opsgenie import OpsGenieConfig
from watchkeeper.notify.config.pagerduty import PagerdutyConfig
from watchkeeper.notify.config.pushover import PushoverConfig
from watchkeeper.notify.config.rocketchat import RocketchatConfig
from watchkeeper.notify.config.slack import SlackConfig
from watchkeeper.notify.config.sns import SNSConfig
from watchkeeper.notify.config.telegram import TelegramConfig
from watchkeeper.notify.config.twilio import TwilioConfig
from watchkeeper.notify.config.victorops import VictorOpsConfig
from watchkeeper.notify.config.webex import WebexConfig
from watchkeeper.notify.config.webhook import WebhookConfig
from watchkeeper.notify.config.wechat import WechatConfig


class Receiver(Section):
    """A name that routes point at, and everything that is to happen for it.

    `labels` are there to ask for it; `name`, which is one of them, may be repeated there.
    `fallback` names the receiver that is told, too, while this one cannot be.
    """

    name: Text
    labels: Mapping[Text, Text] = EMPTY
    fallback: Text = ""
    circuit_breaker: CircuitBreaker | None = None
    rate_limit: RateLimit | None = None
    apprise_configs: tuple[AppriseConfig, ...] = ()
    discord_configs: tuple[DiscordConfig, ...] = ()
    email_configs: tuple[EmailConfig, ...] = ()
    github_configs: tuple[GitHubConfig, ...] = ()
    escalation_configs: tuple[EscalationConfig, ...] = ()
    incidentio_configs: tuple[IncidentioConfig, ...] = ()
    jira_configs: tuple[JiraConfig, ...] = ()
    mattermost_configs: tuple[MattermostConfig, ...] = ()
    msteams_configs: tuple[MSTeamsConfig, ...] = ()
    msteamsv2_configs: tuple[MSTeamsV2Config, ...] = ()
    ntfy_configs: tuple[NtfyConfig, ...] = ()
    opsgenie_configs: tuple[OpsGenieConfig, ...] = ()
    pagerduty_configs: tuple[PagerdutyConfig, ...] = ()
    pushover_configs: tuple[PushoverConfig, ...] = ()
    rocketchat_configs: tuple[RocketchatConfig, ...] = ()
    slack_configs: tuple[SlackConfig, ...] = ()
    sns_configs: tuple[SNSConfig, ...] = ()
    telegram_configs: tuple[TelegramConfig, ...] = ()
    twilio_configs: tuple[TwilioConfig, ...] = ()
    victorops_configs: tuple[VictorOpsConfig, ...] = ()
    webex_configs: tuple[WebexConfig, ...] = ()
    webhook_configs: tuple[WebhookConfig, ...] = ()
    wechat_configs: tuple[WechatConfig, ...] = ()

    @field_validator("labels")
    @classmethod
    def _keep_name(cls, labels: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        name = info.data.get("name", "")
        if labels.get("name", name) != name:
            raise ValueError(f'the label "name" is the receiver\'s name, "{name}", and cannot have another value')
        return labels

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.name:
            raise ValueError("a receiver's name is empty")
        return self

    def integrations(self) -> Iterator[IntegrationConfig]:
        """Every integration, in the order of the kinds and then of the file."""
        return (config for _, _, config in self.placed_integrations())

    def placed_integrations(self) -> Iterator[tuple[str, int, IntegrationConfig]]:
        """Every integration with the key that it stands under and its position there, from 0."""
        for key in type(self).model_fields:
            if key.endswith("_configs"):
                for i, config in enumerate(getattr(self, key)):
                    yield key, i, config


def resolve_receivers(
    receivers: Sequence[Receiver],
    defaults: NotificationDefaults,
    tree: Tree,
    problems: list[Problem],
    at: Loc = ("receivers",),
) -> tuple[Receiver, ...]:
    """The receivers completed by `global`; what is wrong with them together goes to `problems`.

    `tree` is the file's whole top level, for the places in messages, and `at` where the receivers stand in it.
    """
    resolved: list[Receiver] = []
    names: dict[str, int] = {}
    for i, receiver in enumerate(receivers):
        first = names.setdefault(receiver.name, i)
        if first != i:
            place = locate(tree, (*at, i, "name"))
            other = locate(tree, (*at, first, "name"))
            text = f'{path((*at, i, "name"))}: "{receiver.name}" is named at {other}, too: names must differ'
            problems.append(Problem(place, text))
        resolved.append(_resolved(receiver, (*at, i), defaults, tree, problems))
    _check_fallbacks(receivers, tree, problems, at)
    return tuple(resolved)


def _check_fallbacks(receivers: Sequence[Receiver], tree: Tree, problems: list[Problem], at: Loc) -> None:
    """Each fallback must be there, and must not lead back to the receiver that it stands in for."""
    fallbacks = {receiver.name: receiver.fallback for receiver in receivers}
    for i, receiver in enumerate(receivers):
        if not receiver.fallback:
            continue
        loc = (*at, i, "fallback")
        place, name = locate(tree, loc), path(loc)
        if receiver.fallback not in fallbacks:
            hint = did_you_mean(receiver.fallback, fallbacks)
            problems.append(Problem(place, f'{name}: there is no receiver "{receiver.fallback}"{hint}'))
        way = _way(receiver.name, fallbacks)
        if way[-1] == receiver.name:
            text = f'{name}: "{receiver.name}" falls back to itself ({" → ".join(way)}): one of them must not'
            problems.append(Problem(place, text))


def _way(start: str, fallbacks: Mapping[str, str]) -> list[str]:
    """A receiver, its fallback, that one's fallback and so on, until one has none or has been seen before."""
    way = [start]
    while name := fallbacks.get(way[-1], ""):
        way.append(name)
        if name in way[:-1]:
            break
    return way


def _resolved(
    receiver: Receiver, at: Loc, defaults: NotificationDefaults, tree: Tree, problems: list[Problem]
) -> Receiver:
    configs: dict[str, list[IntegrationConfig]] = {}
    for key, j, config in receiver.placed_integrations():
        try:
            configs.setdefault(key, []).append(config.resolved(defaults))
        except ValueError as error:
            loc = (*at, key, j)
            problems.append(Problem(locate(tree, loc), f"{path(loc)}: {error}"))
    return receiver.model_copy(update={key: tuple(each) for key, each in configs.items()})
