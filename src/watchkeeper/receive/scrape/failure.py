"""How a scrape fails."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class ScrapeFailure(Failure):
    """A target could not be scraped, or what it sent must not be stored. The next scrape may go well.

    `scraped` and `kept` count the samples of the body before and after relabelling, where it came so far.
    """

    retryable = True

    def __init__(self, message: str, *, scraped: int = 0, kept: int = 0) -> None:
        super().__init__(message)
        self.scraped = scraped
        self.kept = kept


class BodyTooLarge(ScrapeFailure):
    """The target sent more than `body_size_limit` allows."""


class TargetFailure(Failure):
    """A discovered target makes no sense: no address, no usable interval …"""
