"""Asking a target for its samples."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.base.http import HTTPClient, HTTPFailure
from watchkeeper.receive.scrape.body import ACCEPT_ENCODING, read_body
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure import ScrapeFailure
from watchkeeper.receive.scrape.protocols import Format, accept, format_of
from watchkeeper.receive.scrape.target import Target

_OK = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a target sent."""

    body: bytes
    format: Format


class Fetch(Protocol):
    """Asks the targets of one job."""

    async def fetch(self, target: Target) -> Fetched:
        """The body of one answer. Raises ScrapeFailure, also where the target's timeout is over."""
        ...


class Fetcher:
    """Fetches the targets of one job over HTTP."""

    __slots__ = ("_client", "_config", "_headers")

    def __init__(self, client: HTTPClient, config: ScrapeConfig) -> None:
        self._client = client
        self._config = config
        self._headers = {
            "Accept": accept(config.scrape_protocols or (), config.metric_name_escaping_scheme),
            "Accept-Encoding": ACCEPT_ENCODING if config.enable_compression else "identity",
        }

    async def fetch(self, target: Target) -> Fetched:
        """The body of one answer. Raises ScrapeFailure, also where the target's timeout is over."""
        timeout_s = target.timeout_ms / 1000
        try:
            async with asyncio.timeout(timeout_s):
                return await self._fetch(target, timeout_s)
        except TimeoutError:
            raise ScrapeFailure(f"{target.url}: no whole answer within the scrape timeout of {timeout_s:g}s") from None
        except HTTPFailure as failure:
            raise ScrapeFailure(str(failure)) from failure

    async def _fetch(self, target: Target, timeout_s: float) -> Fetched:
        headers = {**self._headers, "X-Prometheus-Scrape-Timeout-Seconds": f"{timeout_s:g}"}
        # The timeout around this covers reading, too; the client's own must not come first.
        async with self._client.stream(
            "GET", target.url, headers=headers, timeout_s=timeout_s + 1, unpack=False
        ) as answer:
            if answer.status != _OK:
                raise ScrapeFailure(f"server returned HTTP status {answer.status} {answer.reason}")
            encoding = answer.headers.get("Content-Encoding", "")
            body = await read_body(answer.content.iter_any(), encoding, self._config.body_size_limit_bytes)
            content_type = answer.headers.get("Content-Type", "")
            return Fetched(body, format_of(content_type, self._config.fallback_scrape_protocol))
