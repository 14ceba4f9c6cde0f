"""A disk that fills up stops ingest, says so, and lets it go on once there is room again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from watchkeeper_process import Watchkeeper, until

sys.path.insert(0, str(Path(__file__).parents[1]))

from pager import pager

from senders import Sender
from wire import V1, Line, packed, request_v1

MIB = 1 << 20
JSON = {"Content-Type": "application/json"}
ON_CALL = """
people:
- {name: alice, contacts: [{name: hook, webhook_configs: [{url: "%(url)salice"}]}]}
- {name: bob, contacts: [{name: hook, webhook_configs: [{url: "%(url)sbob"}]}]}
- {name: carol, contacts: [{name: hook, webhook_configs: [{url: "%(url)scarol"}]}]}
escalation_policies:
- {name: p, steps: [{notify: [person:alice]}, {notify: [person:bob], after: 3s}, {notify: [person:carol], after: 1h}]}
route: {receiver: on-call, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers: [{name: on-call, escalation_configs: [{policy: p}]}]
"""
_DISK = 420 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that may be filled: a small tmpfs; where none can be mounted, the one that the tests are on."""
    place = tmp_path / "disk"
    place.mkdir()
    options = f"size={_DISK}"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False).returncode == 0
    try:
        yield place
    finally:
        (place / "filler").unlink(missing_ok=True)
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes; on a disk that others use, never fewer than keep them alive."""
    filler = disk / "filler"
    least = 0 if os.path.ismount(disk) else 100 * MIB
    with filler.open("ab") as file:
        while (free := _free(disk) - max(leave, least)) > 0:
            try:
                os.posix_fallocate(file.fileno(), file.tell(), free)
            except OSError:  # somebody was faster
                continue
            file.seek(0, os.SEEK_END)
    return filler


def _free(disk: Path) -> int:
    stat = os.statvfs(disk)
    return stat.f_bavail * stat.f_frsize


def _write(server: Watchkeeper, name: str) -> int:
    line = Line([("__name__", name)], [(int(time.time() * 1000), 1.0)])
    return server.post("/api/v1/write", packed(request_v1([line])), V1).status


@pytest.mark.parametrize("leave", [100 * MIB, 0])
def test_ingest_stops_while_the_disk_is_full_and_recovers_by_itself(
    make: Callable[..., Watchkeeper], disk: Path, leave: int
) -> None:
    server = make(data=disk / "data")
    server.start()
    senders = [Sender(server.url, f"s{i}", int(time.time() * 1000) - 1_800_000) for i in range(2)]
    for sender in senders:
        sender.start()
    until(lambda: all(sender.acknowledged > 8 for sender in senders))
    filler = _fill(disk, leave)
    server.get("/api/watchkeeper/v1/sql", query="SELECT 1")  # for which the engine must take the log
    until(lambda: all(len(sender.unavailable) > 3 for sender in senders), "refusals")
    for sender in senders:
        for status, text, retry_after in sender.unavailable:
            assert status == 503, text
            assert "no room is left on the store's disk" in text
            assert int(str(retry_after)) > 0
    # Queries go on, and what was acknowledged is there.
    acknowledged = senders[0].acknowledged
    assert server.value(f'max(count_over_time(sent{{sender="{senders[0].name}"}}[1h]))') == acknowledged
    assert server.metric("watchkeeper_store_full") == 1
    with suppress(FileNotFoundError):
        filler.unlink()
    until(lambda: all(sender.acknowledged > acknowledged + 8 for sender in senders), "recovery")
    for sender in senders:
        sender.stop()
        assert sender.refused == []
        for i in range(sender.series):
            query = f'sent{{sender="{sender.name}",i="{i}"}}[1h]'
            rows = [(round(float(t) * 1000), float(v)) for t, v in server.query(query, time.time() + 1)[0]["values"]]
            assert rows == sender.expected(i)
    assert server.metric("watchkeeper_store_full") == 0
    assert server.terminate() == 0


def test_a_start_after_a_kill_on_a_full_disk_keeps_what_is_in_the_log(
    make: Callable[..., Watchkeeper], disk: Path
) -> None:
    server = make(data=disk / "data")
    server.start()
    assert _write(server, "before") == 204
    filler = _fill(disk, 0)
    server.kill()
    server.start()
    assert server.value("count_over_time(before[10m])") == 1
    # The last block of a file may have room for a few records still.
    until(lambda: _write(server, "during") == 503, "the refusal")
    filler.unlink()
    until(lambda: _write(server, "during") == 204, "recovery")
    assert server.terminate() == 0
    # Not after the start: a server's own samples may be in the log by then.
    assert list((server.data / "log").glob("*.log")) == []
    server.start()
    assert server.value("count_over_time(before[10m])") == 1


def test_what_is_asked_of_a_server_on_a_full_disk_does_not_harm_the_data(
    make: Callable[..., Watchkeeper], disk: Path
) -> None:
    server = make("--web.enable-admin-api", data=disk / "data")
    server.start()
    assert _write(server, "before") == 204
    count = "SELECT count() AS n FROM samples WHERE metric = 'before'"
    assert server.sql(count)[-1] == ["1"]
    assert server.terminate() == 0
    filler = _fill(disk, 0)
    server.start()
    assert server.value("count_over_time(before[10m])") == 1
    assert server.sql(count)[-1] == ["1"]
    # What would write definitions is refused: the engine would leave empty ones, and not open again.
    refused = [
        server.get("/api/watchkeeper/v1/sql", query=count, headers={"X-Scope-OrgID": "alice"}),
        server.post("/api/v1/admin/tsdb/delete_series?match[]=before"),
        server.post("/api/v1/admin/tsdb/clean_tombstones"),
    ]
    for answer in refused:
        assert (answer.status, "no room" in answer.text) == (503, True), answer.text
    filler.unlink()
    assert server.terminate() == 0
    server.start()
    assert server.sql(count)[-1] == ["1"]
    assert server.post("/api/v1/admin/tsdb/delete_series?match[]=before").status == 204
    assert server.value("count_over_time(before[10m])") is None


def test_a_first_start_on_a_full_disk_says_why_it_ends_and_leaves_nothing_in_the_way(
    make: Callable[..., Watchkeeper], disk: Path
) -> None:
    server = make(data=disk / "data")
    filler = _fill(disk, 2 * MIB)
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    assert "no room" in server.log()
    assert "Traceback" not in server.log()
    filler.unlink()
    server.start()
    assert _write(server, "after") == 204


def test_on_a_full_disk_escalation_goes_on_and_who_acknowledges_learns_that_it_is_not_kept(
    make: Callable[..., Watchkeeper], disk: Path, tmp_path: Path
) -> None:
    config = tmp_path / "watchkeeper.yml"
    with pager() as told:
        config.write_text(ON_CALL % {"url": told.url})
        server = make(data=disk / "data", config=config)
        server.start()
        assert (
            server.post("/api/v2/alerts", json.dumps([{"labels": {"alertname": "Hot"}}]).encode(), JSON).status == 200
        )
        until(lambda: len(told.told) == 1, "the first level")
        filler = _fill(disk, 0)
        until(lambda: len(told.told) == 2, "the second level")
        escalations = "/api/watchkeeper/v1/escalations"
        (escalation,) = server.get(escalations).json["data"]
        acknowledge = f"{escalations}/{escalation['id']}/acknowledge"
        refused = server.post(acknowledge, b'{"actor": "bob"}', JSON)
        assert (refused.status, "control database" in refused.text) == (503, True), refused.text
        assert server.get(escalations).json["data"][0]["state"] == "escalating"
        filler.unlink()
        assert server.post(acknowledge, b'{"actor": "bob"}', JSON).status == 200
        history = "/api/watchkeeper/v1/journal"
        until(lambda: "Step 2 of policy p: person/bob/hook" in server.get(history).text, "what waited for the disk")
        server.kill()
        server.start()
        (escalation,) = server.get(escalations).json["data"]
        assert (escalation["state"], escalation["acknowledged_by"]) == ("acknowledged", "bob")
        assert len(told.told) == 2
