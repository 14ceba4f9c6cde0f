"""Telemetry over ClickHouse's interface: append, select, the series index, migrations, retention, control data.

The face is loaded lazily: the engine's child process knows `Endpoint` only, and must stay lean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.base.face import lazy_face

if TYPE_CHECKING:
    from watchkeeper.store.client import Lane, Target
    from watchkeeper.store.endpoint import Endpoint
    from watchkeeper.store.failure import StoreBusy, StoreFailure, StoreFull
    from watchkeeper.store.flusher import LogOptions
    from watchkeeper.store.policy import FREE, Policy
    from watchkeeper.store.store import Store, StoreOptions

__all__ = [
    "FREE",
    "Endpoint",
    "Lane",
    "LogOptions",
    "Policy",
    "Store",
    "StoreBusy",
    "StoreFailure",
    "StoreFull",
    "StoreOptions",
    "Target",
]

_HOMES = {
    "FREE": "policy",
    "Endpoint": "endpoint",
    "Lane": "client",
    "LogOptions": "flusher",
    "Policy": "policy",
    "Store": "store",
    "StoreBusy": "failure",
    "StoreFailure": "failure",
    "StoreFull": "failure",
    "StoreOptions": "store",
    "Target": "client",
}

__getattr__ = lazy_face(__name__, _HOMES)
