"""The journal says how good alerts are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from journals import open_journal
from watchkeeper.alerts import Alerts, Received
from watchkeeper.app.configuration import load_text
from watchkeeper.base.failure import Failure
from watchkeeper.base.zone import UnknownZone
from watchkeeper.journal import Entry, Journal, Kind, Search
from watchkeeper.journal import journal as room
from watchkeeper.model.nights import Nights
from watchkeeper.model.notification import Flush
from watchkeeper.model.severity import Severities
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall.quality import (
    Figures,
    Measure,
    QualityOrder,
    figures_csv,
    figures_json,
    markdown,
    review,
    review_json,
)
from watchkeeper.store.control import ControlDatabase

NOW = 1_763_700_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
WEEK = 7 * 24 * HOUR
MEASURE = Measure(NOW, NOW + WEEK)


class Moved(Protocol):
    """A clock that tests move by hand."""

    ms: int

    def now_ms(self) -> int: ...

    def monotonic_s(self) -> float: ...


@dataclass
class Still:
    """A clock that tests move by hand, from an instant of their choice."""

    ms: int

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


class Deaf:
    """Whom nobody can tell anything."""

    async def notify(self, flush: Flush) -> bool:
        return False


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[ControlDatabase]:
    control = ControlDatabase.at(f"sqlite:///{tmp_path / 'control.db'}")
    yield control
    await control.close()


@pytest.fixture
async def journal(control: ControlDatabase, clock: Moved) -> AsyncIterator[Journal]:
    journal = await open_journal(control, clock)
    yield journal
    await journal.close()


def labels(rule: str, **more: str) -> dict[str, str]:
    return {"alertname": rule, **more}


def fired(fingerprint: str, at: int, of: dict[str, str]) -> Entry:
    return Entry(
        Kind.ALERT_FIRED, NOW + at, "fires", alerts=(fingerprint,), details={"labels": of, "startsAt": NOW + at}
    )


def ended(fingerprint: str, at: int) -> Entry:
    details = {"labels": {}, "startsAt": 0, "endsAt": NOW + at}
    return Entry(Kind.ALERT_RESOLVED, NOW + at, "ended", alerts=(fingerprint,), details=details)


def told(at: int, *fingerprints: str, group: str = "g") -> Entry:
    return Entry(
        Kind.NOTIFICATION_SENT,
        NOW + at,
        "told",
        alerts=fingerprints,
        group_key=group,
        receiver="chat",
        details={"reason": "first"},
    )


def acknowledged(at: int, *fingerprints: str, group: str = "g") -> Entry:
    return Entry(Kind.ACKNOWLEDGED, NOW + at, "acknowledged", actor="alice", alerts=fingerprints, group_key=group)


async def test_what_the_room_of_alerts_records_is_understood(control: ControlDatabase, journal: Journal) -> None:
    clock = Still(NOW)
    room = Alerts(control, journal, Deaf(), clock, CollectorRegistry(), lambda: "s1")
    await room.open()
    await room.apply(
        load_text("{global: {resolve_timeout: 2h}, route: {receiver: a}, receivers: [{name: a}]}", "f.yml", {}).routing
    )
    full, down = {"alertname": "Full", "team": "x"}, {"alertname": "Down"}
    await room.post([Received(full, {}), Received(down, {})], DEFAULT_TENANT)
    clock.ms += HOUR
    await room.post([Received(full, {}, ends_at=clock.ms)], DEFAULT_TENANT)
    await room.close()
    found = {one.name: one for one in (await review(journal, MEASURE)).rules}
    assert (found["Full"].fired, found["Full"].median_ms, found["Full"].teams) == (1, HOUR, ("x",))
    assert (found["Down"].fired, found["Down"].firing_now) == (1, 1)


async def figures_of(journal: Journal, entries: Sequence[Entry], measure: Measure = MEASURE) -> dict[str, Figures]:
    journal.record(*entries)
    found = await review(journal, measure)
    return {one.name: one for one in found.rules}


async def test_firings_are_counted_with_how_long_they_lasted(journal: Journal) -> None:
    entries: list[Entry] = []
    for i in range(10):
        entries += [fired("a", i * HOUR, labels("Full")), ended("a", i * HOUR + (i + 1) * MINUTE)]
    entries += [fired("b", 0, labels("Down", team="net")), fired("b", 0, labels("Down", team="net"))]
    full, down = (await figures_of(journal, entries)).values()
    assert (full.name, full.fired, full.firing_now, full.per_week) == ("Full", 10, 0, 10.0)
    assert (full.median_ms, full.p90_ms) == (5.5 * MINUTE, round(9.1 * MINUTE))
    assert (down.fired, down.firing_now, down.median_ms, down.p90_ms, down.teams) == (1, 1, None, None, ("net",))


async def test_whoever_acknowledges_or_silences_has_acted(journal: Journal) -> None:
    silenced = Entry(
        Kind.ALERT_MUTED, NOW + 9 * MINUTE, "muted", alerts=("c", "d"), details={"silences": [{"id": "s"}]}
    )
    found = await figures_of(
        journal,
        [
            *(fired(one, 0, labels("Full")) for one in "abcde"),
            told(MINUTE, "a", "b", "c", "e"),
            acknowledged(5 * MINUTE, "a"),
            acknowledged(6 * MINUTE, "a"),
            silenced,
            acknowledged(20 * MINUTE),
        ],
    )
    full = found["Full"]
    # d was silenced before anybody was told of it; the last one names the group only.
    assert (full.acknowledged, full.silenced, full.acted) == (4, 1, 4)
    assert full.median_to_act_ms == (9 + 20) // 2 * MINUTE + MINUTE // 2


async def test_an_acknowledgement_counts_for_the_firing_under_way_only(journal: Journal) -> None:
    entries = [
        acknowledged(0, "a"),
        fired("a", MINUTE, labels("Full")),
        ended("a", 2 * MINUTE),
        acknowledged(3 * MINUTE, "a"),
        fired("a", HOUR, labels("Full")),
    ]
    assert (await figures_of(journal, entries))["Full"].acted == 0


async def test_in_time_is_within_the_target_of_the_severity(journal: Journal) -> None:
    critical = labels("Full", severity="critical")
    entries = [
        *(fired(one, 0, critical) for one in "abcd"),
        fired("e", 0, labels("Full", severity="odd")),
        acknowledged(5 * MINUTE, "a"),
        ended("b", 10 * MINUTE),
        acknowledged(20 * MINUTE, "c", "e"),
        ended("d", HOUR),
    ]
    full = (await figures_of(journal, entries))["Full"]
    # b ended before somebody had to act, and nobody says how soon e matters.
    assert (full.in_time, full.due) == (1, 3)


async def test_targets_are_those_of_the_configured_severities_in_business_hours(journal: Journal) -> None:
    text = """
severities: {preset: p1_p4, label: priority}
business_hours: {time_zone: Europe/Berlin}
"""
    severities = load_text(text, "f.yml", {}).severities
    measure = QualityOrder(since="1h").measure(NOW + 2 * WEEK, severities)
    # A Friday at 17:40 in Berlin: P3 is due on Monday at 11:00, which is 65 h 20 min later.
    evening = 12 * HOUR
    entries = [
        *(fired(one, evening, labels("Full", priority="P3")) for one in "ab"),
        fired("c", evening, labels("Full", severity="P3")),
        acknowledged(evening + 65 * HOUR, "a"),
        acknowledged(evening + 66 * HOUR, "b"),
    ]
    full = (await figures_of(journal, entries, replace(measure, since=NOW, until=NOW + WEEK)))["Full"]
    assert (full.in_time, full.due, full.severities) == (1, 2, ("P3",))


def test_nights_are_those_of_the_business_hours_where_nobody_names_a_zone() -> None:
    severities = load_text("business_hours: {time_zone: Asia/Tokyo}", "f.yml", {}).severities
    assert QualityOrder().measure(NOW, severities).nights.zone == ZoneInfo("Asia/Tokyo")
    assert QualityOrder(time_zone="UTC").measure(NOW, severities).nights.zone == ZoneInfo("UTC")


async def test_nights_are_those_of_a_zone_and_count_where_people_were_told(journal: Journal) -> None:
    # NOW is 04:40 in UTC, and 13:40 in Tokyo.
    entries = [fired("a", 0, labels("Full")), fired("b", 0, labels("Full")), told(0, "a")]
    journal.record(*entries)
    assert (await review(journal, MEASURE)).total.at_night == 1
    tokyo = replace(MEASURE, nights=Nights(ZoneInfo("Asia/Tokyo")))
    assert (await review(journal, tokyo)).total.at_night == 0
    with pytest.raises(UnknownZone, match="Europe/Berlin"):
        Nights.of("Nowhere")


async def test_a_notification_about_several_alerts_is_one_for_each_rule_and_in_all(journal: Journal) -> None:
    entries = [
        fired("a", 0, labels("Full", team="x")),
        fired("b", 0, labels("Full", team="x")),
        fired("c", 0, labels("Down", team="x")),
        told(MINUTE, "a", "b", "c"),
        told(2 * MINUTE, "a", "b"),
    ]
    journal.record(*entries)
    found = await review(journal, MEASURE)
    assert {one.name: one.notifications for one in found.rules} == {"Full": 2, "Down": 1}
    assert [(one.name, one.fired, one.notifications) for one in found.teams] == [("x", 3, 2)]


async def test_each_suggestion_has_its_reason(journal: Journal) -> None:
    entries: list[Entry] = []
    for i in range(6):
        at = i * 5 * MINUTE
        of = labels("Flaps", severity="warning")
        entries += [fired("f", at, of), told(at + 1, "f"), ended("f", at + MINUTE)]
    entries += [fired(f"q{i}", 12 * HOUR, labels("Quiet")) for i in range(5)]
    entries += [fired(f"l{i}", 12 * HOUR, labels("Late", severity="page")) for i in range(4)]
    journal.record(*entries)
    found = await review(journal, MEASURE)
    by_kind = {(one.rule, one.kind): one.text for one in found.advice}
    assert by_kind["Flaps", "ignored"] == "fired 6 times, and nobody ever acted: raise the threshold, or delete it"
    assert by_kind["Flaps", "flapping"].startswith("fired again within 10m of its end 5 times: add `for`")
    assert by_kind["Flaps", "brief"].startswith("half of its 6 firings were over within 1m:")
    assert by_kind["Flaps", "night"].startswith("told people 6 times at night, at severity warning:")
    assert by_kind["Quiet", "unheard"].startswith("fired 5 times, and nobody was told:")
    assert by_kind["Late", "late"].startswith("only 0 of 4 firings were acted on within the target")
    page = markdown(found)
    assert "15 firings, 6 notifications, 6 at night; somebody acted on 0, in time on 0 of 4 that were due." in page
    assert "- **Flaps** fired 6 times, and nobody ever acted: raise the threshold, or delete it." in page
    assert "| Flaps | 6 | 6.0 | 1m | 1m | 0 | 0/0 | 6 | 5 | 6 |" in page


async def test_a_quiet_time_is_a_review_too(journal: Journal) -> None:
    found = await review(journal, MEASURE)
    assert "Nothing stands out." in markdown(found)
    assert review_json(found)["rules"] == []
    assert figures_csv(found.rules).splitlines() == [
        "name,fired,firingNow,perWeek,medianSeconds,p90Seconds,acted,acknowledged,silenced,medianSecondsToAct,due,"
        "inTime,atNight,flaps,notifications,severities,teams"
    ]


async def test_other_tenants_and_other_times_are_left_out(journal: Journal) -> None:
    other = replace(fired("a", 0, labels("Theirs")), tenant="other")
    before = replace(fired("b", 0, labels("Before")), at=NOW - 1)
    journal.record(other, before, fired("c", 0, labels("Full")))
    found = await review(journal, MEASURE)
    assert [one["name"] for one in figures_json(found, found.rules)["figures"]] == ["Full"]
    assert figures_csv(found.rules).splitlines()[1].startswith("Full,1,1,1.0,,,0,")


async def test_a_scan_gives_everything_in_its_order_page_by_page(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SCAN_PAGE", 3)
    journal.record(*(fired(str(i), i, labels("Full")) for i in range(10)), told(0, "x"))
    found = [entry async for entry in journal.scan(Search(kinds=("alert",), since=NOW + 1, limit=1))]
    assert [entry.alerts for entry in found] == [(str(i),) for i in range(1, 10)]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (QualityOrder(since="now"), "the end must come after the beginning"),
        (QualityOrder(since="yesterday"), '"yesterday" is no instant: right would be 7d'),
        (QualityOrder(by="person"), 'no figures by "person": rule or team would be right'),
        (QualityOrder(flap_within="soon"), "not a valid duration"),
    ],
)
def test_a_question_that_is_none_is_refused(order: QualityOrder, why: str) -> None:
    with pytest.raises(Failure, match=why):
        order.kind(), order.measure(NOW, Severities())
