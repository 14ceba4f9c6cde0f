"""The scrape loop: targets, their schedule, and what they answer."""

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
