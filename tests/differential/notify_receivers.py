"""A server that records what integrations send and answers as their other sides would; configurations for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = {
    "ok": True,
    "success": True,
    "errcode": 0,
    "access_token": "wx-token",
    "result": {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "group"}},
    "issues": [],
    "total": 0,
    "key": "P-1",
}
FOUND = {
    "total": 1,
    "issues": [{"key": "P-7", "id": "7", "fields": {"status": {"name": "x", "statusCategory": {"key": "new"}}}}],
}
TRANSITIONS = {"transitions": [{"id": "31", "name": "Close"}, {"id": "32", "name": "Done"}]}
PUBLISHED = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId>'
    "</PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"
)


@dataclass(frozen=True)
class Sent:
    """One request: its path below the sender's prefix, and what matters of its headers."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Recording:
    """What came, by sender: the first part of the path."""

    url: str
    sent: dict[str, list[Sent]] = field(default_factory=dict)

    def take(self, sender: str) -> list[Sent]:
        """What a sender sent since the last time, by method and path."""
        return sorted(self.sent.pop(sender, []), key=lambda one: (one.path, one.method, one.body))


def _answer(path: str) -> str:
    if path.endswith("/sns"):
        return PUBLISHED
    if "/open-jira/search" in path:
        return json.dumps(FOUND)
    return json.dumps(TRANSITIONS if path.endswith("/transitions") else ANSWER)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """All integrations connect at once."""


@contextmanager
def recording() -> Iterator[Recording]:
    """A server for as long as a block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            sender, _, path = self.path.removeprefix("/").partition("/")
            kept = ("Authorization", "Content-Type", "X-Auth-Token", "X-User-Id", "Accept-Language")
            headers = {name: self.headers[name] for name in kept if self.headers[name]}
            if path == "sns":
                del headers["Authorization"]
            answer = _answer(self.path).encode()
            recorded.sent.setdefault(sender, []).append(Sent(self.command, path, headers, self._body()))
            self.send_response(200)
            self.send_header("Content-Type", "text/xml" if path == "sns" else "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = _handle

        def _body(self) -> str:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body.decode()

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    recorded = Recording(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# `@URL@` stands for the recording server and the prefix of who sends.
DEFAULTS = """
  webhook_configs: [{url: "@URL@/probe"}]
  slack_configs: [{api_url: "@URL@/slack", channel: "#c", send_resolved: true}]
  pagerduty_configs: [{routing_key: rk, url: "@URL@/pagerduty"}]
  opsgenie_configs: [{api_key: ok, api_url: "@URL@/opsgenie"}]
  victorops_configs: [{api_key: vk, routing_key: r, api_url: "@URL@/victorops"}]
  wechat_configs: [{api_url: "@URL@/wechat/", corp_id: c, api_secret: s, send_resolved: true}]
  telegram_configs: [{api_url: "@URL@/telegram", bot_token: "1:x", chat_id: -5}]
  sns_configs: [{api_url: "@URL@/sns", sigv4: {region: us-east-1, access_key: a, secret_key: b}, topic_arn: "arn:t"}]
  discord_configs: [{webhook_url: "@URL@/discord"}]
  webex_configs: [{api_url: "@URL@/webex", room_id: r, http_config: {authorization: {credentials: x}}}]
  msteams_configs: [{webhook_url: "@URL@/msteams"}]
  msteamsv2_configs: [{webhook_url: "@URL@/msteamsv2?sp=%2Ftriggers%2frun&sig=a%2bb+c"}]
  jira_configs: [{api_url: "@URL@/jira", project: P, issue_type: Bug}]
  rocketchat_configs: [{api_url: "@URL@/rocketchat", token: t, token_id: i, send_resolved: true}]
  mattermost_configs: [{webhook_url: "@URL@/mattermost"}]
  incidentio_configs: [{url: "@URL@/incidentio", alert_source_token: t}]
"""
EVERYTHING = """
  webhook_configs:
  - url: "@URL@/probe"
  - url: "@URL@/webhook/{{ .GroupLabels.team }}"
    max_alerts: 1
  - url: "@URL@/own"
    payload:
      status: "{{ .Status }}"
      count: "{{ len .Alerts }}"
      alerts: "{{ .Alerts | toJson }}"
      fixed: [1, true, x, "{{ .Receiver }}", {"{{ .Status }}": 1.5}]
  slack_configs:
  - api_url: "@URL@/slack"
    channel: "#{{ .GroupLabels.team }}"
    username: "u {{ .Status }}"
    color: "#abc"
    title: "{{ range .Alerts }}{{ .Annotations.long }}{{ end }}"
    title_link: "http://x/{{ .Status }}"
    pretext: pre
    text: "{{ range .Alerts }}{{ .Labels }} {{ end }}"
    fields:
    - {title: "F {{ .Status }}", value: "{{ .CommonLabels.team }}", short: true}
    - {title: g, value: h}
    short_fields: true
    footer: foot
    fallback: fall
    callback_id: cb
    icon_emoji: ":x:"
    icon_url: http://i
    image_url: http://im
    thumb_url: http://th
    link_names: true
    mrkdwn_in: [text]
    actions:
    - {type: button, text: "See {{ .Status }}", url: "http://a/{{ .Status }}", style: primary, name: dropped}
    - {type: button, text: T, name: ack, value: "{{ .Status }}", confirm: {text: sure, title: T, ok_text: o}}
  pagerduty_configs:
  - routing_key: rk
    url: "@URL@/pagerduty"
    client: c
    client_url: http://c/{{ .Status }}
    description: "{{ range .Alerts }}{{ .Annotations.long }}{{ end }}"
    details: {own: "{{ .Status }}", num_firing: "7", off: n, nested: {a: ["{{ len .Alerts }}"]}}
    images: [{src: "http://i", alt: A, href: "http://h"}, {alt: nothing}]
    links: [{href: "http://l", text: L}, {text: nothing}]
    severity: "{{ if .Alerts.Firing }}critical{{ else }}info{{ end }}"
    class: k
    component: co
    group: g
    source: so
  opsgenie_configs:
  - api_key: ok
    api_url: "@URL@/opsgenie"
    message: "{{ range .Alerts }}{{ .Annotations.long }}{{ end }}"
    description: d
    source: so
    details: {a: "{{ .Status }}", team: ours}
    entity: e
    responders:
    - {name: x, type: team}
    - {name: "a,b", type: teams}
    - {username: "{{ .CommonLabels.team }}", type: user}
    - {name: "{{ .CommonLabels.none }}", type: schedule}
    actions: "x,,y"
    tags: " a, b "
    note: n
    priority: P2
    update_alerts: true
  victorops_configs:
  - api_key: vk
    routing_key: "r-{{ .GroupLabels.team }}"
    api_url: "@URL@/victorops"
    message_type: "{{ if .Alerts.Firing }}WARNING{{ end }}"
    state_message: s
    entity_display_name: e
    monitoring_tool: m
    custom_fields: {one: "{{ .Status }}"}
  wechat_configs:
  - api_url: "@URL@/wechat/"
    corp_id: c
    api_secret: s
    message: "*{{ .Status }}*"
    message_type: markdown
    to_user: u
    to_party: p
    to_tag: t
    agent_id: "7"
    send_resolved: true
  telegram_configs:
  - {api_url: "@URL@/telegram", bot_token: "1:x", chat_id: 9, message_thread_id: 3, disable_notifications: true,
     parse_mode: MarkdownV2, message: "*{{ .Status }}* {{ range .Alerts }}{{ .Annotations.summary }}{{ end }}"}
  - {api_url: "@URL@/telegram", bot_token: "2:x", chat_id: 9,
     message: '<b>{{ .Status }}</b> <a href="{{ .ExternalURL }}/?a={{ .CommonAnnotations.summary }}">x</a>'}
  sns_configs:
  - api_url: "@URL@/sns"
    sigv4: {region: us-east-1, access_key: a, secret_key: b}
    topic_arn: "arn:t.fifo"
    subject: "s {{ .Status }}"
    message: "m {{ .Status }}"
    attributes: {k: "{{ .Status }}", a: b}
  discord_configs:
  - webhook_url: "@URL@/discord"
    content: c
    title: "{{ range .Alerts }}{{ .Annotations.long }}{{ end }}"
    message: "m é"
    username: u
    avatar_url: http://a
  webex_configs:
  - {api_url: "@URL@/webex", room_id: "r-{{ .Status }}", message: m, http_config: {authorization: {credentials: x}}}
  msteams_configs: [{webhook_url: "@URL@/msteams", title: t, summary: s, text: x}]
  msteamsv2_configs: [{webhook_url: "@URL@/msteamsv2", title: t, text: x}]
  jira_configs:
  - api_url: "@URL@/open-jira"
    project: "P{{ .GroupLabels.team }}"
    issue_type: Bug
    summary: {template: "s {{ .Status }}", enable_update: false}
    description: d
    labels: [z, "{{ .Status }}", a]
    priority: Low
    resolve_transition: Done
    reopen_transition: Open
    wont_fix_resolution: Never
    reopen_duration: 2h
    fields: {customfield_1: {value: "{{ .Status }}"}, customfield_2: [{name: x}], customfield_3: 5}
  rocketchat_configs:
  - api_url: "@URL@/rocketchat"
    token: t
    token_id: i
    channel: "#c"
    color: red
    title: "{{ range .Alerts }}{{ .Annotations.long }}{{ end }}"
    title_link: http://t
    text: x
    fields: [{title: a, value: "{{ .Status }}"}, {title: b, value: c, short: true}]
    short_fields: true
    emoji: ":x:"
    icon_url: http://i
    image_url: http://im
    thumb_url: http://th
    link_names: true
    send_resolved: true
    actions: [{type: button, text: "T {{ .Status }}", url: "http://u", msg: m}]
  mattermost_configs:
  - webhook_url: "@URL@/mattermost"
    channel: c
    username: u
    text: x
    fallback: f
    color: "#fff"
    pretext: p
    author_name: n
    author_link: http://l
    author_icon: http://ic
    title: t
    title_link: http://tl
    fields: [{title: a, value: "{{ .Status }}"}, {title: b, value: c, short: true}]
    thumb_url: http://th
    footer: fo
    footer_icon: http://fi
    image_url: http://im
    icon_url: http://iu
    icon_emoji: ":x:"
    props: {card: "card {{ .Status }}"}
    priority: {priority: urgent, requested_ack: true}
  - webhook_url: "@URL@/mattermost2"
    attachments:
    - {title: "one {{ .Status }}", text: a}
    - {fallback: two, fields: [{title: a, value: b}]}
  incidentio_configs: [{url: "@URL@/incidentio", alert_source_token: t, max_alerts: 2}]
"""
