"""Scalars as Go's YAML and Prometheus read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.configuration import (
    ConfigurationFailure,
    Count,
    DurationMs,
    FilePath,
    Flag,
    Integer,
    Number,
    Secret,
    Section,
    SizeBytes,
    Text,
    decode,
    read_document,
)
from watchkeeper.base.configuration.scalars import format_size, parse_size
from watchkeeper.base.configuration.secret import hide_telling


class Everything(Section):
    flag: Flag = False
    count: Count = 0
    integer: Integer = 0
    number: Number = 0.0
    text: Text = "default"
    wait_ms: DurationMs = 0
    room_bytes: SizeBytes = 0
    path: FilePath = None
    secret: Secret = Secret("")


def read(text: str) -> Everything:
    return decode(Everything, read_document(text, "folder/f.yml"))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("flag: y", "flag", True),
        ("flag: On", "flag", True),
        ("flag: NO", "flag", False),
        ("flag: ", "flag", False),
        ("count: 1_000", "count", 1000),
        ("count: 0x1F", "count", 31),
        ("count: 0b11", "count", 3),
        ("count: 010", "count", 8),
        ("count: 08", "count", 8),
        ("count: 0o17", "count", 15),
        ("count: 1e3", "count", 1000),
        ("count: 0", "count", 0),
        ("integer: -5", "integer", -5),
        ("integer: +0x10", "integer", 16),
        ("number: 1.5", "number", 1.5),
        ("number: .5", "number", 0.5),
        ("number: -.inf", "number", float("-inf")),
        ("text: 5", "text", "5"),
        ("text: yes", "text", "yes"),
        ("text: 1_000", "text", "1_000"),
        ("text: ", "text", "default"),
        ("wait: 1m30s", "wait_ms", 90_000),
        ("wait: '5d'", "wait_ms", 432_000_000),
        ("wait: 0", "wait_ms", 0),
        ("room: 1.5KB", "room_bytes", 1536),
        ("room: 1GB512MB", "room_bytes", 1536 << 20),
        ("room: 5MiB", "room_bytes", 5 << 20),
        ("room: 0", "room_bytes", 0),
    ],
)
def test_a_scalar_is_read(text, field, value):
    assert getattr(read(text), field) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flag: 'true'", '"true" in quotes is text, not a boolean'),
        ("flag: maybe", '"maybe" is not a boolean (right would be true or false)'),
        ("flag: [a]", "should be true or false"),
        ("count: '5'", '"5" in quotes is text, not an integer'),
        ("count: -1", "-1 is negative"),
        ("count: 1.5", '"1.5" is not an integer'),
        ("count: x", '"x" is not a number'),
        ("number: 1,5", '"1,5" is not a number'),
        ("text: [a]", "text: should be text"),
        ("secret: [hush]", "secret: should be text"),
        ("wait: 15", 'not a valid duration string: "15"'),
        ("room: 5", '"5" is not a size'),
        ("room: 5 MB", '"5 MB" is not a size'),
        ("room: -5MB", '"-5MB" is not a size'),
        ("room: .MB", '".MB" is not a size'),
        ("room: ''", "a size is empty"),
        ("wait_ms: 5", 'unknown key "wait_ms" in the top level'),
    ],
)
def test_what_is_none_is_refused_with_its_place(text, said):
    with pytest.raises(ConfigurationFailure) as caught:
        read(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("folder/f.yml:1:")


def test_a_relative_path_is_relative_to_the_file_that_names_it():
    assert str(read("path: a/b").path) == "folder/a/b"
    assert str(read("path: /a/b").path) == "/a/b"
    assert read("path: ''").path is None


def test_a_secret_shows_itself_to_nobody():
    section = read("secret: hush")
    assert section.secret.reveal() == "hush"
    assert "hush" not in f"{section!r} {section} {section.secret} {section.secret!r} {section.model_dump()}"
    assert section.secret == Secret("hush")
    assert section.secret != Secret("other")


def test_what_sounds_like_a_secret_is_hidden():
    hidden = hide_telling({"server": "s", "token": "hush", "tls": [{"key": "hush", "key_file": "k"}]})
    assert "hush" not in repr(hidden)
    assert "'key_file': 'k'" in repr(hidden)


@given(st.integers(min_value=0, max_value=1 << 60))
def test_a_size_is_written_as_it_can_be_read(size):
    if size < 1 << 50:
        assert parse_size(format_size(size)) == size
