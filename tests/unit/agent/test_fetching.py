"""The machine as a scrape target: through the real pools into a store that is looked at."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Sequence
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
from watchkeeper.model.samples import STALE, AppendOutcome, SampleBatch
from watchkeeper.receive.scrape import GlobalConfig, ScrapeConfig, ScrapeFailure, ScrapePools, Target

sys.path.insert(0, str(Path(__file__).parent))

from recorded_machines import plant


class Shelf:
    """Keeps batches as they come; refs are positions in `names`."""

    generation = 0

    def __init__(self) -> None:
        self.names: list[Labels] = []
        self.batches: list[SampleBatch] = []

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> np.ndarray:
        self.names += [one for one in labels if one not in self.names]
        return np.array([self.names.index(one) for one in labels], dtype=np.int32)

    def alive(self, refs: np.ndarray) -> np.ndarray:
        return np.ones(refs.shape, dtype=np.bool_)

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        self.batches.append(batch)
        return AppendOutcome(accepted=len(batch.refs))

    def said(self, position: int) -> dict[Labels, float]:
        batch = self.batches[position]
        return {self.names[ref]: value for ref, value in zip(batch.refs.tolist(), batch.values.tolist(), strict=True)}


def _target(timeout_ms: int = 5000) -> Target:
    return Target(Labels(), Labels(), "host://here/", 15_000, timeout_ms)


async def _until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def test_the_machine_is_scraped_like_a_target_and_what_vanishes_goes_stale(tmp_path):
    fetcher = HostFetcher(Host(plant("container", tmp_path), SystemClock()))
    config = ScrapeConfig(
        job_name="node", scrape_interval_ms=100, scrape_timeout_ms=100, static_configs=({"targets": ["me:1"]},)
    ).resolved(GlobalConfig().resolved())
    shelf, metrics = Shelf(), DiscoveryMetrics(CollectorRegistry())
    pools = ScrapePools(shelf, SystemClock(), CollectorRegistry())
    try:
        await pools.apply(
            [config],
            lambda job: Discovery(job.job_name, providers(job, SystemClock(), metrics, {}), metrics),
            {"node": fetcher},
        )
        await _until(lambda: shelf.batches)
        first = shelf.said(0)
        eth0 = Labels(
            {"__name__": "node_network_transmit_bytes_total", "device": "eth0", "instance": "me:1", "job": "node"}
        )
        assert first[eth0] == 2000
        assert first[Labels({"__name__": "up", "instance": "me:1", "job": "node"})] == 1
        assert "node_load1" in {metadata.metric for metadata in shelf.batches[0].metadata}
        dev = tmp_path / "proc" / "net" / "dev"
        dev.write_text("".join(line for line in dev.read_text().splitlines(keepends=True) if "eth0" not in line))
        seen = len(shelf.batches)
        await _until(lambda: len(shelf.batches) > seen + 1)
        ends = [shelf.said(i)[eth0] for i in range(seen, len(shelf.batches)) if eth0 in shelf.said(i)]
        stale = np.float64(STALE).view(np.int64)
        assert np.float64(ends[-1]).view(np.int64) == stale
        assert pools.targets().active[0].scrape_url == "http://me:1/metrics"
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
