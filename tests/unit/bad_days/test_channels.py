"""A channel that is down, and more alerts at once than anybody can read."""

from __future__ import annotations

from bad_days_house import Channels, House

ROUTE = "route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}\n"
WITH_FALLBACK = (
    ROUTE
    + """
receivers:
- {name: team, fallback: spare, webhook_configs: [{url: URL/team}]}
- {name: spare, webhook_configs: [{url: URL/spare}]}
"""
)


async def test_a_channel_that_is_down_for_an_hour_loses_nothing_and_is_told_once_when_it_is_back(
    bad_day: House, channels: Channels
) -> None:
    await bad_day.start(WITH_FALLBACK)
    await bad_day.fire("Before", "1")
    assert channels.take("team") == ["Before1"]
    channels.down.add("team")
    await bad_day.pass_min(1)
    await bad_day.fire("During", "1")
    await bad_day.fire("Short", "1")
    await bad_day.fire("Before", "1", lasts_ms=0)
    await bad_day.pass_min(10)
    await bad_day.fire("During", "2")
    await bad_day.fire("Short", "1", lasts_ms=0)
    await bad_day.pass_min(49)
    # What has a fallback reaches somebody meanwhile, once, and its end too; nobody else knew of Before.
    assert sorted(channels.take("spare")) == ["-Short1", "During1", "During1 During2", "Short1"]
    assert channels.refused < 25
    assert bad_day.figure("watchkeeper_notify_circuit_open", receiver="team", integration="webhook[0]") == 1
    channels.down.clear()
    await bad_day.pass_min(20)
    assert sorted(channels.take("team")) == ["-Before1", "During1 During2"]
    assert bad_day.figure("watchkeeper_notify_circuit_open", receiver="team", integration="webhook[0]") == 0
    fired, *_, ended = bad_day.alarms
    assert fired.labels == ended.labels
    assert ended.ends_at <= bad_day.clock.ms < fired.starts_at + 2 * 3_600_000
    await bad_day.fire("During", "1", "2", lasts_ms=0)
    await bad_day.pass_min(6)
    assert channels.take("team") == ["-During1 -During2"]
    assert channels.take("spare") == ["-During1 -During2"]
    await bad_day.pass_min(30)
    assert (channels.take("team"), channels.take("spare")) == ([], [])


async def test_what_a_channel_missed_is_told_after_a_restart_too(bad_day: House, channels: Channels) -> None:
    await bad_day.start(WITH_FALLBACK)
    await bad_day.fire("Before", "1")
    channels.down.add("team")
    await bad_day.fire("During", "1")
    await bad_day.fire("Before", "1", lasts_ms=0)
    await bad_day.pass_min(6)
    await bad_day.stop()
    channels.down.clear()
    channels.take("team")
    await bad_day.start(WITH_FALLBACK)
    await bad_day.pass_min(6)
    assert sorted(channels.take("team")) == ["-Before1", "During1"]


async def test_a_thousand_alerts_at_once_are_one_notification_a_group_in_the_order_of_their_labels(
    bad_day: House, channels: Channels
) -> None:
    receivers = "receivers: [{name: team, webhook_configs: [{url: URL/all}, {url: URL/few, max_alerts: 100}]}]"
    await bad_day.start(ROUTE.replace("group_wait: 0s", "group_wait: 10s") + receivers)
    instances = [f"{number:04}" for number in range(1000)]
    for name in ("Hot", "Full"):
        await bad_day.fire(name, *instances[::-1])
    assert channels.bodies == []
    await bad_day.pass_min(1)
    few = [body["truncatedAlerts"] for name, body in channels.bodies if name == "few"]
    assert few == [900, 900]
    everything = [" ".join(f"{name}{one}" for one in instances) for name in ("Hot", "Full")]
    assert channels.take("all") == everything
    assert channels.take("few") == [" ".join(text.split()[:100]) for text in everything]
    await bad_day.fire("Hot", *instances[::2], lasts_ms=0)
    await bad_day.pass_min(5)
    (ended,) = channels.take("all")
    assert sorted(ended.split()) == sorted([f"-Hot{one}" for one in instances[::2]] + everything[0].split()[1::2])
