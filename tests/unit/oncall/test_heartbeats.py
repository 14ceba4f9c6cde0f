"""Who owes us a sign of life and stays silent raises an alert, and who comes back ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.alerts import Received
from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Journal, Kind, Search
from watchkeeper.oncall.heartbeat import Heartbeats, UnknownHeartbeat, WrongToken
from watchkeeper.store.control import ControlDatabase

MINUTE = 60_000
CONFIG = """
heartbeats:
- {name: backup, every: 10m, grace: 1m, labels: {severity: critical}, tenant: ops}
- {name: guarded, every: 1h, token: abc}
"""


class Moved(Protocol):
    """A clock that tests move by hand."""

    ms: int

    def now_ms(self) -> int: ...

    def monotonic_s(self) -> float: ...


@dataclass
class Posted:
    """Where alerts go."""

    alerts: list[tuple[str, Received]] = field(default_factory=list)

    async def post(self, received: Sequence[Received], tenant: str) -> None:
        self.alerts += [(tenant, one) for one in received]

    def states(self, now: int) -> list[str]:
        return ["ended" if one.ends_at is not None and one.ends_at <= now else "fires" for _, one in self.alerts]


@dataclass
class Ward:
    """Heartbeats over a control database, one process after the other."""

    control: ControlDatabase
    journal: Journal
    clock: Moved
    posted: Posted = field(default_factory=Posted)

    async def process(self, config: str = CONFIG) -> Heartbeats:
        made = Heartbeats(self.control, self.journal, self.posted, self.clock, CollectorRegistry())
        await made.open()
        made.apply(load_text(config, "f.yml", {}).sections.heartbeats)
        return made


@pytest.fixture
async def ward(every_control_url: str, clock: Moved) -> AsyncIterator[Ward]:
    control = ControlDatabase.at(every_control_url)
    journal = await open_journal(control, clock)
    yield Ward(control, journal, clock)
    await journal.close()
    await control.close()


async def test_one_that_beats_in_time_raises_nothing(ward: Ward) -> None:
    beats = await ward.process()
    for _ in range(5):
        ward.clock.ms += 10 * MINUTE
        await beats.look()
        await beats.beat("backup", "")
    assert ward.posted.alerts == []


async def test_one_that_stays_away_raises_an_alert_until_it_is_back(ward: Ward) -> None:
    beats = await ward.process()
    await beats.beat("backup", "")
    ward.clock.ms += 11 * MINUTE - 1
    await beats.look()
    assert ward.posted.alerts == []
    ward.clock.ms += 1
    await beats.look()
    tenant, alert = ward.posted.alerts[0]
    assert tenant == "ops"
    assert alert.labels == {"alertname": "HeartbeatLate", "heartbeat": "backup", "severity": "critical"}
    assert alert.starts_at == ward.clock.ms
    assert "every 10m" in alert.annotations["summary"]
    ward.clock.ms += MINUTE
    await beats.look()
    await beats.beat("backup", "")
    assert ward.posted.states(ward.clock.ms) == ["fires", "fires", "ended"]
    assert {alert.starts_at for _, alert in ward.posted.alerts} == {alert.starts_at}
    kinds = [entry.kind for entry in await ward.journal.find(Search(tenant="ops"))]
    assert kinds == [Kind.HEARTBEAT_BACK, Kind.HEARTBEAT_LATE]


async def test_one_that_never_came_is_late_too(ward: Ward) -> None:
    beats = await ward.process()
    ward.clock.ms += 11 * MINUTE
    await beats.look()
    assert ward.posted.states(ward.clock.ms) == ["fires"]


async def test_a_report_of_failure_raises_the_alert_at_once_with_its_words(ward: Ward) -> None:
    beats = await ward.process()
    await beats.beat("backup", "", failure="disk is full")
    assert "disk is full" in ward.posted.alerts[0][1].annotations["summary"]
    await beats.beat("backup", "")
    assert ward.posted.states(ward.clock.ms) == ["fires", "ended"]


async def test_while_nobody_was_here_nobody_is_late(ward: Ward) -> None:
    first = await ward.process()
    await first.beat("backup", "")
    ward.clock.ms += 60 * MINUTE
    second = await ward.process()
    await second.look()
    assert ward.posted.alerts == []
    ward.clock.ms += MINUTE
    await second.look()
    assert ward.posted.states(ward.clock.ms) == ["fires"]


async def test_what_was_late_is_late_after_a_restart_and_began_when_it_began(ward: Ward) -> None:
    first = await ward.process()
    ward.clock.ms += 11 * MINUTE
    await first.look()
    began = ward.clock.ms
    ward.clock.ms += 5 * MINUTE
    second = await ward.process()
    await second.look()
    assert [alert.starts_at for _, alert in ward.posted.alerts] == [began, began]
    assert second.states()[0].late_since == began


async def test_a_token_is_asked_for_where_there_is_one(ward: Ward) -> None:
    beats = await ward.process()
    with pytest.raises(WrongToken):
        await beats.beat("guarded", "abd")
    await beats.beat("guarded", "abc")
    with pytest.raises(UnknownHeartbeat, match="nobody"):
        await beats.beat("nobody", "")


async def test_what_is_not_expected_any_more_raises_nothing(ward: Ward) -> None:
    beats = await ward.process()
    beats.apply(())
    ward.clock.ms += 60 * MINUTE
    await beats.look()
    assert ward.posted.alerts == []
    assert beats.states() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("heartbeats: [{name: a b, every: 1m}]", "cannot be part of a path"),
        ("heartbeats: [{name: a, every: 0s}]", "longer than 0s"),
        ("heartbeats: [{name: a, every: 1m}, {name: a, every: 2m}]", 'two heartbeats "a"'),
        ("heartbeats: [{name: a, every: 1m, token: x, token_file: y}]", "at most one"),
        ("dead_mans_switches: [{interval: 1m}]", "one of url or url_file must be given"),
        ("dead_mans_switches: [{url: 'ftp://x'}]", "http:// or https://"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationFailure, match=r"f\.yml:1:") as raised:
        load_text(text, "f.yml", {})
    assert said in str(raised.value)


def test_the_token_and_the_address_do_not_show(tmp_path: Path) -> None:
    text = "heartbeats: [{name: a, every: 1m, token: hidden}]\ndead_mans_switches: [{url: 'http://h/hidden'}]"
    assert "hidden" not in load_text(text, "f.yml", {}).to_yaml()


async def test_a_clock_that_is_set_back_hides_no_silence(ward: Ward) -> None:
    beats = await ward.process()
    await beats.beat("backup", "")
    ward.clock.ms -= 60 * MINUTE
    await beats.look()
    ward.clock.ms += 11 * MINUTE
    await beats.look()
    assert ward.posted.states(ward.clock.ms) == ["fires"]
    ward.clock.ms -= 60 * MINUTE
    await beats.look()
    ward.clock.ms += MINUTE
    await beats.look()
    assert ward.posted.states(ward.clock.ms)[-1] == "fires"
