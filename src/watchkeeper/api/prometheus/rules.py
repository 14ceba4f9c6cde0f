"""Rules, their alerts and who is told: `/rules`, `/alerts`, `/alertmanagers`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from watchkeeper.api.prometheus.envelope import bad_parameter, success
from watchkeeper.api.prometheus.params import Params
from watchkeeper.api.tenant import tenant_of
from watchkeeper.rules import (
    ActiveAlert,
    AlertingRule,
    GroupStatus,
    RuleFilter,
    RuleStatus,
    UnknownToken,
    exponent_text,
)

_NEVER = "0001-01-01T00:00:00Z"
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class RuleGroups(Protocol):
    """The rules that run."""

    def groups(self) -> Sequence[GroupStatus]:
        """Every group, by file and name."""
        ...


class Receivers(Protocol):
    """The Alertmanagers that are told."""

    def urls(self) -> tuple[Sequence[str], Sequence[str]]:
        """Where alerts are sent; and what was found, but dropped by relabelling."""
        ...


def routes(rules: RuleGroups, receivers: Receivers) -> list[BaseRoute]:
    """The routes below `/api/v1`."""

    async def show_rules(request: Request) -> Response:
        params = await Params.of(request)
        wanted, with_alerts = _filter(params, tenant_of(request)), not _flag(params, "exclude_alerts")
        try:
            groups, token = wanted.page(rules.groups())
        except UnknownToken as why:
            raise bad_parameter("group_next_token", why) from None
        data: dict[str, Any] = {"groups": [_group(status, with_alerts=with_alerts) for status in groups]}
        if token:
            data["groupNextToken"] = token
        return success(data)

    async def show_alerts(request: Request) -> Response:
        groups, _ = RuleFilter(tenant_of(request)).page(rules.groups())
        shown = [_alert(alert) for status in groups for rule in status.rules for alert in rule.alerts]
        return success({"alerts": shown})

    async def alertmanagers(request: Request) -> Response:
        active, dropped = receivers.urls()
        return success(
            {
                "activeAlertmanagers": [{"url": url} for url in active],
                "droppedAlertmanagers": [{"url": url} for url in dropped],
            }
        )

    return [
        Route("/rules", show_rules, methods=["GET"]),
        Route("/alerts", show_alerts, methods=["GET"]),
        Route("/alertmanagers", alertmanagers, methods=["GET"]),
    ]


def _filter(params: Params, tenant: str) -> RuleFilter:
    kind = params.text("type").lower()
    if kind not in ("", "alert", "record"):
        raise bad_parameter("type", f'not supported value "{kind}"')
    return RuleFilter(
        tenant,
        recording=kind in ("", "record"),
        alerting=kind in ("", "alert"),
        names=frozenset(params.all("rule_name[]")),
        groups=frozenset(params.all("rule_group[]")),
        files=frozenset(params.all("file[]")),
        matcher_sets=params.matcher_sets(),
        most_groups=_group_limit(params),
        token=params.text("group_next_token"),
    )


def _group_limit(params: Params) -> int:
    text = params.text("group_limit")
    if text == "":
        if params.text("group_next_token"):
            why = "group_limit needs to be present in order to paginate over the groups"
            raise bad_parameter("group_next_token", why)
        return 0
    if not re.fullmatch(r"[+-]?\d+", text, re.ASCII):
        why = f'group_limit needs to be a valid number: strconv.ParseInt: parsing "{text}": invalid syntax'
        raise bad_parameter("group_limit", why)
    if int(text) <= 0:
        raise bad_parameter("group_limit", "group_limit needs to be greater than 0")
    return int(text)


def _flag(params: Params, name: str) -> bool:
    text = params.text(name)
    if text not in _TRUE | _FALSE | {""}:
        raise bad_parameter(name, f'error converting {name}: strconv.ParseBool: parsing "{text}": invalid syntax')
    return text in _TRUE


def _group(status: GroupStatus, *, with_alerts: bool) -> dict[str, Any]:
    group = status.group
    return {
        "name": group.name,
        "file": group.file,
        "rules": [_rule(rule, with_alerts=with_alerts) for rule in status.rules],
        "interval": _seconds(group.interval_ms),
        "limit": group.limit,
        "evaluationTime": status.evaluation_s,
        "lastEvaluation": _time(status.last_evaluation),
    }


def _rule(status: RuleStatus, *, with_alerts: bool) -> dict[str, Any]:
    rule = status.rule
    shared: dict[str, Any] = {"health": status.health}
    if status.last_error:
        shared["lastError"] = status.last_error
    shared |= {"evaluationTime": status.evaluation_s, "lastEvaluation": _time(status.last_evaluation)}
    named: Mapping[str, Any] = {"name": rule.name, "query": rule.query}
    if not isinstance(rule, AlertingRule):
        return {**named, "labels": dict(rule.labels), **shared, "type": "recording"}
    return {
        "state": status.state.value,
        **named,
        "duration": _seconds(rule.hold_ms),
        "keepFiringFor": _seconds(rule.keep_firing_ms),
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
        "alerts": [_alert(alert) for alert in status.alerts] if with_alerts else None,
        **shared,
        "type": "alerting",
    }


def _alert(alert: ActiveAlert) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": alert.state.value,
        "activeAt": _time(alert.active_at),
    }
    if alert.keep_firing_since is not None:
        shown["keepFiringSince"] = _time(alert.keep_firing_since)
    return {**shown, "value": exponent_text(alert.value)}


def _seconds(ms: int) -> int | float:
    return ms // 1000 if ms % 1000 == 0 else ms / 1000


def _time(ms: int | None) -> str:
    if ms is None:
        return _NEVER
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
