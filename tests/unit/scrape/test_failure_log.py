"""Scrapes that fail leave a line in the file that their job names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from watchkeeper.receive.scrape import GlobalConfig, ScrapeConfig, ScrapePools

Job = Callable[..., ScrapeConfig]
Serve = Callable[..., Awaitable[Any]]


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def until(fact: Callable[[], Any]) -> None:
    while not fact():
        await asyncio.sleep(0.01)


async def test_a_failed_scrape_is_a_line_of_json(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, tmp_path: Path
) -> None:
    page, good, path = await serve(status=500), await serve(), tmp_path / "logs" / "failed.json"
    # What is asked of a busy machine is late now and then: half a second is time enough.
    configs = [job(name, scrape_interval_ms=500, scrape_failure_log_file=path) for name in ("one", "two")]
    addresses = {"one": page.address, "two": good.address}
    await pools.apply(configs, lambda config: groups({"__address__": addresses[config.job_name]}))
    await until(lambda: len(lines(path)) >= 2)
    await good.has_asked(2)
    first = lines(path)[0]
    assert list(first) == ["time", "level", "msg", "job_name", "target"]
    assert first["time"].endswith("Z")
    assert (first["level"], first["job_name"]) == ("ERROR", "one")
    assert "500" in first["msg"]
    assert first["target"] == f"http://{page.address}/metrics"
    assert {line["job_name"] for line in lines(path)} == {"one"}


async def test_a_reload_writes_to_a_new_file_of_that_name(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, tmp_path: Path
) -> None:
    page, path = await serve(status=500), tmp_path / "failed.json"
    configs = [job("one", scrape_failure_log_file=path)]
    await pools.apply(configs, lambda _: groups({"__address__": page.address}))
    await until(lambda: lines(path))
    path.rename(tmp_path / "failed.json.1")
    await pools.apply(configs, lambda _: groups({"__address__": page.address}))
    await until(lambda: lines(path))
    # A job that names no file any more writes none.
    await pools.apply([job("one")], lambda _: groups({"__address__": page.address}))
    count, asked = len(lines(path)), len(page.asked)
    await page.has_asked(asked + 2)
    assert len(lines(path)) == count


async def test_a_file_that_cannot_be_written_stops_no_scraping(
    pools: ScrapePools, serve: Serve, job: Job, groups: Any, tmp_path: Path, caplog: Any
) -> None:
    page = await serve(status=500)
    await pools.apply([job("one", scrape_failure_log_file=tmp_path)], lambda _: groups({"__address__": page.address}))
    await page.has_asked(2)
    assert f"failed scrapes are not written to {tmp_path}" in caplog.text


def test_a_job_takes_the_global_file_unless_it_names_its_own(tmp_path: Path) -> None:
    defaults = GlobalConfig(scrape_failure_log_file=tmp_path / "all.json").resolved()
    assert ScrapeConfig(job_name="one").resolved(defaults).scrape_failure_log_file == tmp_path / "all.json"
    own = ScrapeConfig(job_name="two", scrape_failure_log_file=tmp_path / "own.json").resolved(defaults)
    assert own.scrape_failure_log_file == tmp_path / "own.json"
