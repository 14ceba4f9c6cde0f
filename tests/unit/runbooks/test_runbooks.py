"""Runbooks: what is read of them, which alert they are for, and how they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.oncall.runbook import Runbook, Runbooks, html_of
from watchkeeper.oncall.runbook.reading import parse_runbook

TEXT = """\
---
title: The disk is full
alerts: [DiskFull]
services: [shop]
---

# Disk

Some text.

## Look

- [ ] Run `df -h`
- [x] Look at
  the **logs**
- no step

```
- [ ] not this
```

1. [ ] Delete old logs
"""


def runbooks(*texts: tuple[str, str]) -> Runbooks:
    read = [parse_runbook(text, f"{name}.md") for name, text in texts]
    return Runbooks({one.name: one for one in read})


def test_front_matter_and_task_lists_are_read():
    runbook = parse_runbook(TEXT, "folder/disk.md")
    assert (runbook.name, runbook.title, runbook.alerts) == ("disk", "The disk is full", {"DiskFull"})
    assert [(step.section, step.text) for step in runbook.steps] == [
        ("Look", "Run `df -h`"),
        ("Look", "Look at the **logs**"),
        ("Look", "Delete old logs"),
    ]
    assert runbook.body.startswith("# Disk")


def test_steps_in_front_matter_stand_for_those_in_the_text():
    runbook = parse_runbook("---\nsteps: [one, two]\n---\n- [ ] three\n", "a.md")
    assert [step.text for step in runbook.steps] == ["one", "two"]


def test_without_a_title_the_first_heading_is_it_or_the_name():
    assert parse_runbook("## Head *ing*\n", "a.md").title == "Head *ing*"
    assert parse_runbook("text", "a.md").title == "a"


@pytest.mark.parametrize(
    ("text", "file", "problem"),
    [
        ("---\ntitle: x\n", "a.md", "a.md:1:1: the front matter that begins here has no end"),
        ("---\nalerts: x\n---\n", "a.md", "a.md:2:9: alerts: should be a list: put it into [ ]"),
        ("---\na: [\n---\n", "a.md", "a.md:"),
        ("text", "a b.md", "a b.md: a runbook's file is named with letters"),
    ],
)
def test_what_cannot_be_a_runbook_is_refused_at_its_place(text: str, file: str, problem: str):
    with pytest.raises(ConfigurationFailure) as caught:
        parse_runbook(text, file)
    assert str(caught.value.problems[0]).startswith(problem)


@given(st.text(alphabet=st.sampled_from("-[] x#`\n:{}<>&ab*1."), max_size=200))
def test_any_text_is_a_runbook_or_is_refused(text: str):
    try:
        runbook = parse_runbook(text, "a.md")
    except ConfigurationFailure:
        return
    assert all(step.text == " ".join(step.text.split()) != "" for step in runbook.steps)
    assert "<script" not in html_of(runbook.body)


def test_a_rule_names_its_runbook_and_front_matter_is_asked_last():
    known = runbooks(("disk", TEXT), ("other", "# Other"))
    disk = {"alertname": "DiskFull", "service": "shop"}

    def named(labels: dict[str, str], annotations: dict[str, str]) -> str | None:
        found: Runbook | None = known.of(labels, annotations)
        return found.name if found is not None else None

    assert named(disk, {}) == "disk"
    assert named({**disk, "service": "bank"}, {}) is None
    assert named(disk, {"runbook": "other"}) == "other"
    assert named({"alertname": "X", "runbook": "other"}, {}) == "other"
    assert named({}, {"runbook_url": "https://example.org/runbooks/other.md?x=1#top"}) == "other"
    assert named({}, {"runbook_url": "https://example.org/elsewhere"}) is None


VOCABULARY = """
severities:
  label: priority
  levels: [{name: high, aliases: [critical, page]}, {name: low}]
"""


@pytest.mark.parametrize(
    ("vocabulary", "labels", "fits"),
    [
        (VOCABULARY, {"priority": "page"}, True),
        (VOCABULARY, {"priority": "high"}, True),
        (VOCABULARY, {"priority": "low"}, False),
        (VOCABULARY, {"severity": "critical"}, False),
        ("", {"severity": "critical"}, True),
        ("", {"severity": "page"}, False),
        ("", {}, False),
    ],
)
def test_a_runbook_is_for_severities_as_the_vocabulary_means_them(
    vocabulary: str, labels: dict[str, str], fits: bool, tmp_path: Path
):
    (tmp_path / "disk.md").write_text("---\nalerts: [DiskFull]\nseverities: [critical]\n---\n# Disk\n")
    known = load_text(f"runbooks: ['*.md']\n{vocabulary}", str(tmp_path / "f.yml"), {}).runbooks
    assert (known.of({"alertname": "DiskFull", **labels}, {}) is not None) == fits


def test_a_severity_that_the_vocabulary_does_not_know_is_pointed_at(tmp_path: Path):
    path = tmp_path / "disk.md"
    path.write_text("---\nalerts: [DiskFull]\nseverities: [higk]\n---\n# Disk\n")
    [warning] = load_text(f"runbooks: ['*.md']\n{VOCABULARY}", str(tmp_path / "f.yml"), {}).warnings
    assert str(warning) == f'{path}: severities: there is no priority "higk": did you mean "high"?'


def test_html_runs_nothing():
    html = html_of("<script>alert(1)</script>\n\n[x](javascript:alert(1)) <b onclick=x>\n\n- [ ] a\n- [x] b\n")
    assert "<script" not in html
    assert "href" not in html
    assert "<b " not in html
    assert "<li>☐ a</li>" in html
    assert "<li>☑ b</li>" in html


def test_the_packs_runbooks_are_read_and_have_steps():
    found = load_text("runbooks: [pack:hera]\n", "f.yml", {}).runbooks
    assert {one.name: len(one.steps) for one in found} == {
        "brute-force": 9,
        "high-render-time": 9,
        "memory-leak": 9,
        "sql-injection": 9,
    }


def test_cells_of_tables_say_under_which_heading_they_stand() -> None:
    html = html_of('| metric | "who" |\n|---|---|\n| up | bob |\n| | |\n\ntext\n\n| x |\n|---|\n| y |\n')
    assert '<td data-name="metric">up</td>\n<td data-name="&quot;who&quot;">bob</td>' in html
    assert '<td data-name="x">y</td>' in html
    for odd in ("|a|b|\n|-|-|\n|1|2|3|4|\n", "|a|b|\n|-|-|\n|1|\n", "|a|\n|-|\n"):
        assert "<th>a</th>" in html_of(odd)
