"""Secrets are read, used, and shown nowhere."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path

import pytest
from aiohttp import web
from notify_house import Open, Recorder, alert, configured

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.journal import Kind
from watchkeeper.store.control import ControlDatabase

EVERY = """
global:
  smtp_smarthost: mail:25
  smtp_from: a@example.org
  smtp_auth_password: HUSH
  slack_app_token: HUSH
  telegram_bot_token: HUSH
  opsgenie_api_key: HUSH
  victorops_api_key: HUSH
  wechat_api_secret: HUSH
  rocketchat_token: HUSH
  rocketchat_token_id: HUSH
  mattermost_webhook_url: http://127.0.0.1:1/HUSH
receivers:
- name: team
  webhook_configs: [{url: "http://127.0.0.1:1/HUSH", http_config: {basic_auth: {username: u, password: HUSH}}}]
  slack_configs: [{}, {api_url: "http://127.0.0.1:1/HUSH"}]
  pagerduty_configs: [{routing_key: HUSH}, {service_key: HUSH}]
  opsgenie_configs: [{}]
  victorops_configs: [{routing_key: r}]
  wechat_configs: [{corp_id: c}]
  telegram_configs: [{chat_id: 1}]
  rocketchat_configs: [{}]
  mattermost_configs: [{}]
  discord_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  msteams_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  msteamsv2_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  incidentio_configs: [{url: "http://127.0.0.1:1/x", alert_source_token: HUSH}]
  pushover_configs: [{user_key: HUSH, token: HUSH}]
  sns_configs: [{topic_arn: t, sigv4: {region: r, access_key: a, secret_key: HUSH}}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: HUSH}}}]
  email_configs: [{to: b@example.org, auth_secret: HUSH}]
"""
UNREACHABLE = """
receivers:
- name: team
  webhook_configs: [{url: "http://127.0.0.1:1/HUSH", http_config: {basic_auth: {username: u, password: HUSH}}}]
  slack_configs: [{api_url: "http://127.0.0.1:1/HUSH"}]
  mattermost_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  discord_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  msteams_configs: [{webhook_url: "http://127.0.0.1:1/HUSH"}]
  telegram_configs: [{api_url: "http://127.0.0.1:1", bot_token: HUSH, chat_id: 1}]
"""


def test_the_configuration_that_is_shown_has_no_secret() -> None:
    shown = configured(EVERY).to_yaml()
    assert "HUSH" not in shown
    assert shown.count("<secret>") >= 25


async def test_neither_errors_nor_the_log_name_an_address_that_cannot_be_reached(
    house: Open, caplog: pytest.LogCaptureFixture, control: ControlDatabase
) -> None:
    caplog.set_level(logging.DEBUG)
    async with house(UNREACHABLE) as room:
        assert not await room.tell(alert())
        rows = await control.rows("SELECT detail FROM notification_log")
    assert len(rows) == 6
    assert "HUSH" not in caplog.text + repr(rows)


async def test_an_answer_with_a_bad_status_does_not_show_the_address_either(
    house: Open, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.answers = [web.Response(status=404)]
    async with house(
        f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}/HUSH?token=HUSH'}}]}}]"
    ) as room:
        assert not await room.tell(alert())
    assert "status 404" in caplog.text
    assert "HUSH" not in caplog.text


ECHOED = """
receivers:
- name: team
  webhook_configs:
  - url: http://u:HUSHED-1@{host}/hook/HUSHED-2?sig=HUSHED-3
  - {{url: "http://{host}/x", http_config: {{basic_auth: {{username: u, password: HUSHED-4}}}}}}
  - {{url: "http://{host}/x", http_config: {{authorization: {{credentials_file: {file}}}}}}}
  - {{url: "http://{host}/x", http_config: {{http_headers: {{X-Key: {{secrets: [HUSHED-5]}}}}}}}}
  slack_configs: [{{api_url: "http://{host}/services/HUSHED-6"}}]
  pagerduty_configs: [{{routing_key: HUSHED-7, url: "http://{host}/v2/enqueue"}}]
  opsgenie_configs: [{{api_key: HUSHED-8, api_url: "http://{host}/"}}]
  victorops_configs: [{{api_key: "HUSHED/9", routing_key: r, api_url: "http://{host}/"}}]
  telegram_configs: [{{api_url: "http://{host}", bot_token: "1:HUSHED-A", chat_id: 1}}]
  discord_configs: [{{webhook_url: "http://{host}/api/webhooks/HUSHED-B"}}]
  msteamsv2_configs: [{{webhook_url: "http://{host}/workflows/HUSHED-C?sig=HUSHED-D"}}]
  ntfy_configs: [{{url: "http://{host}", topic: HUSHED-E}}]
  twilio_configs: [{{account_sid: AC1, auth_token: HUSHED-F, api_url: "http://{host}", from: "1", to: ["2"]}}]
  github_configs: [{{owner: o, repo: r, token: HUSHED-G, api_url: "http://{host}"}}]
"""


@pytest.mark.parametrize("status", [400, 500, 200])
async def test_what_the_other_side_repeats_of_a_request_shows_no_secret(
    status: int,
    house: Open,
    recorder: Recorder,
    caplog: pytest.LogCaptureFixture,
    control: ControlDatabase,
    tmp_path: Path,
) -> None:
    async def repeat() -> None:
        asked = recorder.requests[-1]
        said = {"error": f"Cannot {asked.method} {asked.path}", "headers": dict(asked.headers), "body": asked.body}
        texts = [json.dumps(said), " " * 250 + asked.path + str(said)]
        recorder.answers = [web.Response(status=status, text=texts[len(recorder.requests) % 2])]

    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "aiohttp.access")  # the recorder's own
    (file := tmp_path / "token").write_text("HUSHED-H\n")
    recorder.on_request = repeat
    text = ECHOED.format(host=recorder.url.removeprefix("http://"), file=file)
    async with house(text) as room:
        await room.tell(alert(), deadline=room.clock.ms + 5000)
        trials = await room.notify.test("team")
        rows = await control.rows("SELECT detail FROM notification_log")
        entries = [
            entry for kind in (Kind.NOTIFICATION_SENT, Kind.NOTIFICATION_FAILED) for entry in await room.recorded(kind)
        ]
    assert "HUSHED" in str(recorder.requests)
    said = caplog.text + repr(rows) + repr(trials) + repr(entries)
    assert "Cannot POST" in said
    assert "HUSHED" not in said
    assert base64.b64encode(b"u:HUSHED-4").decode() not in said


def test_a_refused_configuration_does_not_show_what_it_refuses() -> None:
    with pytest.raises(ConfigurationFailure) as caught:
        configured("receivers: [{name: a, webhook_configs: [{url: 'ftp://HUSH'}], slack_configs: [{api_url: HUSH}]}]")
    assert "HUSH" not in str(caught.value)
    assert "must begin with http:// or https://" in str(caught.value)


async def test_a_secret_in_a_file_is_read_for_each_notification(
    house: Open, recorder: Recorder, tmp_path: Path
) -> None:
    file = tmp_path / "url"
    text = f"receivers: [{{name: team, webhook_configs: [{{url_file: {file}}}]}}]"
    async with house(text) as room:
        assert not await room.tell(alert("a"), deadline=room.clock.ms)
        for path in ("one", "another"):
            file.write_text(f"{recorder.url}/{path}\n")
            assert await room.tell(alert(path))
    assert [request.path for request in recorder.take()] == ["/one", "/another"]
