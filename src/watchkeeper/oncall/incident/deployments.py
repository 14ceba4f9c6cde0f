"""Deployments: something was changed on purpose, and may be why something else is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.journal import Entry, Kind
from watchkeeper.model.tenant import DEFAULT_TENANT


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version of a service went to an environment at the instant `at` (ms since the epoch)."""

    service: str
    version: str
    at: int
    environment: str = ""
    url: str = ""
    by: str = ""
    tenant: str = DEFAULT_TENANT

    def entry(self) -> Entry:
        """What the journal is told of it."""
        where = f" to {self.environment}" if self.environment else ""
        text = f"{self.by or 'somebody'} deployed {self.service} {self.version}{where}"
        details = {
            "service": self.service,
            "version": self.version,
            "environment": self.environment,
            "url": self.url,
        }
        return Entry(Kind.DEPLOYMENT, self.at, text, self.tenant, self.by, details=details)
