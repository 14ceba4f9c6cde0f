"""The scrape loop: targets, their schedule, and what they answer."""

from watchkeeper.receive.scrape.config import GlobalConfig, ScrapeConfig
from watchkeeper.receive.scrape.loop import ScrapeOptions
from watchkeeper.receive.scrape.pools import ScrapePools
from watchkeeper.receive.scrape.status import ActiveTarget, DroppedTarget, Health, TargetMetadata, Targets
from watchkeeper.receive.scrape.storage import Storage

__all__ = [
    "ActiveTarget",
    "DroppedTarget",
    "GlobalConfig",
    "Health",
    "ScrapeConfig",
    "ScrapeOptions",
    "ScrapePools",
    "Storage",
    "TargetMetadata",
    "Targets",
]
