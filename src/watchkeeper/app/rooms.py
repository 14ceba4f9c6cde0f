"""The rooms in the order in which data walks through them, opened one after the other."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Protocol

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute

from watchkeeper.access import open_signer
from watchkeeper.api import watchkeeper
from watchkeeper.api.notices import Notices
from watchkeeper.api.prometheus import (
    admin,
    exemplars,
    features,
    federation,
    notifications,
    pages,
    reading,
    receiving,
    remote_read,
    rules,
    status,
    targets,
)
from watchkeeper.api.prometheus.build import build_json
from watchkeeper.api.prometheus.routes import api
from watchkeeper.api.rooms import Core, Running
from watchkeeper.api.watchkeeper import backtest, quality
from watchkeeper.app.backtesting import Backtesting
from watchkeeper.app.condition import Condition
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.duty import LASTS_S, Duty
from watchkeeper.app.host import HostJob
from watchkeeper.app.passes import Passes
from watchkeeper.app.querying import Querying
from watchkeeper.app.receivers import Receivers
from watchkeeper.app.retention import RetentionRounds
from watchkeeper.app.room import Room
from watchkeeper.app.ruling import Ruling
from watchkeeper.app.scraping import Scraping, scrape_options
from watchkeeper.app.settings import Settings, control_file
from watchkeeper.app.storage import Storage
from watchkeeper.app.telling import Means, Telling
from watchkeeper.app.urls import external_url
from watchkeeper.app.warming import Warming
from watchkeeper.base.clock import Clock
from watchkeeper.journal import Journal
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.heartbeat import Vital
from watchkeeper.receive.remote_write import RemoteWrite
from watchkeeper.store.control import ControlDatabase
from watchkeeper.store.lease import Lease


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
    """Open every room; `stack` closes them in the reverse order. Raises Failure."""
    warming = Warming()
    stack.push_async_callback(warming.close)
    storage = Storage(house.settings.data, house.configuration, house.clock, house.registry, house.condition)
    stack.push_async_callback(storage.close)
    store = await storage.open()
    house.condition.watch(storage.feel)
    await warming.store(house.condition)
    querying = Querying(house.core, store, house.settings, house.configuration)
    stack.push_async_callback(querying.close)
    retention = RetentionRounds(store, house.settings, house.configuration)
    stack.push_async_callback(retention.close)
    retention.start()
    shared = house.configuration.sections.control
    control = ControlDatabase.at(shared.url.reveal() or f"sqlite:///{control_file(house.settings.data)}")
    stack.push_async_callback(control.close)
    journal = Journal(control, house.clock, house.registry, lambda: secrets.token_hex(8))
    stack.push_async_callback(journal.close)
    await journal.open()
    host = HostJob(house.settings, house.clock)
    scraping = Scraping(house.core, store, house.environ, scrape_options(house.settings), host)
    stack.push_async_callback(scraping.close)
    await scraping.start(house.configuration)
    house.condition.watch(scraping.feel)
    vitals: list[Vital] = []
    signer = await open_signer(control, house.clock)
    means = Means(control, journal, signer, house.environ, house, [_first_of(vitals)])

    def telling(registry: CollectorRegistry) -> Telling:
        return Telling(replace(house.core, registry=registry), means)

    lease, passes = _lease(house, control) if shared.url else None, Passes(signer)
    duty = Duty(telling, house.clock, journal, house.registry, lease, passes.headers)
    stack.push_async_callback(duty.close)
    await duty.open(house.configuration)
    house.condition.watch(duty.feel)
    ruling = Ruling(house.core, store, house.settings, house.configuration, house.environ, scraping.discovery)
    ruling.sink.add(duty)
    stack.push_async_callback(ruling.close)
    await ruling.open(house.configuration)
    vitals.append(ruling.vital)
    house.condition.watch(ruling.feel)
    receivers = Receivers(house.core, store, control, house.settings, house.configuration)
    stack.push_async_callback(receivers.close)
    await receivers.start()
    # Routes are tried in this order, and what is asked most often should not wait for the rest.
    write = [receiving.routes(RemoteWrite(store, house.registry))] if house.settings.enable_remote_write else []
    families = [
        *write,
        querying.queries.routes(),
        receivers.api_routes(),
        reading.routes(house.core, store),
        exemplars.routes(house.core, store),
        status.routes(house.core, store, house),
        admin.routes(house.core, store),
        targets.routes(house.core, scraping.pools),
        rules.routes(ruling.rules, ruling.alertmanagers),
        remote_read.routes(house.core, store, house),
        notifications.routes(house.notices),
        features.routes(house.core),
    ]
    pages_of_old = pages.routes(house.core, build_json(house.core.build))
    federated = federation.routes(house.core, store, house, querying.lookback_ms)
    url = house.core.options.external_url
    backtesting = Backtesting(querying.engine, store, house.clock, url, lambda: house.configuration)
    stack.callback(backtesting.close)

    def severities() -> Severities:
        return house.configuration.severities

    looking_back = watchkeeper.below([*backtest.routes(backtesting), *quality.routes(house.core, journal, severities)])
    own = [*watchkeeper.routes(house.core, store), *looking_back]
    routes = [api(*families), *own, *federated, *pages_of_old, *receivers.routes(), *duty.routes()]
    return Rooms(routes, [storage, querying, retention, scraping, duty, ruling, receivers], journal, passes.good)


def _first_of(vitals: Sequence[Vital]) -> Vital:
    """The first reason of any; more of them may be added later."""
    return lambda: next((reason for vital in vitals if (reason := vital())), "")


def _lease(house: Building, control: ControlDatabase) -> Lease:
    """The lease for telling people, at the address at which other processes reach this one."""
    address = house.configuration.sections.control.address or external_url(replace(house.settings, external_url=None))
    return Lease(control, house.clock, "duty", holder=secrets.token_hex(8), address=address, lasts_s=LASTS_S)
