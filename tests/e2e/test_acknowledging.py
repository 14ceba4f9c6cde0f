"""A group is told with signed links, acknowledged by one, and told again only for what is new, and its end."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from watchkeeper_server import Answer, Server, until, watchkeeper

CONFIG = """
route: {receiver: page, group_by: [team], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}
receivers:
- name: page
  webhook_configs: [{url: "http://127.0.0.1:%(port)d/hook"}]
  slack_configs:
  - {api_url: "http://127.0.0.1:%(port)d/slack", channel: "#ops", send_resolved: true,
     text: '{{ ackLink .GroupKey }} {{ silenceLink .GroupKey }}'}
oncall: {acknowledgement_timeout: 1h}
"""
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@dataclass
class Channel:
    """What was told, in order."""

    port: int = 0
    hooks: list[dict[str, Any]] = field(default_factory=list)
    slack: list[str] = field(default_factory=list)

    def states(self, team: str) -> list[tuple[str, int]]:
        """Of one team: the state of each notification, and how many alerts it told of."""
        mine = [one for one in self.hooks if one["groupLabels"]["team"] == team]
        return [(one["status"], len(one["alerts"])) for one in mine]


@pytest.fixture(scope="module")
def channel() -> Iterator[Channel]:
    made = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/hook":
                made.hooks.append(json.loads(body))
            else:
                made.slack.append(json.loads(body)["attachments"][0]["text"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, channel: Channel) -> Iterator[Server]:
    with watchkeeper(tmp_path_factory.mktemp("acknowledging"), CONFIG % {"port": channel.port}) as running:
        yield running


def fire(server: Server, name: str, team: str, lasts_s: float = 3600) -> None:
    alert = {
        "labels": {"alertname": name, "team": team},
        "annotations": {"summary": "<script>alert(1)</script>"},
        "endsAt": (datetime.now(UTC) + timedelta(seconds=lasts_s)).isoformat(),
    }
    answer = server.ask("/api/v2/alerts", "POST", json.dumps([alert]).encode(), Content_Type="application/json")
    assert answer.status == 200, answer.text


def links(server: Server, channel: Channel, known: int) -> tuple[str, str]:
    """The paths of both links in the first message after the `known` ones."""
    until(lambda: len(channel.slack) > known)
    acknowledge, silence = channel.slack[known].split()
    assert acknowledge.startswith(f"{server.url}/ack/t/")
    return acknowledge.removeprefix(server.url), silence.removeprefix(server.url)


def post(server: Server, path: str, **form: str) -> Answer:
    return server.ask(path, "POST", urlencode(form).encode(), **FORM)


def acknowledged(server: Server) -> list[dict[str, Any]]:
    return server.ask("/api/watchkeeper/v1/acknowledgements").data


def test_a_link_acknowledges_until_something_new_fires_and_the_end_is_told(server: Server, channel: Channel) -> None:
    fire(server, "A", "x")
    link, _ = links(server, channel, len(channel.slack))
    looked = server.ask(link)
    assert looked.status == 200
    assert "Nobody has acknowledged it yet" in looked.text
    assert "<script>" not in looked.text
    assert server.ask(link, "HEAD").status == 200
    assert acknowledged(server) == []
    forged = link[:-4] + ("AAAA" if link[-4:] != "AAAA" else "BBBB")
    assert post(server, forged, name="dave").status == 403
    assert server.ask(link, "POST", b"name=dave", Origin="https://evil.example.org", **FORM).status == 403
    assert acknowledged(server) == []

    assert post(server, link, name="alice", comment="on it").status == 303
    (one,) = acknowledged(server)
    assert (one["by"], one["via"], one["comment"]) == ("alice", "link", "on it")
    assert "alice acknowledged it" in server.ask(link).text
    assert post(server, link, name="bob").headers["Location"] == "?said=already"
    told = len(channel.states("x"))
    # Another group shows that flushes go on: it is repeated twice while this one is silent.
    fire(server, "B", "noisy")
    until(lambda: len(channel.states("noisy")) >= 3)
    assert len(channel.states("x")) == told

    fire(server, "C", "x")
    until(lambda: channel.states("x")[-1] == ("firing", 2))
    assert acknowledged(server) == []
    post(server, link, name="carol")
    assert [one["by"] for one in acknowledged(server)] == ["carol"]
    for name in "AC":
        fire(server, name, "x", lasts_s=-0.001)
    until(lambda: channel.states("x")[-1][0] == "resolved")
    until(lambda: acknowledged(server) == [])
    fire(server, "B", "noisy", lasts_s=-0.001)


def test_a_link_silences_what_the_alerts_have_in_common(server: Server, channel: Channel) -> None:
    until(lambda: channel.states("noisy")[-1][0] == "resolved")
    known = len(channel.slack)
    fire(server, "A", "y")
    _, link = links(server, channel, known)
    shown = server.ask(link).text
    (form,) = re.findall(r'name="form" value="([^"]+)"', shown)
    assert post(server, link, name="alice", duration="1h", form=form).status == 400
    assert server.ask("/api/v2/silences").json == []
    assert post(server, link, name="alice", duration="1h", form=form, comment="known").status == 303
    (silence,) = server.ask("/api/v2/silences").json
    assert (silence["createdBy"], silence["comment"]) == ("alice", "known")
    assert {one["name"]: one["value"] for one in silence["matchers"]} == {"alertname": "A", "team": "y"}


def test_without_logins_an_unsigned_group_key_only_explains_itself(server: Server, channel: Channel) -> None:
    path = "/ack/" + quote('{}:{team="y"}', safe="")
    for method in ("GET", "POST"):
        answer = server.ask(path, method, b"name=dave" if method == "POST" else None, **FORM)
        assert answer.status == 403
        assert "basic_auth_users" in answer.text


def test_who_closes_a_group_is_not_thanked_for_looking_after_it(server: Server, channel: Channel) -> None:
    fire(server, "A", "closing")
    link, _ = links(server, channel, len(channel.slack))
    said = post(server, link, name="alice", action="close").headers["Location"]
    assert "the group is closed" in server.ask(f"{link}{said}").text
    fire(server, "A", "closing", lasts_s=-0.001)
    until(lambda: acknowledged(server) == [])


def test_the_api_acknowledges_and_takes_back(server: Server, channel: Channel) -> None:
    fire(server, "A", "z")
    body = {"group_key": '{}:{team="z"}', "by": "bob", "duration": "30m"}
    path = "/api/watchkeeper/v1/acknowledgements"
    mistyped = server.ask(path, "POST", json.dumps({**body, "durration": "1h"}).encode())
    assert (mistyped.status, 'did you mean "duration"?' in mistyped.json["error"]) == (400, True)
    given = server.ask(path, "POST", json.dumps(body).encode()).data
    assert (given["by"], given["given"]) == ("bob", True)
    again = server.ask(path, "POST", json.dumps({**body, "by": "carol"}).encode()).data
    assert (again["by"], again["given"]) == ("bob", False)
    query = urlencode({"group_key": body["group_key"], "by": "bob"})
    assert server.ask(f"{path}?{query}", "DELETE").status == 200
    assert acknowledged(server) == []
    assert server.ask(f"{path}?{query}", "DELETE").status == 404
    assert server.ask(path, "POST", json.dumps({**body, "group_key": "{}:{}"}).encode()).status == 404
