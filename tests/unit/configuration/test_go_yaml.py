"""YAML as Go writes it."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.configuration.go_yaml import Inline, go_yaml


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("n", '"n"'),
        ("true", '"true"'),
        ("~", '"~"'),
        ("10", '"10"'),
        ("0x1f", '"0x1f"'),
        ("1e3", '"1e3"'),
        ("09:00", '"09:00"'),
        ("2026-01-02", '"2026-01-02"'),
        ("#ops", "'#ops'"),
        ("- no list", "'- no list'"),
        ("a\nb", "|-\n  a\n  b"),
    ],
)
def test_a_text_that_would_be_read_as_something_else_has_quotes(text: str, written: str):
    assert go_yaml({"key": text}) == f"key: {written}\n"


def test_lists_may_stand_in_one_line():
    assert go_yaml({"days": Inline(["monday:friday", "1:5"]), "teams": ["a"]}) == (
        "days: ['monday:friday', \"1:5\"]\nteams:\n- a\n"
    )


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text())))
def test_what_is_written_is_read_as_it_was(value: dict[str, object]):
    assert yaml.safe_load(go_yaml(value)) == value  # pyright: ignore[reportArgumentType]  # of the kinds that it takes
