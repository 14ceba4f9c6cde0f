"""`incidents` and `runbooks` in a configuration, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from watchkeeper.app.configuration import load, load_text
from watchkeeper.base.configuration import ConfigurationFailure


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as caught:
        load_text(text, "f.yml", {})
    return [str(problem) for problem in caught.value.problems]


def test_a_rule_needs_a_name_and_matchers():
    assert refused("incidents:\n- matchers: []\n") == ['f.yml:2:3: "name" is missing in incidents[0]']
    (problem,) = refused("incidents:\n- name: a\n  matchers: []\n")
    assert problem.startswith("f.yml:2:3: incidents[0]: without matchers every alert would open an incident")


def test_what_a_rule_cannot_mean_is_refused_at_its_place():
    text = "incidents:\n- {name: a, matchers: [a=b], title: '{{ .X'}\n- {name: b, matchers: [a=b], reopen_within: 8d}\n"
    title, reopen = refused(text)
    assert title.startswith("f.yml:2:37: incidents[0].title: is no template, at its column ")
    assert reopen == "f.yml:3:45: incidents[1].reopen_within: is longer than 1w"
    text = "incidents:\n- {name: a, matchers: [a=b]}\n- {name: a, matchers: [a=b], runbook: x}\n"
    assert refused(text) == [
        'f.yml:3:10: incidents[1].name: there is a rule "a" already',
        'f.yml:3:39: incidents[1].runbook: there is no runbook "x"',
    ]


def test_a_ticket_goes_to_a_receiver_that_is_there():
    rule = "incidents:\n- {name: a, matchers: [a=b], ticket: taem}\nroute: {receiver: team}\n"
    assert refused(rule + "receivers: [{name: team}]\n") == [
        'f.yml:2:38: incidents[0].ticket: there is no receiver "taem": did you mean "team"?'
    ]


def test_a_runbook_that_cannot_be_read_is_refused_at_its_own_line(tmp_path: Path):
    (tmp_path / "a.md").write_text("---\ntitle: A\nservice: shop\n---\n# A\n")
    (tmp_path / "b.md").write_text("- [ ] look\n- [ ] look\n")
    config = tmp_path / "watchkeeper.yml"
    config.write_text("runbooks: ['*.md', pack:her]\n")
    with pytest.raises(ConfigurationFailure) as caught:
        load([config], {})
    problems = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert problems == [
        'a.md:3:1: unknown key "service" in the top level: did you mean "services"?',
        'b.md: the step "look" stands there twice: whoever ticks one must know which',
        'watchkeeper.yml:1:20: runbooks[1]: there is no pack "her" with runbooks: did you mean "hera"?',
    ]


def test_a_rule_names_a_runbook_that_is_there(tmp_path: Path):
    (tmp_path / "restart.md").write_text("# Restart it\n\n- [ ] restart\n")
    config = tmp_path / "watchkeeper.yml"
    config.write_text("runbooks: ['*.md']\nincidents: [{name: a, matchers: [a=b], runbook: restart}]\n")
    (runbook,) = load([config], {}).runbooks
    assert (runbook.name, runbook.title, [step.text for step in runbook.steps]) == (
        "restart",
        "Restart it",
        ["restart"],
    )


def test_a_pattern_that_matches_nothing_is_a_warning():
    (warning,) = load_text("runbooks: [nowhere/*.md]\n", "f.yml", {}).warnings
    assert str(warning) == "f.yml:1:12: runbooks[0]: no file matches nowhere/*.md"
