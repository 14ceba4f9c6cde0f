"""Incidents on a running server: from an alert to the post-mortem, over a kill -9, by HTTP, page and command."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from watchkeeper_server import Answer, Server, run, until, watchkeeper

API = "/api/watchkeeper/v1"
CONFIG = """
route: {receiver: nobody, group_wait: 0s, group_interval: 1s}
receivers: [{name: nobody}]
runbooks: ["*.md", pack:hera]
incidents:
- name: serious
  matchers: [severity="critical"]
  group_by: [service]
"""
RUNBOOK = """\
---
title: Restart the shop
alerts: [Down]
---

- [ ] look at `journalctl`
- [ ] <script>alert(1)</script> restart it
"""


class Scene:
    """A server that can be killed, and what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running = ExitStack()
        self.server: Server

    def start(self) -> None:
        self.server = self._running.enter_context(watchkeeper(self.folder, CONFIG, "--web.enable-lifecycle"))

    def stop(self) -> None:
        self._running.close()

    def kill(self) -> None:
        """End the process as nobody could foresee."""
        self.server.process.kill()
        self.server.process.wait()
        self._running.close()

    def ask(self, path: str, method: str = "GET", tenant: str = "", **body: Any) -> Answer:
        sent = json.dumps(body).encode() if body else None
        headers = {"X_Scope_OrgID": tenant} if tenant else {}
        return self.server.ask(f"{API}{path}", method, sent, Content_Type="application/json", **headers)

    def alert(self, name: str, service: str, *, ends: bool = False) -> None:
        labels = {"alertname": name, "service": service, "severity": "critical"}
        alert: dict[str, Any] = {"labels": labels, "annotations": {"summary": f"{service} is <{name}>"}}
        if ends:
            alert["endsAt"] = datetime.now(UTC).isoformat()
        sent = json.dumps([alert]).encode()
        assert self.server.ask("/api/v2/alerts", "POST", sent, Content_Type="application/json").status == 200

    def opened(self, service: str) -> str:
        """The id of the incident of a service, once there is one."""
        until(lambda: self.ask(f"/incidents?service={service}").data)
        return str(self.ask(f"/incidents?service={service}").data[0]["id"])

    def story(self, id: str) -> list[str]:
        return [entry["text"] for entry in self.ask(f"/incidents/{id}").data["timeline"]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("incidents"))
    (made.folder / "restart.md").write_text(RUNBOOK)
    made.start()
    yield made
    made.stop()


def test_from_an_alert_to_the_post_mortem_over_a_kill(scene: Scene):
    scene.alert("Down", "shop")
    id = scene.opened("shop")
    one = scene.ask(f"/incidents/{id}").data
    assert (one["title"], one["status"], one["runbook"]) == ("shop is <Down>", "triggered", "restart")
    deployment = {"service": "shop", "version": "1.2", "environment": "production", "by": "carol"}
    answers = [
        scene.ask(f"/incidents/{id}/notes", "POST", by="alice", text="looking at it", via="slack"),
        scene.ask(f"/incidents/{id}/runbook/steps/1", "PUT", by="alice"),
        scene.ask("/deployments", "POST", **deployment),
    ]
    assert [answer.status for answer in answers] == [200, 200, 200]
    acknowledged = scene.ask(f"/incidents/{id}/acknowledge", "POST", by="bob").data
    assert acknowledged["status"] == "acknowledged"

    scene.kill()
    scene.start()
    after = scene.ask(f"/incidents/{id}").data
    assert {**after, "timeline": [], "url": ""} == {**acknowledged, "timeline": [], "url": ""}
    told = [entry["text"] for entry in acknowledged["timeline"]]
    assert [text for text in scene.story(id) if text in told] == told

    scene.alert("Down", "shop", ends=True)
    until(lambda: scene.ask(f"/incidents/{id}").data["status"] == "resolved")
    document = scene.ask(f"/incidents/{id}/postmortem")
    assert document.headers["content-type"] == "text/markdown; charset=utf-8"
    for expected in (
        "shop is \\<Down\\>",
        "was opened by the rule serious for an alert",
        "| Note: looking at it | alice |",
        "alice did step 1 of the runbook restart",
        "carol deployed shop 1.2 to production",
        f"bob acknowledged {id}",
        f"{id} is resolved: all its alerts have ended",
        "- [x] look at `journalctl`",
    ):
        assert expected in document.text
    assert scene.ask(f"/incidents/{id}/resolve", "POST", by="bob").data["status"] == "resolved"
    (figures,) = scene.ask("/incidents/statistics?since=1h").data
    assert (figures["name"], figures["resolved"], figures["acknowledged"]) == ("shop", 1, 1)


def test_a_receiver_keeps_a_ticket_from_when_somebody_asks(scene: Scene):
    id = scene.ask("/incidents", "POST", by="alice", title="Nobody can log in").json["data"]["id"]
    assert scene.ask(f"/incidents/{id}").data["ticket"] == ""
    refused = scene.ask(f"/incidents/{id}/ticket", "POST", by="bob", receiver="nobdy")
    assert (refused.status, refused.json["error"]) == (400, 'there is no receiver "nobdy": did you mean "nobody"?')
    assert scene.ask(f"/incidents/{id}/ticket", "POST", by="bob").status == 400
    assert scene.ask("/incidents/INC-99/ticket", "POST", by="bob", receiver="nobody").status == 404
    assert scene.ask(f"/incidents/{id}/ticket", "POST", by="bob", receiver="nobody").data["ticket"] == "nobody"
    assert f"bob asked for a ticket of {id} by the receiver nobody" in scene.story(id)


def test_the_command_asks_for_a_ticket_and_says_who_keeps_it(scene: Scene):
    id = scene.ask("/incidents", "POST", by="alice", title="Nobody can pay").json["data"]["id"]
    where = ("--data", str(scene.folder / "data"))
    assert run("incidents", "ticket", *where, id).stdout == f"{id} has no ticket\n"
    refused = run("incidents", "ticket", *where, id, "nobdy")
    assert (refused.returncode, refused.stderr) == (1, 'there is no receiver "nobdy": did you mean "nobody"?\n')
    kept = f"the receiver nobody keeps a ticket of {id}\n"
    assert run("incidents", "ticket", *where, "--by", "bob", id, "nobody").stdout == kept
    assert run("incidents", "ticket", *where, id).stdout == kept
    assert f"bob asked for a ticket of {id} by the receiver nobody" in scene.story(id)


def test_people_open_change_merge_and_split(scene: Scene):
    scene.alert("Slow", "bank")
    scene.alert("Wrong", "bank")
    bank = scene.opened("bank")
    until(lambda: len(scene.ask(f"/incidents/{bank}").data["alerts"]) == 2)
    made = scene.ask("/incidents", "POST", by="alice", title="Nobody can pay", severity="high", service="till")
    assert made.status == 201
    assert made.headers["location"] == f"{scene.server.url}{API}/incidents/{made.json['data']['id']}"
    till = made.json["data"]["id"]
    changed = scene.ask(
        f"/incidents/{till}",
        "PATCH",
        by="alice",
        roles={"commander": "carol"},
        actionItems=[{"text": "test it", "owner": "dave"}],
        links=[{"url": "https://example.org/1", "title": "ticket"}],
    ).data
    assert (changed["roles"]["commander"], changed["actionItems"][0]["owner"]) == ("carol", "dave")
    whole = scene.ask(f"/incidents/{bank}/merge", "POST", by="alice", incident=till).data
    assert whole["merged"] == [till]
    assert scene.ask(f"/incidents/{till}").data["mergedInto"] == bank
    assert scene.ask(f"/incidents/{till}", "PATCH", by="bob", title="x").status == 409
    out = whole["alerts"][0]["fingerprint"]
    wrong = scene.ask(f"/incidents/{bank}/split", "POST", by="bob", alerts=[out], ticket="nobdy")
    assert (wrong.status, wrong.json["error"]) == (400, 'there is no receiver "nobdy": did you mean "nobody"?')
    apart = {"by": "bob", "alerts": [out], "title": "Another matter", "ticket": "nobody"}
    new = scene.ask(f"/incidents/{bank}/split", "POST", **apart).data
    assert (new["title"], [alert["fingerprint"] for alert in new["alerts"]]) == ("Another matter", [out])
    assert (new["ticket"], scene.ask(f"/incidents/{bank}").data["ticket"]) == ("nobody", "")


def test_who_acknowledges_too_late_does_not_open_again_what_is_resolved(scene: Scene):
    id = scene.ask("/incidents", "POST", by="alice", title="too late").json["data"]["id"]
    resolved = scene.ask(f"/incidents/{id}/resolve", "POST", by="alice").data
    late = scene.ask(f"/incidents/{id}/acknowledge", "POST", by="bob")
    assert (late.status, late.json["error"].startswith(f"{id} is resolved already")) == (409, True)
    assert scene.ask(f"/incidents/{id}").data["timeline"] == resolved["timeline"]
    again = scene.ask(f"/incidents/{id}", "PATCH", by="bob", status="acknowledged").data
    assert again["status"] == "acknowledged"


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "error"),
    [
        ("/incidents/INC-999", "GET", {}, 404, 'there is no incident "INC-999"'),
        ("/incidents?status=shut", "GET", {}, 400, '"shut" is none of open, triggered'),
        ("/incidents?limit=0", "GET", {}, 400, "right would be a number from 1 to 1000"),
        ("/incidents", "POST", {"title": "x"}, 400, '"by" is missing'),
        ("/incidents", "POST", {"by": "alice"}, 400, '"title" is missing'),
        ("/incidents", "POST", {"by": "alice", "title": "x", "alerts": ["1"]}, 400, 'there is no alert "1"'),
        ("/incidents", "POST", {"by": "alice", "title": "x", "color": "red"}, 400, "unknown field `color`"),
        ("/incidents", "POST", {"by": "alice", "titel": "x"}, 400, '`titel`: did you mean "title"?'),
        (
            "/incidents/INC-1",
            "PATCH",
            {"by": "alice", "links": [{"href": "x"}]},
            400,
            "unknown field `href` - at `$.links[0]`: right would be url, title",
        ),
        (
            "/incidents/INC-1",
            "PATCH",
            {"by": "alice", "status": "shut"},
            400,
            "right would be acknowledged, mitigated, resolved",
        ),
        ("/incidents/INC-1", "PATCH", {"by": "alice", "links": [{"url": "javascript:x"}]}, 400, '"url" is no URL'),
        ("/incidents/INC-1", "PATCH", {"by": "alice", "runbook": "restrat"}, 400, 'did you mean "restart"?'),
        ("/incidents/INC-1/notes", "POST", {"by": "alice", "text": " "}, 400, '"text" is missing'),
        ("/incidents/INC-1/runbook/steps/9", "PUT", {"by": "alice"}, 404, "there is no step 9"),
        ("/incidents/INC-1/runbook/steps/one", "PUT", {"by": "alice"}, 404, 'there is no step "one"'),
        ("/incidents?since=soon", "GET", {}, 400, '"soon" to a valid timestamp: right would be 2026-01-31T18:00:00Z'),
        ("/deployments", "POST", {"service": "shop"}, 400, '"version" is missing'),
        ("/runbooks/restrat", "GET", {}, 404, 'did you mean "restart"?'),
        ("/alerts/0000000000000000/runbook", "GET", {}, 404, "there is no alert"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(
    scene: Scene, path: str, method: str, body: dict[str, Any], status: int, error: str
):
    scene.alert("Down", "refusals")
    scene.opened("refusals")
    refused = scene.ask(path, method, **body)
    assert (refused.status, refused.json["status"]) == (status, "error")
    assert error in refused.json["error"]


def test_a_tenant_sees_its_own_incidents_only(scene: Scene):
    scene.ask("/incidents", "POST", tenant="other", by="alice", title="Ours")
    assert [one["title"] for one in scene.ask("/incidents", tenant="other").data] == ["Ours"]
    assert "Ours" not in [one["title"] for one in scene.ask("/incidents").data]


def test_runbooks_are_shown_safely_by_name_and_for_an_alert(scene: Scene):
    names = [one["name"] for one in scene.ask("/runbooks").data]
    assert names == ["restart", "brute-force", "high-render-time", "memory-leak", "sql-injection"]
    scene.alert("Down", "books")
    (fingerprint,) = [
        one["fingerprint"] for one in scene.server.get("/api/v2/alerts").json if one["labels"]["service"] == "books"
    ]
    shown = scene.ask(f"/alerts/{fingerprint}/runbook").data
    assert shown["title"] == "Restart the shop"
    assert "<code>journalctl</code>" in shown["html"]
    for page in (shown["html"], scene.server.ask("/runbooks/restart").text):
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_the_pages_escape_what_people_and_alerts_say(scene: Scene):
    made = scene.ask("/incidents", "POST", by="<i>", title="<script>alert(1)</script>", runbook="restart").json["data"]
    scene.ask(f"/incidents/{made['id']}/notes", "POST", by="<i>", text="<img src=x onerror=alert(1)>")
    for path in ("/incidents", f"/incidents/{made['id']}"):
        page = scene.server.ask(path)
        assert page.status == 200
        assert "&lt;script&gt;" in page.text
        assert not [tag for tag in ("<script", "<img", "<i>") if tag in page.text]
    assert scene.server.ask("/incidents/INC-999").status == 404


def test_an_incident_is_dealt_with_in_the_browser_from_the_form_to_the_post_mortem(scene: Scene):
    def send(path: str, **typed: str) -> Answer:
        token = re.search(r'name="form" value="([^"]*)"', scene.server.ask(path).text)
        assert token is not None
        sent = urlencode({"form": token[1], "name": "bob", **typed}).encode()
        return scene.server.ask(path, "POST", sent, Content_Type="application/x-www-form-urlencoded")

    opened = send("/incidents/new", do="open", part="open", title="Nobody can log in", runbook="restart")
    assert (opened.status, opened.headers["location"].endswith("?said=opened&part=status#status")) == (303, True)
    id = opened.headers["location"].split("?")[0]
    page = f"/incidents/{id}"
    acknowledge = {"part": "status", "do": "status:acknowledged", "seen.status": "triggered"}
    assert send(page, **acknowledge).status == 303
    assert send(page, part="status", do="take:assignee").status == 303
    assert send(page, part="runbook", do="tick:1").status == 303
    assert send(page, part="timeline", do="note", text="we <roll> back").status == 303
    assert send(page, part="ticket", do="ticket", receiver="nobody").status == 303
    refused = send(page, **{"part": "status", "do": "status:mitigated", "seen.status": "triggered"})
    assert (refused.status, "has become &quot;acknowledged&quot; since you opened the page" in refused.text) == (
        409,
        True,
    )
    one = scene.ask(f"/incidents/{id}").data
    assert (one["status"], one["assignee"], one["ticket"], one["openedBy"]) == (
        "acknowledged",
        "bob",
        "nobody",
        "bob",
    )
    assert one["runbookSteps"][0]["by"] == "bob"
    link = re.search(r'href="([^"]*/postmortem)" download="([^"]*)"', scene.server.ask(page).text)
    assert link is not None
    assert link[2] == f"{id}.md"
    assert "| Note: we \\<roll\\> back | bob |" in scene.server.ask(link[1]).text
    forged = urlencode({"do": "status:resolved", "part": "status", "name": "mallory"}).encode()
    assert scene.server.ask(page, "POST", forged, Origin="https://evil.example.org").status == 403
    assert scene.server.ask(page, "POST", forged).status == 403


def test_the_command_lists_shows_notes_and_resolves(scene: Scene):
    made = scene.ask(
        "/incidents", "POST", by="alice", title="By command\x1b[31m", service="command", runbook="restart"
    ).json["data"]
    where = ("--data", str(scene.folder / "data"))
    listed = run("incidents", "list", *where, "--service", "command")
    assert (listed.returncode, made["id"] in listed.stdout, "\x1b" in listed.stdout) == (0, True, False)
    assert run("incidents", "note", *where, "--by", "bob", made["id"], "on it").stdout == f"noted on {made['id']}\n"
    assert run("incidents", "tick", *where, made["id"], "1").stdout == "[x] 1. look at `journalctl`\n"
    assert run("incidents", "resolve", *where, "--by", "bob", made["id"]).stdout == f"{made['id']} is resolved\n"
    shown = run("incidents", "show", "--url", scene.server.url, made["id"]).stdout
    assert "bob: on it" in shown
    assert f"bob resolved {made['id']}" in shown
    assert run("incidents", "show", "--postmortem", *where, made["id"]).stdout.startswith(f"# {made['id']}: By command")
    missing = run("incidents", "show", *where, "INC-999")
    assert (missing.returncode, missing.stderr) == (1, 'there is no incident "INC-999"\n')
    nowhere = run("incidents", "list", "--data", str(scene.folder / "elsewhere"))
    assert (nowhere.returncode, "no server runs on" in nowhere.stderr) == (1, True)


def test_our_api_is_described_with_every_path_that_it_has(scene: Scene):
    document = scene.ask("/openapi.json").json
    for path, operations in document["paths"].items():
        for method in operations:
            if any(part in path for part in ("/incidents", "/runbook", "/deployments")):
                asked = path.replace("{id}", "INC-999").replace("{number}", "1").replace("{name}", "x")
                status = scene.ask(asked.replace("{fingerprint}", "0"), method.upper(), by="alice").status
                assert status in (200, 400, 404), (path, method, status)


def test_a_reload_takes_up_runbooks_whole_or_not_at_all(scene: Scene):
    (scene.folder / "good.md").write_text("# Good\n")
    (scene.folder / "bad.md").write_text("---\nowner: alice\n---\n")
    refused = scene.server.ask("/-/reload", "POST")
    assert (refused.status, 'bad.md:2:1: unknown key "owner"' in refused.text) == (500, True)
    assert scene.ask("/runbooks/good").status == 404
    (scene.folder / "bad.md").unlink()
    assert scene.server.ask("/-/reload", "POST").status == 200
    assert scene.ask("/runbooks/good").data["title"] == "Good"


def test_acknowledging_alerts_acknowledges_their_incident(scene: Scene):
    scene.alert("Down", "phone")
    id = scene.opened("phone")
    given = scene.ask("/acknowledgements", "POST", group_key="{}:{}", by="carol")
    assert given.status == 200
    until(lambda: scene.ask(f"/incidents/{id}").data["status"] == "acknowledged")
    story = scene.story(id)
    assert f"carol acknowledged {id}" in story
    assert any(text.startswith("Down{") and " fires since " in text for text in story)
