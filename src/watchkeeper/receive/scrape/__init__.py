"""The scrape loop: targets, their schedule, and what they answer.

The face is loaded lazily: a process that scrapes nothing reads the configuration only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchkeeper.base.face import lazy_face

if TYPE_CHECKING:
    from watchkeeper.receive.scrape.config import GlobalConfig, ScrapeConfig
    from watchkeeper.receive.scrape.failure import ScrapeFailure
    from watchkeeper.receive.scrape.fetch import Fetch, Fetched
    from watchkeeper.receive.scrape.loop import ScrapeOptions
    from watchkeeper.receive.scrape.pools import ScrapePools
    from watchkeeper.receive.scrape.protocols import Format
    from watchkeeper.receive.scrape.status import ActiveTarget, DroppedTarget, Health, TargetMetadata, Targets
    from watchkeeper.receive.scrape.storage import Storage
    from watchkeeper.receive.scrape.target import Target

__all__ = [
    "ActiveTarget",
    "DroppedTarget",
    "Fetch",
    "Fetched",
    "Format",
    "GlobalConfig",
    "Health",
    "ScrapeConfig",
    "ScrapeFailure",
    "ScrapeOptions",
    "ScrapePools",
    "Storage",
    "Target",
    "TargetMetadata",
    "Targets",
]

_HOMES = {
    "ActiveTarget": "status",
    "DroppedTarget": "status",
    "Fetch": "fetch",
    "Fetched": "fetch",
    "Format": "protocols",
    "GlobalConfig": "config",
    "Health": "status",
    "ScrapeConfig": "config",
    "ScrapeFailure": "failure",
    "ScrapeOptions": "loop",
    "ScrapePools": "pools",
    "Storage": "storage",
    "Target": "target",
    "TargetMetadata": "status",
    "Targets": "status",
}

__getattr__ = lazy_face(__name__, _HOMES)
