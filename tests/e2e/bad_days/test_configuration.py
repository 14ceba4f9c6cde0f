"""Wrong configuration: everything that is wrong at once, each at its place; a bad reload changes nothing."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchkeeper_process import Answer, Watchkeeper, until

_GOOD = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [rules.yml]
"""
_RULES = """\
groups:
- name: one
  rules:
  - record: one
    expr: vector({value})
"""
_WRONG = """\
global:
  scrape_intervall: 1s
  evaluation_interval: soon
scrape_configs:
- job_name: a
  static_configs: [{targets: ['a:1']}]
  scrape_timeout: 5h
- job_name: a
  metrics_pth: /m
"""
_PLACES = ("prometheus.yml:2:3: ", "prometheus.yml:3:24: ", "prometheus.yml:9:3: ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prometheus.yml").write_text(_GOOD)
    (tmp_path / "rules.yml").write_text(_RULES.format(value=1))
    return tmp_path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configured")


@pytest.fixture(scope="module")
def running(place: Path) -> Iterator[Watchkeeper]:
    (place / "prometheus.yml").write_text(_GOOD)
    (place / "rules.yml").write_text(_RULES.format(value=1))
    with Watchkeeper(place, "--web.enable-lifecycle", config=place / "prometheus.yml") as server:
        yield server


def _yaml(server: Watchkeeper) -> str:
    return server.get("/api/v1/status/config").json["data"]["yaml"]


def _by_api(server: Watchkeeper) -> Answer:
    return server.post("/-/reload")


def test_everything_wrong_at_the_start_is_said_at_once_with_its_place(
    make: Callable[..., Watchkeeper], folder: Path
) -> None:
    (folder / "prometheus.yml").write_text(_WRONG)
    server = make(config=folder / "prometheus.yml")
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    for place in _PLACES:
        assert place in server.log()
    assert 'did you mean "scrape_interval"?' in server.log()
    assert "Traceback" not in server.log()
    assert not server.data.exists()


def test_wrong_rules_at_the_start_are_said_and_the_engine_is_gone(
    make: Callable[..., Watchkeeper], folder: Path
) -> None:
    (folder / "rules.yml").write_text(_RULES.format(value="1 +") + "- name: two\n  rules: [{alert: a, exprr: up}]\n")
    server = make(config=folder / "prometheus.yml")
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    assert "rules.yml:5:" in server.log()
    assert "rules.yml:7:22: " in server.log()
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("content", ["a: [", "global: &a [*a]"])
def test_what_is_no_configuration_is_refused_without_a_traceback(
    make: Callable[..., Watchkeeper], folder: Path, content: str
) -> None:
    (folder / "prometheus.yml").write_text(content)
    server = make(config=folder / "prometheus.yml")
    server.launch()
    assert server.process is not None
    assert server.process.wait(60) == 1
    assert re.search(r"prometheus\.yml:[12]:\d+: ", server.log())
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("how", ["the API", "a signal"])
@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("prometheus.yml", _WRONG, _PLACES),
        ("prometheus.yml", _GOOD.replace("rules.yml", "missing.yml"), ()),
        ("prometheus.yml", None, ("prometheus.yml",)),
        ("rules.yml", _RULES.format(value="1 +"), ("rules.yml:5:",)),
        ("rules.yml", "groups: 1", ("rules.yml:1:",)),
    ],
)
def test_a_bad_reload_changes_nothing_and_the_next_good_one_works(
    running: Watchkeeper, place: Path, how: str, file: str, content: str | None, said: tuple[str, ...]
) -> None:
    good = (place / file).read_text()
    before, logged = _yaml(running), len(running.log())
    successes = running.metric("watchkeeper_config_last_reload_success_timestamp_seconds")
    if content is None:
        (place / file).unlink()
    else:
        (place / file).write_text(content)
    try:
        _reload(running, how, bad=bool(said))
        if said:
            _refused(running, said, logged, before)
    finally:
        (place / file).write_text(good)
    answer = _by_api(running)
    assert answer.status == 200, answer.text
    assert running.metric("watchkeeper_config_last_reload_successful") == 1
    assert running.metric("watchkeeper_config_last_reload_success_timestamp_seconds") >= successes
    assert running.get("/api/v1/notifications").json["data"] == []
    assert _yaml(running) == before


def _reload(server: Watchkeeper, how: str, *, bad: bool) -> None:
    if how == "the API":
        assert _by_api(server).status == (500 if bad else 200)
    else:
        logged = len(server.log())
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: len(server.log()) > logged, "the reload")


def _refused(server: Watchkeeper, said: tuple[str, ...], logged: int, before: str) -> None:
    until(lambda: server.metric("watchkeeper_config_last_reload_successful") == 0, "the refusal", 20)
    for text in said:
        assert text in server.log()[logged:]
    assert "Traceback" not in server.log()
    assert _yaml(server) == before
    notes = server.get("/api/v1/notifications").json["data"]
    assert [note["active"] for note in notes] == [True]
    rules = server.get("/api/v1/rules").json["data"]["groups"]
    assert [group["name"] for group in rules] == ["one"]


def test_a_good_reload_takes_up_what_is_new(running: Watchkeeper, place: Path) -> None:
    (place / "rules.yml").write_text(_RULES.format(value=2))
    assert _by_api(running).status == 200
    until(lambda: running.value("one") == 2, "the new rule's result", 20)
    (place / "rules.yml").write_text(_RULES.format(value=1))
    assert _by_api(running).status == 200
    until(lambda: running.value("one") == 1, "the old rule's result", 20)
