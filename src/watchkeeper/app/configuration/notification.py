"""Alertmanager's sections; what those of routing say has no effect yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from watchkeeper.base.configuration import FilePath, NotYet, Section
from watchkeeper.base.configuration.secret import hide_telling
from watchkeeper.notify import NotificationDefaults, Receiver


def _hidden(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("should be a mapping")
    return hide_telling(value)


def _hidden_scalar(value: object) -> object:
    return hide_telling({"secret": value})


_ROUTING = NotYet("routing alerts to receivers")
_Opaque: TypeAlias = Annotated[Mapping[str, Any], BeforeValidator(_hidden)]
_OpaqueValue: TypeAlias = Annotated[Mapping[str, Any] | None, BeforeValidator(_hidden_scalar), _ROUTING]


class NotificationSections(Section):
    """The top level of alertmanager.yml."""

    route: Annotated[_Opaque | None, _ROUTING] = None
    receivers: tuple[Receiver, ...] = ()
    templates: tuple[FilePath, ...] = ()
    inhibit_rules: Annotated[tuple[_Opaque, ...], _ROUTING] = ()
    mute_time_intervals: Annotated[tuple[_Opaque, ...], _ROUTING] = ()
    time_intervals: Annotated[tuple[_Opaque, ...], _ROUTING] = ()


class NotificationGlobal(NotificationDefaults):
    """The `global` section of alertmanager.yml."""

    resolve_timeout: _OpaqueValue = None
