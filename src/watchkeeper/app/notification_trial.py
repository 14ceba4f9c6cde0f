"""The room that notifies, for one test notification."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry

from watchkeeper.access import open_signer
from watchkeeper.base.clock import SystemClock
from watchkeeper.journal import Journal
from watchkeeper.notify import Notify, NotifyConfig, Trial
from watchkeeper.store.control import ControlDatabase


async def try_receiver(
    config: NotifyConfig, receiver: str, *, external_url: str, environ: Mapping[str, str]
) -> Sequence[Trial]:
    """Send a test notification by every integration of a receiver, and say what became of each.

    Nothing is recorded, and links and buttons that act are signed by nobody's key. Raises ConfigurationFailure where a
    template file is wrong, and KeyError where there is no receiver of that name.
    """
    control = ControlDatabase.at("sqlite://")
    clock, registry = SystemClock(), CollectorRegistry()
    journal = Journal(control, clock, registry, lambda: secrets.token_hex(8))
    signer = await open_signer(control, clock)
    notify = Notify(control, journal, clock, registry, signer, external_url=external_url, environ=environ)
    try:
        await notify.apply(notify.prepare(config))
        return await notify.test(receiver)
    finally:
        await notify.close()
        await control.close()
