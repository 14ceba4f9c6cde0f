"""How the engine's room fails."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class EngineFailure(Failure):
    """The embedded engine could not be opened, started or kept running."""
