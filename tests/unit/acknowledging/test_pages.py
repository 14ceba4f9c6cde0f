"""Signed links, group keys in URLs, and who may do what there."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import pytest
from acknowledging_house import KEY, T0, House, hidden

from watchkeeper.oncall.links import SILENCE


def link(house: House, **more: str) -> str:
    return house.path(house.oncall.links.acknowledge("default", KEY, **more))


async def test_looking_changes_nothing_and_shows_what_fires(house: House) -> None:
    await house.fire("A", "B")
    for method in ("GET", "HEAD"):
        assert (await house.ask(link(house), method)).status == 200
    shown = await house.ask(link(house))
    assert "&lt;b&gt;A&lt;/b&gt;" in shown.text
    assert "<b>" not in shown.text
    assert "2 firing since" in shown.text
    assert "Told to: page" in shown.text
    assert "05:40 Europe/Berlin" in shown.text
    assert "script" not in shown.headers["Content-Security-Policy"]
    assert house.by() == ""


async def test_of_hundreds_of_alerts_most_are_folded_and_what_they_share_is_said_once(house: House) -> None:
    await house.fire(*(f"Down{i}" for i in range(300)))
    for page in (link(house), house.path(house.oncall.links.silence("default", KEY))):
        shown = (await house.ask(page)).text
        table = shown.split("300 firing since")[1]
        assert (table.count("<strong>Down"), table.count("<bdi>team</bdi>=<bdi>x</bdi>")) == (300, 1)
        assert "<summary>280 more</summary>" in table


async def test_what_was_typed_comes_back_with_what_is_wrong(house: House) -> None:
    await house.fire("A")
    silence = house.path(house.oncall.links.silence("default", KEY))
    typed = {"name": "alice", "comment": "“kept”", "duration": "1d"}
    for path, wrong in ((link(house), {"duration": "soon"}), (silence, {"form": ""}), (silence, {"comment": " "})):
        back = await house.ask(path, "POST", data={**typed, **wrong})
        assert (back.status, 'value="alice"' in back.text) == (400, True)
        assert ('value="“kept”"' in back.text) is ("comment" not in wrong)
        assert ('value="1d" required checked' in back.text) is (path == silence)


async def test_the_form_acknowledges_and_the_name_is_remembered(house: House) -> None:
    await house.fire("A")
    form = {"name": " carol  ", "comment": "“on it”", "duration": "1h", "action": "acknowledge"}
    done = await house.ask(link(house), "POST", data=form)
    assert (done.status, done.headers["Location"]) == (303, "?said=given")
    one = house.oncall.acknowledgements.of("default", KEY)
    assert one is not None
    assert (one.actor, one.via, one.comment, one.until) == ("carol", "link", "“on it”", T0 + 3_600_000)
    await house.ask(link(house), "POST", data={"name": "carol", "action": "release"})
    shown = await house.ask(link(house), headers={"Cookie": done.headers["Set-Cookie"].split(";")[0]})
    assert 'value="carol"' in shown.text


async def test_a_link_that_was_made_for_a_person_needs_no_name(house: House) -> None:
    await house.fire("A")
    await house.ask(link(house, person="dave"), "POST", data={"name": "mallory"})
    assert house.by() == "dave"


async def test_without_a_name_nothing_is_done(house: House) -> None:
    await house.fire("A")
    answer = await house.ask(link(house), "POST", data={"name": " "})
    assert answer.status == 400
    assert "Your name is missing" in answer.text
    assert house.by() == ""


async def test_forged_old_and_misused_links_are_refused_and_counted(house: House) -> None:
    await house.fire("A")
    good = link(house)
    for bad in (good[:-2], good.replace("/t/", "/t/x"), "/ack/t/" + house.signer.token(SILENCE, {}, 1000)):
        assert (await house.ask(bad, "POST", data={"name": "dave"})).status == 403
    house.clock.ms += 7 * 86_400_000
    assert (await house.ask(good, "POST", data={"name": "dave"})).status == 410
    assert house.by() == ""
    assert house.figure("watchkeeper_callbacks_total", channel="link", outcome="refused") == 4
    assert len(await house.said("callback.refused")) == 2


async def test_a_page_of_others_cannot_send_the_form(house: House) -> None:
    await house.fire("A")
    for origin in ("https://evil.example.org", "null"):
        answer = await house.ask(link(house), "POST", data={"name": "dave"}, headers={"Origin": origin})
        assert answer.status == 403
    ours = {"Origin": "https://watch.example.org"}
    assert (await house.ask(link(house), "POST", data={"name": "dave"}, headers=ours)).status == 303


async def test_a_group_in_which_nothing_fires_says_so(house: House) -> None:
    answer = await house.ask(link(house))
    assert (answer.status, "Nothing fires" in answer.text) == (200, True)
    assert (await house.ask(link(house), "POST", data={"name": "dave"})).status == 409


async def test_without_logins_a_bare_group_key_does_nothing(house: House) -> None:
    await house.fire("A")
    for method in ("GET", "POST"):
        answer = await house.ask(f"/ack/{quote(KEY)}", method)
        assert (answer.status, "basic_auth_users" in answer.text) == (403, True)


@pytest.mark.parametrize("written", [KEY, quote(KEY), quote(KEY, safe=""), quote_plus(KEY)])
async def test_a_bare_group_key_may_be_written_in_any_way_and_needs_a_login(
    house_with_logins: House, written: str
) -> None:
    house = house_with_logins
    await house.fire("A")
    assert (await house.ask(f"/ack/{written}")).status == 401
    shown = await house.ask(f"/ack/{written}", login="bob")
    assert "1 firing" in shown.text
    assert "You are <strong>bob</strong>" in shown.text
    assert (await house.ask(f"/ack/{written}", "POST", login="bob", data={"name": "bob"})).status == 403
    assert house.by() == ""
    form = {"form": hidden(shown.text, "form"), "name": "mallory"}
    assert (await house.ask(f"/ack/{written}", "POST", login="bob", data=form)).status == 303
    assert house.by() == "bob"


async def test_a_key_with_spaces_and_question_marks_is_found(house_with_logins: House) -> None:
    house = house_with_logins
    await house.fire("A", team="who is it?/x")
    for written in ('{}:{team="who is it?/x"}', quote_plus('{}:{team="who is it?/x"}')):
        assert "1 firing" in (await house.ask(f"/ack/{written}", login="bob")).text
    assert (await house.ask("/ack/nothing", login="bob")).status == 404


async def test_a_signed_link_needs_no_login_where_there_are_some(house_with_logins: House) -> None:
    house = house_with_logins
    await house.fire("A")
    assert (await house.ask(link(house), "POST", data={"name": "carol"})).status == 303
    assert house.by() == "carol"
    assert (await house.ask("/ack/t/../../api/watchkeeper/v1/acknowledgements")).status in (401, 403, 404)
    assert (await house.ask("/api/watchkeeper/v1/acknowledgements")).status == 401


async def test_until_monday_silences_what_the_page_has_shown(house: House) -> None:
    await house.fire("A")
    path = house.path(house.oncall.links.silence("default", KEY))
    shown = (await house.ask(path)).text
    assert "2025-11-24 09:00 Europe/Berlin" in shown
    await house.fire("B")
    form = {"name": "alice", "duration": "monday", "comment": "known", "form": hidden(shown, "form")}
    assert (await house.ask(path, "POST", data={**form, "form": "x.y"})).status == 400
    assert (await house.ask(path, "POST", data={**form, "duration": "1y"})).status == 400
    assert house.alerts.silences.all("default") == []
    done = await house.ask(path, "POST", data=form)
    assert done.status == 303
    (silence,) = house.alerts.silences.all("default")
    assert [(m.name, m.value) for m in silence.matchers] == [("alertname", "A"), ("team", "x")]
    assert (silence.created_by, silence.comment) == ("alice", "known")
    assert silence.ends_at == datetime(2025, 11, 24, 8, tzinfo=UTC).timestamp() * 1000
    assert "It is silenced until" in (await house.ask(path + done.headers["Location"])).text


async def test_while_the_database_takes_nothing_the_page_says_so(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.fire("A")
    await house.control.run([("ALTER TABLE oncall_acknowledgements RENAME TO away", [{}])])
    answer = await house.ask(link(house), "POST", data={"name": "alice"})
    assert (answer.status, "send the form again" in answer.text) == (503, True)
    assert house.by() == ""
    assert link(house) not in caplog.text
