"""Which configurations of receivers are right: ours beside Alertmanager's, by way of `amtool check-config`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

RIGHT = [
    "labels: {owner: x, name: a, 'a b': ''}",
    "webhook_configs: [{url: 'http://h/{{ .Status }}', max_alerts: 2, timeout: 1.5s, payload: {a: [1, '{{ .x }}']}}]",
    "webhook_configs: [{url: 'https://ü/%2F?a=%zz&b={{ .Status | urlquery }} x'}, {url: 'http://[::1]:80/{a}'}]",
    "webhook_configs: [{url_file: /x, send_resolved: false, http_config: {basic_auth: {username: a, password: b}}}]",
    "slack_configs: [{api_url: 'http://h', fields: [{title: a, value: b, short: true}], timeout: 5s}]",
    "slack_configs: [{app_token: x, channel: c}, {api_url_file: /x, message_text: t}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {subject: x}, require_tls: false}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', threading: {enabled: true, thread_by_date: none}}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', force_implicit_tls: true, auth_secret_file: /x}]",
    "pagerduty_configs: [{routing_key_file: /x, details: {a: {b: [c]}}, timeout: 1m}, {service_key: k, class: c}]",
    "pushover_configs: [{user_key: a, token: b, retry: 90s, expire: 1h, ttl: 2h, monospace: true, device: d}]",
    "victorops_configs: [{api_key: k, routing_key: r, custom_fields: {a: b}}]",
    "wechat_configs: [{api_secret: s, corp_id: c, message_type: markdown}]",
    "telegram_configs: [{bot_token: t, chat_id: -1, parse_mode: ''}, {bot_token_file: /x, chat_id: 1}]",
    "sns_configs: [{topic_arn: t, sigv4: {region: r}}, {phone_number: p, sigv4: {access_key: a, secret_key: b}}]",
    "discord_configs: [{webhook_url: 'http://h', content: c, username: u, avatar_url: 'http://a'}]",
    "webex_configs: [{room_id: r, http_config: {authorization: {credentials: c}}}]",
    "msteams_configs: [{webhook_url_file: /x}]",
    "msteamsv2_configs: [{webhook_url: 'http://h', title: t}]",
    "jira_configs: [{api_url: 'http://h', project: P, issue_type: B, labels: [a], reopen_duration: 3d, fields: {}}]",
    "jira_configs: [{api_url: 'http://h', project: P, issue_type: B, summary: {template: s, enable_update: false}}]",
    "rocketchat_configs: [{token: t, token_id: i, actions: [{type: button, text: t}]}]",
    "mattermost_configs: [{webhook_url: 'http://h', props: {card: c}, priority: {priority: urgent}}]",
    "incidentio_configs: [{url: 'http://h', alert_source_token: t, max_alerts: 3, timeout: 5s}]",
    "opsgenie_configs: [{api_key: k, responders: [{name: a, type: TEAM}, {id: i, type: '{{ .x }}'}], entity: e}]",
]
WRONG = [
    "labels: {name: b}",
    "labels: [a]",
    "webhook_configs: [{}]",
    "webhook_configs: [{url: 'http://h', url_file: /x}]",
    "webhook_configs: [{url: 'ftp://h'}]",
    "webhook_configs: [{url: 'http://h:port'}]",
    "webhook_configs: [{url: 'http://h/%zz'}]",
    "webhook_configs: [{url: ' http://h'}]",
    "webhook_configs: [{url: 'http://h/{{ .Status'}]",
    "webhook_configs: [{url: 'http://h/{{ nobody }}'}]",
    "discord_configs: [{webhook_url: 'http://{{ .x }}'}]",
    "webhook_configs: [{url: 'http://h', http_config: {proxy_url: 'http://p:x'}}]",
    "webhook_configs: [{url: 'http://h', max_alerts: -1}]",
    "webhook_configs: [{url: 'http://h', timeout: x}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', http_config: {}}]",
    "webhook_configs: [{url: 'http://h', nope: 1}]",
    "slack_configs: [{}]",
    "slack_configs: [{api_url: 'http://h', api_url_file: /x}]",
    "slack_configs: [{api_url: 'http://h', fields: [{title: a}]}]",
    "slack_configs: [{api_url: 'http://h', actions: [{type: button, text: x}]}]",
    "slack_configs: [{api_url: 'http://h', app_token: t}]",
    "email_configs: [{from: c@d, smarthost: 'h:25'}]",
    "email_configs: [{to: a@b, smarthost: 'h:25'}]",
    "email_configs: [{to: a@b, from: c@d}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: h}]",
    "email_configs: [{to: a@b, from: c@d, smarthost: 'h:25', headers: {subject: a, Subject: b}}]",
    "pagerduty_configs: [{}]",
    "pagerduty_configs: [{routing_key: a, routing_key_file: /x}]",
    "pushover_configs: [{user_key: a}]",
    "pushover_configs: [{user_key: a, token: b, html: true, monospace: true}]",
    "victorops_configs: [{api_key: k}]",
    "victorops_configs: [{routing_key: r}]",
    "victorops_configs: [{api_key: k, routing_key: r, custom_fields: {entity_id: x}}]",
    "wechat_configs: [{api_secret: s}]",
    "wechat_configs: [{api_secret: s, corp_id: c, message_type: x}]",
    "telegram_configs: [{bot_token: t}]",
    "telegram_configs: [{bot_token: t, chat_id: 1, parse_mode: x}]",
    "telegram_configs: [{chat_id: 1}]",
    "sns_configs: [{sigv4: {region: r}}]",
    "discord_configs: [{}]",
    "webex_configs: [{room_id: r}]",
    "webex_configs: [{http_config: {authorization: {credentials: c}}}]",
    "msteams_configs: [{}]",
    "jira_configs: [{project: P, issue_type: B}]",
    "jira_configs: [{api_url: 'http://h', issue_type: B}]",
    "rocketchat_configs: [{token: t}]",
    "incidentio_configs: [{alert_source_token: t}]",
    "incidentio_configs: [{url: 'http://h', alert_source_token: t, alert_source_token_file: /x}]",
    "opsgenie_configs: [{}]",
    "opsgenie_configs: [{api_key: k, responders: [{type: team}]}]",
    "opsgenie_configs: [{api_key: k, responders: [{name: a, type: x}]}]",
    "opsgenie_configs: [{api_key: k, responders: [{name: a, type: '{{ nobody }}'}]}]",
]


def whole(receiver: str) -> str:
    return f"route: {{receiver: a}}\nreceivers:\n- name: a\n  {receiver}\n"


def amtool_takes(text: str, folder: Path) -> tuple[bool, str]:
    (folder / "alertmanager.yml").write_text(text)
    run = subprocess.run(
        [AMTOOL, "check-config", str(folder / "alertmanager.yml")], capture_output=True, text=True, check=False
    )
    return run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("receiver", RIGHT)
def test_what_alertmanager_takes_we_take(receiver: str, tmp_path: Path) -> None:
    taken, said = amtool_takes(whole(receiver), tmp_path)
    assert taken, said
    assert load_text(whole(receiver), "alertmanager.yml", {}).notify.receivers


@pytest.mark.parametrize("receiver", WRONG)
def test_what_alertmanager_refuses_we_refuse_at_its_place(receiver: str, tmp_path: Path) -> None:
    taken, _ = amtool_takes(whole(receiver), tmp_path)
    assert not taken
    with pytest.raises(ConfigurationFailure) as caught:
        load_text(whole(receiver), "alertmanager.yml", {})
    assert all(problem.place.line == 4 for problem in caught.value.problems)


def test_what_we_show_of_a_configuration_alertmanager_understands(tmp_path: Path) -> None:
    """Secrets are hidden, which it reads as such; so the tools that ask for the running configuration go on."""
    for receiver in RIGHT:
        shown = yaml.safe_load(load_text(whole(receiver), "alertmanager.yml", {}).to_yaml())
        told = {"route": {"receiver": "a"}, "receivers": shown["receivers"]}
        taken, said = amtool_takes(yaml.safe_dump(told), tmp_path)
        assert taken, said


@pytest.mark.parametrize(
    "recorder", ["", "{}", "{webhook_outputs: [{url: 'http://h/x'}]}", "{file_outputs: [{path: /x}]}"]
)
def test_events_that_alertmanager_would_record_elsewhere_are_no_mistake(recorder: str, tmp_path: Path) -> None:
    text = whole("") + f"event_recorder: {recorder}\n"
    taken, said = amtool_takes(text, tmp_path)
    assert taken, said
    warnings = load_text(text, "alertmanager.yml", {}).warnings
    assert [warning.place.line for warning in warnings] == ([5] if "outputs" in recorder else [])


@pytest.mark.parametrize(
    "text",
    [
        "receivers: [{name: a}]",
        "receivers: []",
        "inhibit_rules: [{equal: [a]}]",
        "templates: ['*.tmpl']",
        "time_intervals: [{name: night}]",
        "mute_time_intervals: [{name: night}]",
    ],
)
def test_without_a_route_alertmanager_and_we_refuse_whatever_else_there_is(text: str, tmp_path: Path) -> None:
    taken, said = amtool_takes(text, tmp_path)
    assert not taken
    assert "no route" in said
    with pytest.raises(ConfigurationFailure, match='"route" is missing'):
        load_text(text, "alertmanager.yml", {})
