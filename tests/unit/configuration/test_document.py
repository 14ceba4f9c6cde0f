"""YAML with places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.base.configuration import ConfigurationFailure, read_document, read_file
from watchkeeper.base.configuration.document import DEPTH_LIMIT
from watchkeeper.base.configuration.tree import Scalar, Table, locate, plain, walk


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as caught:
        read_document(text, "f.yml")
    return [str(problem) for problem in caught.value.problems]


def test_everything_knows_its_place():
    tree = read_document("a:\n  - b: 1\n    c: x\n", "f.yml")
    assert str(locate(tree, ("a", 0, "c"))) == "f.yml:3:8"
    assert str(locate(tree, ("a", 0, "c"), key=True)) == "f.yml:3:5"
    assert str(locate(tree, ("a", 0, "nosuch"))) == "f.yml:2:5"
    assert [loc for loc, _ in walk(tree)] == [(), ("a",), ("a", 0), ("a", 0, "b"), ("a", 0, "c")]


def test_values_are_text_that_knows_whether_it_stood_in_quotes():
    tree = read_document("- 5\n- '5'\n- yes\n- !!str 5\n- ~\n- ''\n- |\n  x\n- null\n-\n", "f.yml")
    assert plain(tree) == ["5", "5", "yes", "5", None, "", "x\n", None, None]
    flags = [item.plain for _, item in walk(tree) if isinstance(item, Scalar)]
    assert flags == [True, False, True, False, False, False]


def test_an_empty_document_is_an_empty_table():
    for text in ("", "# nothing\n", "---\n"):
        tree = read_document(text, "f.yml")
        assert plain(tree) in ({}, None)


def test_anchors_and_merges_unfold():
    tree = read_document("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: {<<: [*x, {f: 4}]}\n", "f.yml")
    assert plain(tree) == {"a": {"b": "1", "c": "2"}, "d": {"c": "3", "b": "1"}, "e": {"b": "1", "c": "2", "f": "4"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: {c: 1,\n  c: 2}\na: 3", ['f.yml:3:3: the key "c" stands already in line 2', "f.yml:4:1: the key"]),
        ("a: [1\nb: 2", ["f.yml:2:2: is not valid YAML: did not find expected ',' or ']'"]),
        ("\ta: 1", ["f.yml:1:1: is not valid YAML: found character that cannot start any token"]),
        ("a: *b", ["f.yml:1:4: is not valid YAML: found undefined alias"]),
        ("a: \x01", ["f.yml:1:4: is not valid YAML: control characters are not allowed"]),
        ("a: 1\n---\nb: 2", ["f.yml:3:1: a second document begins here"]),
        ("a: &a [*a]", ["f.yml:1:4: an anchor contains itself"]),
        ("? [a]\n: b", ["f.yml:1:3: a key must be text"]),
        ("a: {<<: 5}", ["f.yml:1:9: << takes a mapping"]),
        ("[" * 100_000, [f"f.yml:1:{DEPTH_LIMIT + 1}: is nested more than {DEPTH_LIMIT} levels deep"]),
    ],
)
def test_what_cannot_be_read_is_named_at_its_place(text, said):
    found = problems(text)
    assert len(found) == len(said)
    for problem, beginning in zip(found, said, strict=True):
        assert problem.startswith(beginning)


def test_a_bomb_of_aliases_does_not_go_off():
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert "an anchor is used too often" in problems("\n".join(lines))[0]


def test_an_empty_second_document_is_none():
    assert plain(read_document("a: 1\n---\n", "f.yml")) == {"a": "1"}


@given(st.text(alphabet="ab:-[]{}&*!<> \n'\"|#%?,\t~0é", max_size=60))
def test_no_text_makes_trouble(text):
    try:
        tree = read_document(text, "f.yml")
    except ConfigurationFailure as failure:
        assert all(problem.place.file == "f.yml" for problem in failure.problems)
    else:
        for loc, value in walk(tree):
            assert locate(tree, loc).line >= 1
            assert value.place.column >= 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigurationFailure, match=r"nosuch.yml: cannot be read: No such file"):
        read_file(tmp_path / "nosuch.yml")
    path = tmp_path / "latin.yml"
    path.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(ConfigurationFailure, match=r"latin.yml:2:4: is not UTF-8"):
        read_file(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert isinstance(read_file(path), Table)
