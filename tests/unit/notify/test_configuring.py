"""Receivers in the configuration: what they take from `global`, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from notify_house import Open, Recorder, alert, configured

from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.notify import NotifyConfig


def test_an_integration_takes_from_global_what_it_leaves_open() -> None:
    text = """
global: {slack_api_url: "http://h/x", http_config: {follow_redirects: false}, opsgenie_api_key: k}
receivers:
- name: team
  slack_configs: [{channel: c}, {channel: d, api_url: "http://other/x"}]
  opsgenie_configs: [{api_url: "http://own/"}]
"""
    [team] = configured(text).notify.receivers
    first, second = team.slack_configs
    assert (first.api_url.reveal(), second.api_url.reveal()) == ("http://h/x", "http://other/x")
    assert first.http_config is not None
    assert not first.http_config.follow_redirects
    assert team.opsgenie_configs[0].api_key.reveal() == "k"
    assert team.opsgenie_configs[0].api_url == "http://own/"


def test_every_mistake_is_named_at_once_with_its_place() -> None:
    text = """\
receivers:
- name: a
  slack_configs: [{}]
  webhook_configs: [{url: nowhere}]
- name: a
  email_configs: [{to: a@b, from: c@d, smarthost: h}]
"""
    with pytest.raises(ConfigurationFailure) as caught:
        configured(text)
    assert [str(problem).partition(": ")[0] for problem in caught.value.problems] == [
        "/etc/watchkeeper.yml:4:27",
        "/etc/watchkeeper.yml:6:51",
    ]
    with pytest.raises(ConfigurationFailure) as caught:
        configured(text.replace("nowhere", "http://h").replace("smarthost: h", "smarthost: 'h:1'"))
    assert [str(problem) for problem in caught.value.problems] == [
        "/etc/watchkeeper.yml:3:19: receivers[0].slack_configs[0]: no Slack address: give api_url or api_url_file or "
        "app_token or global.slack_api_url",
        '/etc/watchkeeper.yml:5:9: receivers[1].name: "a" is named at /etc/watchkeeper.yml:2:9, too: names must differ',
    ]


def test_a_template_that_cannot_be_read_is_a_warning_at_its_place() -> None:
    text = "route: {receiver: a}\nreceivers:\n- name: a\n"
    text += "  msteams_configs: [{webhook_url: 'http://h', title: '{{ .Status | nope }}'}]\n"
    [warning] = configured(text).warnings
    assert str(warning) == (
        '/etc/watchkeeper.yml:4:68: receivers[0].msteams_configs[0].title: function "nope" not defined'
    )


async def test_a_wrong_template_file_refuses_the_reload_and_changes_nothing(
    house: Open, recorder: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "own.tmpl").write_text('{{ define "own" }}\n{{ .Status | nope }}{{ end }}')
    async with house(f"receivers: [{{name: team, webhook_configs: [{{url: '{recorder.url}'}}]}}]") as room:
        with pytest.raises(ConfigurationFailure, match=r"own.tmpl:2:1\d: function \"nope\" not defined"):
            room.notify.prepare(NotifyConfig(template_files=(tmp_path / "own.tmpl",)))
        assert await room.tell(alert())


async def test_template_files_may_replace_the_defaults(house: Open, recorder: Recorder, tmp_path: Path) -> None:
    (tmp_path / "own.tmpl").write_text('{{ define "__subject" }}mine {{ .Status }} {{ .GroupKey }}{{ end }}')
    text = f"""
templates: ["*.tmpl"]
receivers: [{{name: team, msteams_configs: [{{webhook_url: '{recorder.url}'}}]}}]
"""
    async with house("global: {}") as room:
        await room.notify.apply(room.notify.prepare(configured(text, tmp_path).notify))
        assert await room.tell(alert())
    assert recorder.take()[0].json()["title"] == 'mine firing {}:{alertname="Hot"}'


async def test_a_flush_for_a_receiver_that_is_gone_is_not_told(house: Open) -> None:
    async with house("global: {}") as room:
        assert not await room.tell(alert())
