"""The whole way with real processes: a shop breaks, its team is told, nobody looks, the next person does; it recovers.

The second time, the process is killed at each stage.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shop import Shop, open_shop

sys.path.insert(0, str(Path(__file__).parent / "bad_days"))

from watchkeeper_process import Watchkeeper, until

CONFIG = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  slack_api_url: http://127.0.0.1:%(port)d/slack
  pagerduty_url: http://127.0.0.1:%(port)d/v2/enqueue
  smtp_smarthost: 127.0.0.1:%(smtp_port)d
  smtp_from: watchkeeper@example.org
  smtp_require_tls: false
scrape_configs: [{job_name: shop, static_configs: [{targets: ["127.0.0.1:%(port)d"]}]}]
rule_files: [rules.yml]
route: {receiver: team, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: team
  slack_configs: [{channel: "#shop", send_resolved: true, text: "Take it: {{ ackLink .GroupKey }}"}]
  email_configs: [{to: team@example.org, send_resolved: true}]
  pagerduty_configs: [{routing_key: 0123456789abcdef0123456789abcdef}]
  escalation_configs: [{policy: page}]
people:
- {name: alice, contacts: [{name: phone, webhook_configs: [{url: "http://127.0.0.1:%(port)d/alice"}]}]}
- {name: bob, contacts: [{name: phone, webhook_configs: [{url: "http://127.0.0.1:%(port)d/bob"}]}]}
- {name: carol, contacts: [{name: phone, webhook_configs: [{url: "http://127.0.0.1:%(port)d/carol"}]}]}
escalation_policies:
- name: page
  steps: [{notify: [person:alice]}, {notify: [person:bob], after: 2s}, {notify: [person:carol], after: 2m}]
"""
RULES = """
groups:
- name: shop
  rules: [{alert: ShopBroken, expr: shop_broken == 1, labels: {severity: critical}}]
"""
API = "/api/watchkeeper/v1"
TEAM = ("slack", "mail", "pagerduty")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, shop: Shop) -> Iterator[Watchkeeper]:
    (tmp_path / "rules.yml").write_text(RULES)
    config = tmp_path / "watchkeeper.yml"
    config.write_text(CONFIG % {"port": shop.port, "smtp_port": shop.smtp_port})
    with Watchkeeper(tmp_path, config=config) as it:
        yield it


def history(server: Watchkeeper, **search: str) -> list[dict[str, Any]]:
    """The journal, oldest first."""
    return list(reversed(server.get(f"{API}/journal", limit="500", **search).json["data"]["entries"]))


def walk(server: Watchkeeper, shop: Shop, after_each_stage: Callable[[], None]) -> None:
    """From the breaking of the shop until everybody knows that it is over."""

    def told(who: str, *states: str) -> bool:
        return [state for state in shop.told.get(who, []) if state != "acknowledged"][-len(states) :] == list(states)

    shop.broken = True
    for who in TEAM:
        until(lambda who=who: told(who, "firing"), f"{who} to be told")
    after_each_stage()
    until(lambda: told("alice", "firing"), "alice to be told")
    after_each_stage()
    until(lambda: told("bob", "firing"), "bob to be told, since nobody acknowledges")
    after_each_stage()
    taken = server.request("POST", shop.links[0], fields={"name": "bob"}, encode_multipart=False, redirect=False)
    assert taken.status == 303
    after_each_stage()
    until(lambda: [one["state"] for one in server.get(f"{API}/escalations").json["data"]] == ["acknowledged"])
    # Of what a rule finds no more right after a start it says nothing: such an alert ends by itself, minutes later.
    until(lambda: server.get("/api/v1/alerts").json["data"]["alerts"], "the rule to find it, after a start, too")
    shop.broken = False
    for who in (*TEAM, "alice", "bob"):
        until(lambda who=who: told(who, "resolved"), f"{who} to be told of the end")
    after_each_stage()
    until(lambda: server.get(f"{API}/escalations").json["data"] == [], "the escalation's end")


def test_the_whole_way_and_the_history_explains_each_step(server: Watchkeeper, shop: Shop) -> None:
    walk(server, shop, lambda: None)
    both = ["firing", "resolved"]
    assert shop.told.pop("pagerduty") == ["firing", "acknowledged", "resolved"]
    assert shop.told == {"slack": both, "mail": both, "alice": both, "bob": both}

    (alert,) = {name for entry in history(server, kind="alert.fired") for name in entry["alerts"]}
    entries = history(server, alert=alert)
    kinds = [entry["kind"] for entry in entries if entry["kind"] != "notification.sent"]
    assert kinds[:3] == ["alert.fired", "escalation.begun", "escalation.step"]
    assert kinds[3:6] == ["escalation.step", "acknowledgement.given", "escalation.step"]
    assert sorted(kinds[6:]) == ["acknowledgement.ended", "alert.resolved", "escalation.ended"]
    sent = [entry for entry in entries if entry["kind"] == "notification.sent"]
    by = {(entry["receiver"], entry["integration"]) for entry in sent}
    phones = {(f"person/{name}/phone", "webhook[0]") for name in ("alice", "bob")}
    assert by == phones | {("team", f"{kind}[0]") for kind in ("slack", "email", "pagerduty", "escalation")}
    (given,) = [entry for entry in entries if entry["kind"] == "acknowledgement.given"]
    assert given["actor"] == "bob"
    assert "bob" in given["text"]
    assert "ackLink" not in str(entries)
    why = server.get(f"{API}/alerts/{alert}/why", headers={"Accept": "text/plain"})
    assert "team" in why.text


def test_killed_at_each_stage_nobody_is_forgotten_and_the_history_says_who_may_have_been_told_twice(
    server: Watchkeeper, shop: Shop
) -> None:
    def kill() -> None:
        server.kill()
        server.start()

    walk(server, shop, kill)
    unknown = [(entry["receiver"], entry["integration"]) for entry in history(server, kind="notification.unknown")]
    names = {"slack": ("team", "slack[0]"), "mail": ("team", "email[0]"), "pagerduty": ("team", "pagerduty[0]")}
    for who, states in shop.told.items():
        key = names.get(who, (f"person/{who}/phone", "webhook[0]"))
        told = [state for state in states if state != "acknowledged"]
        assert set(told) == {"firing", "resolved"}, who
        steps = 2 if who in ("alice", "bob") else 0  # a page whose outcome nobody knows is made again
        assert len(told) <= 2 + unknown.count(key) + steps, (who, told, unknown)
        assert told[-1] == "resolved"
    assert "carol" not in shop.told
