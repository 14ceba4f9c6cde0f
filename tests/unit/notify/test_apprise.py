"""Apprise's addresses, by its own plain JSON channel to a server on loopback."""

from __future__ import annotations

import pytest
from aiohttp import web
from notify_house import Open, Recorder, alert, configured

from watchkeeper.base.configuration import ConfigurationFailure


def apprise(recorder: Recorder, *paths: str, more: str = "") -> str:
    urls = ", ".join(f"'{recorder.url.replace('http', 'json')}/{path}'" for path in paths)
    return f"receivers: [{{name: team, apprise_configs: [{{urls: [{urls}]{more}}}]}}]"


async def test_each_address_has_the_message(house: Open, recorder: Recorder) -> None:
    async with house(apprise(recorder, "a", "b", more=", title: 'T {{ .Status }}', body: b")) as room:
        assert await room.tell(alert())
        assert await room.tell(alert(ended=True))
    told = [(request.path.strip("/"), request.json()) for request in recorder.take()]
    assert [path for path, _ in told] == ["a", "b", "a", "b"]
    assert [(body["title"], body["message"], body["type"]) for _, body in told[::2]] == [
        ("T firing", "b", "failure"),
        ("T resolved", "b", "success"),
    ]


async def test_only_the_address_that_failed_is_told_again(house: Open, recorder: Recorder) -> None:
    recorder.answers = [web.Response(), web.Response(status=500)]
    async with house(apprise(recorder, "a", "b")) as room:
        assert await room.tell(alert())
    assert [request.path.strip("/") for request in recorder.take()] == ["a", "b", "b"]


async def test_a_failure_says_which_address_it_was_and_not_the_address(
    house: Open, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.answers = [web.Response(status=403)]
    async with house(apprise(recorder, "HUSH")) as room:
        assert not await room.tell(alert(), deadline=room.clock.ms + 100)
    assert "Apprise could not tell urls[0]" in caplog.text
    assert "HUSH" not in caplog.text


def test_an_address_that_apprise_does_not_know_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationFailure, match="no address that Apprise knows") as refused:
        configured("receivers: [{name: a, apprise_configs: [{urls: ['nosuch://HUSH']}]}]")
    assert "HUSH" not in str(refused.value)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper.notify.config.apprise.find_spec", lambda _: None)
    with pytest.raises(ConfigurationFailure, match=r"watchkeeper\[apprise\]"):
        configured("receivers: [{name: a, apprise_configs: [{urls: ['json://localhost']}]}]")


def test_addresses_are_not_shown() -> None:
    configuration = configured("receivers: [{name: a, apprise_configs: [{urls: ['json://localhost/HUSH']}]}]")
    assert "HUSH" not in configuration.to_yaml()
