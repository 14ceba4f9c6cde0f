"""The rooms in the order in which data walks through them, opened one after the other."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from watchkeeper.access import open_signer
from watchkeeper.alerts import AlertLimits
from watchkeeper.api.alertmanager import retired
from watchkeeper.api.notices import Notices
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.watchkeeper import below, openapi, quality
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.duty import LASTS_S, Duty
from watchkeeper.app.passes import Passes
from watchkeeper.app.room import Room
from watchkeeper.app.settings import Role, Settings, SettingsFailure, control_file
from watchkeeper.app.telling import Means, Telling
from watchkeeper.app.urls import external_url
from watchkeeper.base.clock import Clock
from watchkeeper.base.lock import take
from watchkeeper.journal import Journal
from watchkeeper.model.severity import Severities
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.lease import Lease

if TYPE_CHECKING:
    from watchkeeper.app.engine import Engine
    from watchkeeper.app.watching import Watching

logger = logging.getLogger("watchkeeper.app")
_OF_WATCHING = ("scrape_configs", "scrape_config_files", "rule_files", "remote_write", "remote_read", "retention")


class Building(Running, Protocol):
    """What the house hands to its rooms."""

    settings: Settings
    clock: Clock
    registry: CollectorRegistry
    condition: Condition
    configuration: Configuration
    core: Core
    environ: Mapping[str, str]
    notices: Notices


@dataclass(frozen=True, slots=True)
class Rooms:
    """The open rooms: what they serve, those that take part in a reload, the journal.

    `forwarded` says whether a token is that of another process of ours, which forwards a request.
    """

    routes: Sequence[BaseRoute]
    live: Sequence[Room]
    journal: Journal
    forwarded: Callable[[str], bool]


async def open_rooms(house: Building, stack: AsyncExitStack) -> Rooms:
    """Open every room of the role; `stack` closes them in the reverse order. Raises Failure."""
    folder = _folder(house.settings.data)
    shared = house.configuration.sections.control
    if not shared.url:
        stack.callback(os.close, take(folder, "control.lock"))
    watching = await _watching(house, stack)
    if watching is not None:
        await watching.open_store()
    control = ControlDatabase.at(shared.url.reveal() or f"sqlite:///{control_file(folder)}")
    stack.push_async_callback(control.close)
    journal = Journal(control, house.clock, house.registry, lambda: secrets.token_hex(8))
    stack.push_async_callback(journal.close)
    await journal.open()
    signer = await open_signer(control, house.clock)
    vitals = [] if watching is None else [watching.vital]
    settings = house.settings
    limits = AlertLimits(
        settings.alert_retention_ms, settings.max_silences, settings.max_silence_bytes, settings.max_alerts_per_name
    )
    means = Means(control, journal, signer, house.environ, house, vitals, limits)

    def telling(registry: CollectorRegistry) -> Telling:
        return Telling(replace(house.core, registry=registry), means)

    lease, passes = _lease(house, control) if shared.url else None, Passes(signer)
    duty = Duty(telling, house.clock, journal, house.registry, lease, passes.headers)
    stack.push_async_callback(duty.close)
    await duty.open(house.configuration)
    house.condition.watch(duty.feel)
    watched: Sequence[BaseRoute] = ()
    live: list[Room] = [duty]
    if watching is not None:
        await watching.open(control, duty)
        watched = watching.routes()
        live = [*watching.live(), duty]

    def severities() -> Severities:
        return house.configuration.severities

    own = below([*quality.routes(house.core, journal, severities), *openapi.routes(house.core)])
    gone = retired.routes(beside_prometheus=watching is not None)
    return Rooms([*gone, *watched, *own, *duty.routes()], live, journal, passes.good)


def _folder(data: Path) -> Path:
    """The data folder, made where it is not there. Raises SettingsFailure."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise SettingsFailure(f"--data {data}: the folder cannot be made: {why.strerror or why}") from None
    return data


async def _watching(house: Building, stack: AsyncExitStack) -> Watching | None:
    """The rooms that watch, where the role has any."""
    if house.settings.role is Role.ALERTS:
        _say_what_is_idle(house.configuration)
        return None
    engine = None if house.configuration.sections.storage.url.reveal() else _engine(house, stack)
    house.condition.becomes("loading")
    await asyncio.to_thread(import_module, "watchkeeper.app.watching")
    # Imported here: a process that only tells people is to be as small as that.
    from watchkeeper.app.watching import Grounds, Watching

    grounds = Grounds(
        house.core,
        house.settings,
        house.condition,
        house.environ,
        house,
        house.notices,
        lambda: house.configuration,
        engine,
    )
    return Watching(grounds, stack)


def _engine(house: Building, stack: AsyncExitStack) -> Engine:
    """The engine, which starts while the rooms that need it are being loaded."""
    from watchkeeper.app.engine import Engine

    engine = Engine(house.settings.data, house.registry)
    stack.push_async_callback(engine.close)
    return engine


def _say_what_is_idle(configuration: Configuration) -> None:
    """Name, in the log, what a process that only tells people leaves to others, and what it would need itself."""
    sections = configuration.sections if configuration.files else None
    if idle := [name for name in _OF_WATCHING if getattr(sections, name, ())]:
        logger.warning("the role alerts leaves to other processes: %s", ", ".join(idle))
    if configuration.routing is None:
        logger.warning("there is no route: alerts are taken, and nobody is told")


def _lease(house: Building, control: ControlDatabase) -> Lease:
    """The lease for telling people, at the address at which other processes reach this one."""
    address = house.configuration.sections.control.address or external_url(replace(house.settings, external_url=None))
    return Lease(control, house.clock, "duty", holder=secrets.token_hex(8), address=address, lasts_s=LASTS_S)
