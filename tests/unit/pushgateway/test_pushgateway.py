"""Groups: pushed, kept, sampled, gone stale."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import STALE, AppendOutcome, SampleBatch, Selection
from watchkeeper.receive.exposition.descriptor import metric_family
from watchkeeper.receive.pushgateway import Keeping, PushFailure, Pushgateway, listing
from watchkeeper.receive.pushgateway.body import families_of
from watchkeeper.receive.pushgateway.grouping import grouping_of
from watchkeeper.store import Store, StoreFull
from watchkeeper.store.control import ControlDatabase

NOW = 1_763_700_000_000
PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlDatabase]:
    control = ControlDatabase.at(f"sqlite:///{tmp_path / 'control.db'}")
    yield control
    await control.close()


@pytest.fixture
async def gateway(store: Store, control: ControlDatabase, clock: Any) -> Pushgateway:
    gateway = Pushgateway(store, Keeping(control), clock, CollectorRegistry())
    await gateway.open()
    return gateway


def stored(store: Store, metric: str, tenant: str = "default") -> dict[str, list[tuple[int, str]]]:
    """All series of a metric: [(ms after NOW, value, `stale` for the marker)]."""
    block = store.select(Selection(tenant, (Matcher("__name__", MatchOp.EQUAL, metric),), NOW - 1, NOW + 10**8))
    out: dict[str, list[tuple[int, str]]] = {}
    for i in range(len(block)):
        labels = ",".join(f"{n}={v}" for n, v in block.frame.labels(i).pairs if n != "__name__")
        out[labels] = [
            (
                int(block.timestamps[row]) - NOW,
                "stale" if block.values[row].tobytes() == STALE.tobytes() else str(float(block.values[row])),
            )
            for row in range(int(block.offsets[i]), int(block.offsets[i + 1]))
        ]
    return out


async def test_a_group_is_sampled_at_once_and_again_until_it_is_deleted(gateway: Pushgateway, store: Store, clock: Any):
    answer = await gateway.handle("PUT", "batch", "instance/one", b"rows 7\n")
    assert (answer.status, answer.text) == (200, "")
    clock.ms += 15_000
    await gateway.sample()
    clock.ms += 15_000
    assert (await gateway.handle("DELETE", "batch", "instance/one")).status == 202
    clock.ms += 15_000
    await gateway.sample()
    assert stored(store, "rows") == {"instance=one,job=batch": [(0, "7.0"), (15_000, "7.0"), (30_000, "stale")]}
    pushed = stored(store, "push_time_seconds")["instance=one,job=batch"]
    assert pushed == [(0, str(NOW / 1000)), (15_000, str(NOW / 1000)), (30_000, "stale")]


async def test_put_replaces_a_group_and_post_adds_to_it(gateway: Pushgateway, store: Store, clock: Any):
    await gateway.handle("PUT", "batch", "", b"a 1\nb 2\n")
    clock.ms += 1000
    await gateway.handle("POST", "batch", "", b"c 3\n")
    clock.ms += 1000
    await gateway.handle("PUT", "batch", "", b"b 4\n")
    assert stored(store, "a") == {"job=batch": [(0, "1.0"), (1000, "1.0"), (2000, "stale")]}
    assert stored(store, "b") == {"job=batch": [(0, "2.0"), (1000, "2.0"), (2000, "4.0")]}
    assert stored(store, "c") == {"job=batch": [(1000, "3.0"), (2000, "stale")]}


async def test_groups_are_there_again_after_a_restart(
    gateway: Pushgateway, store: Store, control: ControlDatabase, clock: Any
):
    await gateway.handle("PUT", "batch", "x/y", b"# HELP a what\n# TYPE a gauge\na 1\n")
    await gateway.handle("PUT", "other", "", b"a 1\n", tenant="alice")
    second = Pushgateway(store, Keeping(control), clock, CollectorRegistry())
    await second.open()
    assert listing(second.groups()) == listing(gateway.groups())
    assert listing(second.groups("alice")) == listing(gateway.groups("alice"))
    clock.ms += 1000
    await second.sample()
    assert stored(store, "a") == {"job=batch,x=y": [(0, "1.0"), (1000, "1.0")]}
    assert (await second.handle("PUT", "third", "", b"# TYPE a counter\na 1\n")).status == 400


async def test_a_push_that_fails_leaves_the_group_and_tells_when(gateway: Pushgateway, store: Store, clock: Any):
    await gateway.handle("PUT", "batch", "", b"a 1\n")
    clock.ms += 1000
    answer = await gateway.handle("PUT", "batch", "", b"a 2 123\n")
    assert answer.status == 400
    assert answer.text.endswith("pushed metrics must not have timestamps")
    assert stored(store, "a") == {"job=batch": [(0, "1.0"), (1000, "1.0")]}
    assert stored(store, "push_failure_time_seconds")["job=batch"][-1] == (1000, str((NOW + 1000) / 1000))
    assert [group["last_push_successful"] for group in listing(gateway.groups())] == [False]


async def test_two_groups_cannot_have_the_same_series(gateway: Pushgateway):
    await gateway.handle("PUT", "batch", "x/y", b"a 1\n")
    answer = await gateway.handle("PUT", "batch", "", b'a{x="y"} 1\n')
    assert answer.status == 400
    assert answer.text.endswith("was collected before with the same name and label values")


async def test_protobuf_and_gzip_are_taken(gateway: Pushgateway, store: Store):
    family = metric_family()(name=b"jobs", type=0)
    family.metric.add().counter.value = 3
    encoded = family.SerializeToString()
    body = gzip.compress(bytes([len(encoded)]) + encoded)
    headers = {"content-type": PROTOBUF, "content-encoding": "gzip"}
    assert (await gateway.handle("PUT", "batch", "", body, headers)).status == 200
    assert stored(store, "jobs") == {"job=batch": [(0, "3.0")]}


async def test_a_wipe_ends_everything_of_the_tenant_alone(gateway: Pushgateway, store: Store, clock: Any):
    await gateway.handle("PUT", "batch", "", b"a 1\n")
    await gateway.handle("PUT", "batch", "", b"a 1\n", tenant="alice")
    clock.ms += 1000
    await gateway.wipe()
    assert gateway.groups() == []
    assert len(gateway.groups("alice")) == 1
    assert stored(store, "a")["job=batch"][-1] == (1000, "stale")
    assert (await gateway.handle("PUT", "batch", "", b"# TYPE a counter\na 1\n")).status == 200


async def test_a_group_is_kept_while_the_store_is_full(
    gateway: Pushgateway, store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
):
    async def full(_batch: SampleBatch) -> AppendOutcome:
        raise StoreFull("no room")

    with monkeypatch.context() as broken:
        broken.setattr(store, "append", full)
        assert (await gateway.handle("PUT", "batch", "", b"a 1\n")).status == 200
    clock.ms += 1000
    await gateway.sample()
    assert stored(store, "a") == {"job=batch": [(1000, "1.0")]}


@given(st.binary(max_size=200))
def test_no_text_body_breaks_the_reader(body: bytes):
    try:
        families = families_of(body, {})
    except PushFailure as failure:
        assert failure.status == 400
    else:
        assert all(len(family.metric) for family in families.values())


@given(st.binary(max_size=200))
def test_no_protobuf_body_breaks_the_reader(body: bytes):
    try:
        families_of(body, {"content-type": PROTOBUF})
    except PushFailure as failure:
        assert failure.status == 400


@given(st.text(max_size=20), st.text(max_size=40), st.booleans())
def test_no_path_breaks_the_grouping_key(job: str, rest: str, encoded: bool):
    try:
        labels = grouping_of(job, rest, job_is_base64=encoded)
    except PushFailure as failure:
        assert failure.status == 400
    else:
        assert labels["job"]
