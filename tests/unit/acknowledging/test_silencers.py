"""Who makes, changes and ends silences over the APIs is in the journal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from acknowledging_house import OURS, T0, House

RECURRING = "/api/watchkeeper/v1/recurring-silences"
NIGHTLY = {"matchers": ['team="x"'], "cron": "0 4 * * *", "duration": "2h", "created_by": "alice", "comment": "c"}


async def make(house: House, *, login: str = "", **more: object) -> str:
    """Make a silence over API v2; its id."""
    at = lambda ms: datetime.fromtimestamp(ms / 1000, UTC).isoformat()  # noqa: E731
    silence = {
        "matchers": [{"name": "team", "value": "x", "isRegex": False}],
        "startsAt": at(T0),
        "endsAt": at(T0 + 3_600_000),
        "createdBy": "alice",
        "comment": "c",
        **more,
    }
    answer = await sent(house, "POST", "/api/v2/silences", silence, login=login)
    return str(json.loads(answer)["silenceID"])


async def sent(house: House, method: str, path: str, body: Any = None, *, login: str = "", **said: str) -> str:
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in said.items()}}
    answer = await house.ask(
        path, method, login=login, headers=headers, data=None if body is None else json.dumps(body)
    )
    assert answer.status in (200, 204), answer.text
    return answer.text


async def test_who_ends_a_silence_without_a_login_is_known_by_api_and_address(house: House) -> None:
    id = await make(house)
    await sent(house, "DELETE", f"/api/v2/silence/{id}")
    assert [actor for actor, _ in await house.done("silence.created")] == ["alice"]
    assert await house.done("silence.expired") == [
        ("API v2 (127.0.0.1)", 'the silence of alice for {team="x"} was ended early by API v2 (127.0.0.1)')
    ]


async def test_who_has_logged_in_is_named_before_whose_silence_it_is(house_with_logins: House) -> None:
    house = house_with_logins
    id = await make(house, login="bob")
    [(actor, text)] = await house.done("silence.created")
    assert actor == "bob"
    assert text.startswith('bob made a silence in the name of alice for {team="x"} from ')
    id = await make(house, login="bob", id=id, createdBy="bob", comment="longer")
    [(actor, text)] = await house.done("silence.changed")
    assert actor == "bob"
    assert text.startswith('bob changed a silence for {team="x"} from')
    await sent(house, "DELETE", f"/api/v2/silence/{id}", login="bob")
    assert [actor for actor, _ in await house.done("silence.expired")] == ["bob"]


async def test_who_puts_another_silence_in_the_place_of_one_ends_it(house: House) -> None:
    id = await make(house)
    other = [{"name": "team", "value": "y", "isRegex": False}]
    await make(house, id=id, matchers=other, createdBy="bob")
    assert await house.done("silence.expired") == [
        ("bob", 'the silence of alice for {team="x"} was ended early by bob')
    ]


async def test_who_makes_changes_and_deletes_a_recurring_silence_is_known(house: House) -> None:
    await sent(house, "POST", RECURRING, {"name": "nightly", **NIGHTLY})
    house.clock.ms += 1000
    await sent(house, "PUT", f"{RECURRING}/nightly?actor=bob", {**NIGHTLY, "comment": "d"})
    house.clock.ms += 1000
    await sent(house, "DELETE", f"{RECURRING}/nightly")
    made, *_ = await house.done("silence.created")
    assert made == ("alice", 'The recurring silence "nightly" was made by alice.')
    assert await house.done("silence.changed") == [("bob", 'The recurring silence "nightly" was changed by bob.')]
    api = "API (127.0.0.1)"
    ended = 'the silence of alice for {team="x"} was ended early by'
    assert set(await house.done("silence.expired")) == {
        ("bob", f"{ended} bob"),
        (api, f'The recurring silence "nightly" was deleted by {api}.'),
        (api, f"{ended} {api}"),
    }


async def test_a_login_says_best_who_deletes_a_recurring_silence(house_with_logins: House) -> None:
    house = house_with_logins
    await sent(house, "POST", RECURRING, {"name": "nightly", **NIGHTLY}, login="bob")
    await sent(house, "DELETE", f"{RECURRING}/nightly?actor=alice", login="bob")
    assert {actor for actor, _ in await house.done("silence.expired")} == {"bob"}


async def test_what_another_process_of_ours_hands_on_comes_from_whoever_asked_it(house: House) -> None:
    for token in (OURS, "forged"):
        id = await make(house)
        told = {"X_Watchkeeper_Forwarded": token, "X_Watchkeeper_Forwarded_For": "192.0.2.7"}
        await sent(house, "DELETE", f"/api/v2/silence/{id}", **told)
    actors = [actor for actor, _ in await house.done("silence.expired")]
    assert actors == ["API v2 (192.0.2.7)", "API v2 (127.0.0.1)"]


async def test_a_login_is_good_at_whichever_process_it_was_said(house_with_logins: House) -> None:
    house = house_with_logins
    id = await make(house, login="bob")
    await sent(house, "DELETE", f"/api/v2/silence/{id}", login="bob", X_Watchkeeper_Forwarded=OURS)
    assert [actor for actor, _ in await house.done("silence.expired")] == ["bob"]
    await house.fire("A")
    page = await house.ask('/ack/{}:{team="x"}', login="bob", headers={"X-Watchkeeper-Forwarded": OURS})
    assert "You are <strong>bob</strong>" in page.text
