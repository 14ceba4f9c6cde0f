"""The embedded database: chDB in a process of its own, behind ClickHouse's HTTP interface on loopback.

The face is loaded lazily: the child process imports this package too, and must stay lean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.engine.failure import EngineFailure
    from watchkeeper.engine.metrics import EngineMetrics
    from watchkeeper.engine.options import EngineOptions
    from watchkeeper.engine.supervisor import EmbeddedEngine, EngineState

__all__ = ["EmbeddedEngine", "EngineFailure", "EngineMetrics", "EngineOptions", "EngineState"]

_HOMES = {
    "EmbeddedEngine": "supervisor",
    "EngineState": "supervisor",
    "EngineFailure": "failure",
    "EngineMetrics": "metrics",
    "EngineOptions": "options",
}


def __getattr__(name: str) -> object:
    """The part of the face called `name`, imported when it is first asked for."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
