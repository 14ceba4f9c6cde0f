"""How many alerts of one name are taken."""

from __future__ import annotations

from alerts_workshop import Workshop, received

from watchkeeper.alerts import AlertLimits

PLAIN = "route: {receiver: a, group_wait: 1s, group_interval: 1s, group_by: [alertname]}\n"
TWO = AlertLimits(alerts_per_name=2)


def held(workshop: Workshop, tenant: str = "default") -> list[str]:
    return sorted(one.alert.labels["i"] for one in workshop.room.alerts(tenant))


async def test_what_comes_beyond_the_limit_is_left_out_and_counted(workshop: Workshop):
    await workshop.start(PLAIN, TWO)
    await workshop.post(*(received(i=str(i)) for i in range(5)), received("B", i="b"))
    assert held(workshop) == ["0", "1", "b"]
    assert workshop.value("alertmanager_alerts_limited_total") == 3
    await workshop.post(received(i="0"), received(i="1"))
    assert workshop.value("alertmanager_alerts_limited_total") == 3
    assert workshop.value("alertmanager_alerts_per_alert_limit") == 2


async def test_each_tenant_has_a_limit_of_its_own(workshop: Workshop):
    await workshop.start(PLAIN, TWO)
    for tenant in ("default", "other"):
        await workshop.post(*(received(i=str(i)) for i in range(3)), tenant=tenant)
    assert (held(workshop), held(workshop, "other")) == (["0", "1"], ["0", "1"])


async def test_an_alert_that_ends_makes_room_for_another(workshop: Workshop):
    await workshop.start(PLAIN, TWO)
    await workshop.post(received(i="0", ends_s=10), received(i="1", ends_s=20))
    await workshop.pass_s(9)
    await workshop.post(received(i="2"))
    assert held(workshop) == ["0", "1"]
    await workshop.post(received(i="1", ends_s=9))
    await workshop.post(received(i="2"), received(i="3"))
    assert held(workshop) == ["0", "1", "2"]
    await workshop.pass_s(2)
    workshop.room.forget_resolved()
    await workshop.post(received(i="3"), received(i="4"))
    assert held(workshop) == ["2", "3"]


async def test_what_fires_beyond_a_limit_that_is_new_goes_on(workshop: Workshop):
    await workshop.start(PLAIN)
    await workshop.post(*(received(i=str(i)) for i in range(3)))
    await workshop.stop()
    await workshop.start(PLAIN, TWO)
    await workshop.post(*(received(i=str(i), ends_s=7200) for i in range(4)))
    assert held(workshop) == ["0", "1", "2"]
    assert {one.alert.ends_at for one in workshop.room.every()} == {workshop.clock.ms + 7_200_000}
