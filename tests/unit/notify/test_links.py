"""Links in templates, and a group that is acknowledged."""

from __future__ import annotations

from urllib.parse import quote

from notify_house import HOUR_MS, House, Open, Recorder, alert, flush

from watchkeeper.journal import Kind
from watchkeeper.notify.dedup import Reason
from watchkeeper.notify.message import Message
from watchkeeper.notify.templating import Templates


class Spelled:
    """Links that one can read."""

    def acknowledge(self, tenant: str, group_key: str) -> str:
        return f"ack {tenant} {group_key}"

    def silence(self, tenant: str, group_key: str) -> str:
        return f"silence {tenant} {group_key}"


def test_links_are_about_the_group_of_the_tenant() -> None:
    told = flush([alert()], tenant="b")
    message = Message.of(told, told.alerts, Reason.FIRST, Templates((), lambda: 0, Spelled()), "http://x")
    texts = {
        "{{ ackLink .GroupKey }}": f"ack b {told.group_key}",
        "{{ $key := .GroupKey }}{{ range .Alerts }}{{ silenceLink $key }}{{ end }}": f"silence b {told.group_key}",
        '{{ .GroupKey }}|{{ printf "%s" .GroupKey }}': f"{told.group_key}|{told.group_key}",
        '{{ eq .GroupKey "a" }} {{ printf "%T" .GroupKey }}': "false string",
        "{{ len .GroupKey }}": str(len(told.group_key)),
    }
    assert {text: message.rendering.prose(text) for text in texts} == texts


async def test_without_a_signer_links_need_a_login(house: Open, recorder: Recorder) -> None:
    slack = f"{{api_url: '{recorder.url}', text: '{{{{ ackLink .GroupKey }}}}'}}"
    config = f"receivers: [{{name: team, slack_configs: [{slack}]}}]"
    async with house(config) as one:
        await one.tell(alert())
    (request,) = recorder.take()
    key = quote(flush([]).group_key, safe="")
    assert request.json()["attachments"][0]["text"] == f"http://watchkeeper.example.org/ack/{key}"


async def test_an_acknowledged_group_is_not_repeated_but_its_end_is_told_even_long_after(
    house: Open, recorder: Recorder
) -> None:
    async with house(f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}'}}]}}]") as one:
        await one.tell(alert(), acknowledged=True)
        assert len(recorder.take()) == 1
        for _ in range(30):
            one.clock.ms += 2 * HOUR_MS
            await one.tell(alert(), acknowledged=True)
        assert recorder.take() == []
        await one.tell(alert())
        assert len(recorder.take()) == 1
        await one.tell(alert(), alert("b"), acknowledged=True)
        assert len(recorder.take()) == 1
        await one.tell(alert(ended=True), alert("b", ended=True), acknowledged=True)
        assert [request.json()["status"] for request in recorder.take()] == ["resolved"]


async def test_the_journal_says_once_of_an_acknowledgement_that_a_repetition_is_withheld(
    house: Open, recorder: Recorder
) -> None:
    config = f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}'}}]}}]"

    async def withheld(one: House) -> list[str]:
        return [entry.text for entry in await one.recorded(Kind.NOTIFICATION_WITHHELD)]

    async with house(config) as one:
        await one.tell(alert())
        one.clock.ms += HOUR_MS
        await one.tell(alert(), acknowledged=True)
        assert await withheld(one) == []
        for _ in range(3):
            one.clock.ms += 2 * HOUR_MS
            await one.tell(alert(), acknowledged=True)
    text = 'team (webhook[0]) is not told again of 1 firing alert of the group {alertname="Hot"}: '
    async with house(config) as one:
        await one.tell(alert(), acknowledged=True)
        assert await withheld(one) == [text + "somebody has acknowledged it"]
        (found,) = one.notify.outlooks(flush([alert()], acknowledged=True), alert().labels, one.clock.ms)
        assert (found.state, found.next) == ("withheld", "")
        assert found.why.endswith("and is told no more of it while somebody has acknowledged the group")
        await one.tell(alert())
        one.clock.ms += 5 * HOUR_MS
        await one.tell(alert(), acknowledged=True)
        assert len(await withheld(one)) == 2
        assert len(recorder.take()) == 2
