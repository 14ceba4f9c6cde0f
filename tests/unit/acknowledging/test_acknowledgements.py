"""What an acknowledgement holds back, and how it ends."""

from __future__ import annotations

from acknowledging_house import KEY, House, Outside

from watchkeeper.oncall import Change, Ending

HOUR_MS = 3_600_000


async def acknowledge(house: House, actor: str = "alice", for_ms: int = 4 * HOUR_MS, **more: bool) -> bool:
    group = house.responding.group("default", KEY)
    return (await house.responding.acknowledge(group, actor, "api", for_ms, **more)).given


async def test_nothing_is_repeated_while_it_holds_and_again_once_it_timed_out(house: House) -> None:
    await house.fire("A")
    assert house.outside.told() == ["firing"]
    await acknowledge(house, for_ms=4 * HOUR_MS)
    await house.pass_min(239)
    assert house.outside.told() == []
    await house.pass_min(2)
    assert house.outside.told() == ["firing"]
    assert house.by() == ""


async def test_the_end_is_told_however_long_it_held(house: House) -> None:
    await house.fire("A", lasts_s=100 * 3600)
    await acknowledge(house, for_ms=0)
    await house.pass_min(10 * 60)
    house.outside.told()
    await house.fire("A", lasts_s=-1)
    await house.pass_min(1)
    assert house.outside.told() == ["resolved"]
    assert house.by() == ""
    assert (await house.said("acknowledgement.ended"))[0].endswith("because nothing fires in the group any more")


async def test_a_new_alert_ends_it_and_is_told(house: House) -> None:
    await house.fire("A")
    await acknowledge(house)
    await house.pass_min(1)
    house.outside.told()
    await house.fire("B")
    await house.pass_min(1)
    assert house.outside.told() == ["firing"]
    assert house.by() == ""


async def test_one_of_several_alerts_may_end_but_is_new_when_it_comes_back(house: House) -> None:
    await house.fire("A", "B")
    await acknowledge(house)
    await house.fire("B", lasts_s=-1)
    await house.pass_min(1)
    assert house.by() == "alice"
    house.outside.told()
    await house.fire("B")
    await house.pass_min(1)
    assert house.outside.told() == ["firing"]
    assert house.by() == ""


async def test_twice_is_harmless_and_the_first_stays(house: House) -> None:
    await house.fire("A")
    assert await acknowledge(house, "alice")
    assert not await acknowledge(house, "bob")
    assert house.by() == "alice"
    assert len(await house.said("acknowledgement.given")) == 1


async def test_closing_goes_beyond_acknowledging_and_has_no_time(house: House) -> None:
    await house.fire("A", lasts_s=100 * 3600)
    await acknowledge(house, "alice")
    assert await acknowledge(house, "bob", closed=True)
    await house.pass_min(10 * 60)
    assert house.by() == "bob"
    assert (await house.said("acknowledgement.given"))[0].startswith("bob closed the group over the API")


async def test_it_survives_a_restart(house: House) -> None:
    await house.fire("A")
    house.outside.told()
    await acknowledge(house)
    await house.stop()
    await house.start()
    await house.pass_min(61)
    assert house.by() == "alice"
    assert house.outside.told() == []


async def test_taken_back_by_hand_it_is_told_again(house: House) -> None:
    await house.fire("A")
    await acknowledge(house)
    await house.pass_min(61)
    house.outside.told()
    assert await house.oncall.acknowledgements.release("default", KEY, "bob") is not None
    assert await house.oncall.acknowledgements.release("default", KEY, "bob") is None
    await house.pass_min(1)
    assert house.outside.told() == ["firing"]
    assert await house.said("acknowledgement.ended") == ["bob took alice's acknowledgement back"]


async def test_listeners_are_told_of_every_change(house: House) -> None:
    changes: list[Change] = []
    house.oncall.acknowledgements.on_change(changes.append)
    await house.fire("A")
    await acknowledge(house)
    await house.oncall.acknowledgements.release("default", KEY, "bob")
    await acknowledge(house, for_ms=1000)
    house.clock.ms += 1000
    await house.oncall.acknowledgements.end_old(house.responding.firing)
    assert [(one.ending, one.actor) for one in changes] == [
        (None, "alice"),
        (Ending.RELEASED, "bob"),
        (None, "alice"),
        (Ending.TIMED_OUT, ""),
    ]


async def test_one_about_a_group_that_is_gone_ends_by_itself(house: House, outside: Outside) -> None:
    await house.fire("A", lasts_s=1800)
    await acknowledge(house, for_ms=0)
    house.clock.ms += 1801 * 1000
    await house.oncall.acknowledgements.end_old(house.responding.firing)
    assert house.by() == ""


async def test_a_clock_that_is_set_back_makes_it_hold_no_longer(house: House) -> None:
    await house.fire("A", lasts_s=100 * 3600)
    await acknowledge(house)
    until = house.oncall.acknowledgements.all("default")[0].until
    house.clock.jumped_ms = -HOUR_MS
    await house.oncall.acknowledgements.end_old(house.responding.firing)
    assert until is not None
    assert house.oncall.acknowledgements.all("default")[0].until == until - HOUR_MS
    await house.stop()
    await house.start()
    assert house.oncall.acknowledgements.all("default")[0].until == until - HOUR_MS
