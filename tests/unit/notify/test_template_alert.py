"""A template that cannot be rendered: a plain text goes out that says so, and an alert does."""

from __future__ import annotations

from itertools import pairwise

from aiohttp import web
from notify_house import HOUR_MS, House, Open, Recorder, alert

from watchkeeper.model.alert import Alert

NAME = "WatchkeeperTemplateFailing"


def slack(recorder: Recorder, text: str = "{{ .Nope }}") -> str:
    integration = f"{{api_url: '{recorder.url}/slack', text: '{text}', title: t, fallback: f, pretext: p}}"
    return f"receivers: [{{name: team, slack_configs: [{integration}]}}]"


def own(room: House) -> list[Alert]:
    return [one for one in room.alarms if one.labels["alertname"] == NAME]


async def test_a_plain_text_goes_out_and_an_alert_names_the_place(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(text="ok")]
    async with house(slack(recorder)) as room:
        assert await room.tell(alert())
        text = recorder.take()[0].json()["attachments"][0]["text"]
        assert "1 firing, 0 resolved" in text
        assert "instance=a" in text
        assert "This text's template is wrong" in text
        (fired,) = own(room)
    assert dict(fired.labels) == {
        "alertname": NAME,
        "severity": "warning",
        "receiver": "team",
        "integration": "slack[0]",
    }
    assert ":1:4: executing" in fired.annotations["description"]
    assert "Nope" in fired.annotations["description"]
    assert (fired.starts_at, fired.ends_at) == (room.clock.ms, room.clock.ms + HOUR_MS)


async def test_it_lasts_an_hour_after_the_last_failure_though_other_texts_are_well(
    house: Open, recorder: Recorder
) -> None:
    wrong_for_b = '{{ if eq .CommonLabels.instance "b" }}{{ .Nope }}{{ end }}'
    async with house(slack(recorder, wrong_for_b)) as room:
        await room.tell(alert("b"), group_key="b")
        room.clock.ms += HOUR_MS // 2
        await room.tell(alert("a"), group_key="a")
        await room.tell(alert("b"), group_key="other")
        first, second = own(room)
        assert first.starts_at == second.starts_at
        assert second.ends_at == room.clock.ms + HOUR_MS


async def test_many_failures_at_once_raise_it_once(house: Open, recorder: Recorder) -> None:
    async with house(slack(recorder)) as room:
        for number in range(20):
            await room.tell(alert(), group_key=str(number))
        assert len(own(room)) == 1
        assert room.figure("watchkeeper_notification_template_failures_total", integration="slack") == 20


async def test_a_reload_ends_it_and_it_fires_again_where_the_template_is_still_wrong(
    house: Open, recorder: Recorder
) -> None:
    async with house(slack(recorder)) as room:
        await room.tell(alert())
        await room.apply(slack(recorder))
        assert [one.is_resolved(room.clock.ms) for one in own(room)] == [False, True]
        await room.tell(alert(), group_key="other")
        await room.apply(slack(recorder, "fine"))
        await room.tell(alert(), group_key="third")
        assert [one.is_resolved(room.clock.ms) for one in own(room)] == [False, True, False, True]


async def test_a_template_that_never_ends_is_told_in_plain_text(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(text="ok")]
    async with house(slack(recorder, "{{ range 1000000000 }}{{ end }}")) as room:
        assert await room.tell(alert())
        assert "more than 251000 steps" in recorder.take()[0].json()["attachments"][0]["text"]
        assert len(own(room)) == 1


async def test_an_annotation_that_would_grow_as_yaml_stays_a_text(house: Open, recorder: Recorder) -> None:
    bomb = "a: &a [1]\n" + "".join(
        f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]\n" for a, b in pairwise("abcdefghijkl")
    )
    given = "routing_key: k, details: {text: '{{ .CommonAnnotations.summary }}'}"
    config = f"receivers: [{{name: team, pagerduty_configs: [{{url: '{recorder.url}/v2/enqueue', {given}}}]}}]"
    recorder.answers = [web.json_response({"status": "success", "message": ""}, status=202) for _ in "12"]
    async with house(config) as room:
        assert await room.tell(alert(summary=bomb), group_key="bomb")
        assert await room.tell(alert(summary="&a [*a]"), group_key="itself")
        told, itself = (one.json()["payload"]["custom_details"]["text"] for one in recorder.take())
    assert (told, itself) == (bomb, "&a [*a]")
