"""The machine as a scrape target: through the real pools into a store that is looked at."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.agent.host import Host, HostFetcher
from watchkeeper.app.configuration.configuration import load_text
from watchkeeper.app.host import HostJob
from watchkeeper.app.settings import Settings
from watchkeeper.base.clock import SystemClock
from watchkeeper.discovery import Discovery, DiscoveryMetrics, providers
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE, Selection
from watchkeeper.receive.scrape import GlobalConfig, ScrapeConfig, ScrapeFailure, ScrapePools, Target
from watchkeeper.store import Store

sys.path.insert(0, str(Path(__file__).parent))

from recorded_machines import plant


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


def _newest(store: Store, metric: str, **labels: str) -> tuple[dict[str, str], float] | None:
    """The labels and the newest value of the one series of `metric` with these labels."""
    now = SystemClock().now_ms()
    wanted = {"__name__": metric, **labels}
    matchers = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in wanted.items())
    block = store.select(Selection("default", matchers, now - 3_600_000, now + 3_600_000))
    if not len(block.values):
        return None
    return dict(block.frame.labels(0)), float(block.values[-1])


def _target(timeout_ms: int = 5000) -> Target:
    return Target(Labels(), Labels(), "host://here/", 15_000, timeout_ms)


async def _until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.02)


async def test_the_machine_is_scraped_like_a_target_and_what_vanishes_goes_stale(tmp_path, store):
    fetcher = HostFetcher(Host(plant("container", tmp_path), SystemClock()))
    config = ScrapeConfig(
        job_name="node", scrape_interval_ms=100, scrape_timeout_ms=100, static_configs=({"targets": ["me:1"]},)
    ).resolved(GlobalConfig().resolved())
    metrics = DiscoveryMetrics(CollectorRegistry())
    pools = ScrapePools(store, SystemClock(), CollectorRegistry())
    dev, metric = tmp_path / "proc" / "net" / "dev", "node_network_transmit_bytes_total"
    try:
        await pools.apply(
            [config],
            lambda job: Discovery(job.job_name, providers(job, SystemClock(), metrics, {}), metrics),
            {"node": fetcher},
        )
        await _until(lambda: _newest(store, metric, device="eth0") is not None)
        labels = {"__name__": metric, "device": "eth0", "instance": "me:1", "job": "node"}
        assert _newest(store, metric, device="eth0") == (labels, 2000.0)
        assert _newest(store, "up") == ({"__name__": "up", "instance": "me:1", "job": "node"}, 1.0)
        assert "node_load1" in {said.metadata.metric for said in pools.metadata()}
        dev.write_text("".join(line for line in dev.read_text().splitlines(keepends=True) if "eth0" not in line))
        await _until(lambda: math.isnan(_newest(store, metric, device="eth0")[1]))
        assert np.float64(_newest(store, metric, device="eth0")[1]).view(np.int64) == np.float64(STALE).view(np.int64)
        assert _newest(store, metric, device="lo")[1] == 0
    finally:
        await pools.stop()


async def test_a_round_that_hangs_fails_the_scrape_and_is_not_joined_by_another(tmp_path):
    class Stuck(Host):
        rounds, release = 0, threading.Event()

        def collect(self) -> bytes:
            Stuck.rounds += 1
            Stuck.release.wait()
            return b"a 1\n"

    fetcher = HostFetcher(Stuck(plant("container", tmp_path), SystemClock()))
    for _ in range(3):
        with pytest.raises(ScrapeFailure, match=r"within the scrape timeout of 0\.05s"):
            await fetcher.fetch(_target(50))
    assert Stuck.rounds == 1
    Stuck.release.set()
    assert (await fetcher.fetch(_target())).body == b"a 1\n"


def _job(text: str, settings: Settings | None = None):
    return HostJob(settings or Settings(), SystemClock()).of(load_text(text, "test", {}))


def test_the_machine_is_watched_unless_flag_or_file_say_no():
    configs, fetches = _job("{}")
    assert [config.job_name for config in configs] == list(fetches) == ["node"]
    assert _job("host_collector: {enabled: false}") == ((), {})
    assert _job("{}", Settings(host_collector=False)) == ((), {})


def test_the_section_decides_on_name_tenant_pace_and_paths():
    text = "host_collector: {job_name: me, tenant: t, scrape_interval: 5s, procfs: /host/proc/, rootfs: /host}"
    [config], fetches = _job(text)
    assert (config.job_name, config.tenant) == ("me", "t")
    assert (config.scrape_interval_ms, config.scrape_timeout_ms) == (5000, 5000)
    assert fetches["me"].host.roots.procfs == "/host/proc"
    assert fetches["me"].host.roots.rootfs == "/host"


def test_a_job_of_the_file_with_the_same_name_goes_on_beside_it():
    [config], fetches = _job("scrape_configs: [{job_name: node}]")
    assert list(fetches) == ["node (this machine)"]
    assert config.static_configs[0].labels["job"] == "node"


def test_its_instance_is_the_address_at_which_people_reach_us():
    [config], _ = _job("{}", Settings(external_url="https://watch.example/prefix"))
    assert config.static_configs[0].targets == ("watch.example:443",)


def test_the_collectors_keep_their_memory_over_a_reload_that_does_not_move_the_paths():
    job = HostJob(Settings(), SystemClock())
    before = job.of(load_text("{}", "test", {}))[1]["node"]
    assert job.of(load_text("host_collector: {scrape_interval: 3s}", "test", {}))[1]["node"] is before
    assert job.of(load_text("host_collector: {procfs: /elsewhere}", "test", {}))[1]["node"] is not before
