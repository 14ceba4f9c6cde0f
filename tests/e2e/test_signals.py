"""Signs of life in and out, and alerts from other tools, with a real process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hearing import hearing
from pager import Pager, pager

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Watchkeeper, until

CONFIG = """
global: {evaluation_interval: 1s}
route: {receiver: page, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers: [{name: page, webhook_configs: [{url: "%(pager)s"}]}]
heartbeats:
- {name: backup, every: 1h, grace: 1s}
- {name: quick, every: 1s, grace: 1s, token: abc, labels: {severity: critical}}
dead_mans_switches: [{name: outside, url: "%(outside)s", interval: 1s, method: POST}]
inbound:
- name: uptime
  labels: {alertname: "{{ .check }}"}
  status: "{{ .state }}"
"""
API = "/api/watchkeeper/v1"


class Outside:
    """Somebody outside, who listens for our sign of life."""

    def __init__(self) -> None:
        self.heard = 0


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[Outside, str]]:
    made = Outside()

    def take(_path: str, _body: bytes) -> None:
        made.heard += 1

    with hearing(take) as port:
        yield made, f"http://127.0.0.1:{port}/secret-path"


@pytest.fixture(scope="module")
def phone() -> Iterator[Pager]:
    with pager() as made:
        yield made


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, phone: Pager, outside: tuple[Outside, str]
) -> Iterator[Watchkeeper]:
    folder = tmp_path_factory.mktemp("signals")
    config = folder / "watchkeeper.yml"
    config.write_text(CONFIG % {"pager": phone.url, "outside": outside[1]})
    with Watchkeeper(folder, "--web.enable-lifecycle", config=config) as it:
        yield it


def test_a_heartbeat_that_stays_away_pages_and_its_return_ends_it(server: Watchkeeper, phone: Pager) -> None:
    until(lambda: phone.states("HeartbeatLate") == ["firing"], "the alert of the quick heartbeat")
    assert server.get(f"{API}/heartbeats/quick/ping").status == 401
    assert server.get(f"{API}/heartbeats/quick/ping", token="abc").status == 200
    until(lambda: "resolved" in phone.states("HeartbeatLate"), "its end")
    shown = {one["name"]: one["status"] for one in server.get(f"{API}/heartbeats").json["data"]}
    assert shown["backup"] == "waiting"
    assert server.get(f"{API}/heartbeats/nobody/ping").status == 404


def test_a_job_reports_its_failure_in_its_own_words(server: Watchkeeper, phone: Pager) -> None:
    assert server.post(f"{API}/heartbeats/backup/fail", b"disk is full").status == 200
    until(lambda: "disk is full" in json.dumps(phone.told), "its words")
    assert server.post(f"{API}/heartbeats/backup/ping").status == 200


def test_a_failure_counts_however_much_is_said_of_it(server: Watchkeeper, phone: Pager) -> None:
    log = b"no space left\n" + b"x" * 2_000_000
    assert server.post(f"{API}/heartbeats/backup/fail", log).status == 200
    until(lambda: "no space left" in json.dumps(phone.told), "the beginning of its words")
    assert server.post(f"{API}/heartbeats/backup/ping").status == 200


def test_another_tool_raises_an_alert_and_ends_it(server: Watchkeeper, phone: Pager) -> None:
    def tell(**body: str) -> int:
        return server.post(f"{API}/inbound/uptime", json.dumps(body).encode()).status

    assert tell(check="ShopDown", state="DOWN") == 200
    until(lambda: phone.states("ShopDown") == ["firing"], "the alert")
    assert tell(check="ShopDown", state="UP") == 200
    until(lambda: phone.states("ShopDown") == ["firing", "resolved"], "its end")
    assert tell(state="DOWN") == 400
    assert server.post(f"{API}/inbound/uptime", b"{").status == 400
    assert server.post(f"{API}/inbound/nobody", b"{}").status == 404


def test_the_outside_hears_from_us_only_while_people_would_be_told(
    server: Watchkeeper, outside: tuple[Outside, str], tmp_path: Path
) -> None:
    somebody, url = outside
    before = somebody.heard
    until(lambda: somebody.heard > before + 1, "signs of life")
    config = tmp_path / "watchkeeper.yml"
    config.write_text(f'dead_mans_switches: [{{name: outside, url: "{url}", interval: 1s}}]')
    with Watchkeeper(tmp_path, config=config) as other:
        until(lambda: "is not told that all is well: there is no route" in other.log(), "the reason")
        assert "secret-path" not in other.log() + server.log()
