"""A link does what it was made for, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.access import InvalidToken, Signer, open_signer
from watchkeeper.base.clock import SystemClock
from watchkeeper.store.control import ControlDatabase


class Moved(Protocol):
    """A clock that tests move by hand."""

    ms: int

    def now_ms(self) -> int: ...

    def monotonic_s(self) -> float: ...


CONTENT = {"group_key": '{}/{team="ä"}:{a="b"}', "tenant": "default"}


def test_a_token_gives_back_what_it_was_made_with() -> None:
    signer = Signer(SystemClock(), b"k" * 32)
    assert signer.content("ack", signer.token("ack", CONTENT, 1000)) == CONTENT


def test_a_token_expires_at_its_end(clock: Moved) -> None:
    signer = Signer(clock, b"k" * 32)
    token = signer.token("ack", CONTENT, 1000)
    clock.ms += 999
    assert signer.content("ack", token)
    clock.ms += 1
    with pytest.raises(InvalidToken, match="expired") as raised:
        signer.content("ack", token)
    assert raised.value.expired


def test_a_token_is_good_for_its_purpose_only() -> None:
    signer = Signer(SystemClock(), b"k" * 32)
    with pytest.raises(InvalidToken, match="another purpose"):
        signer.content("silence", signer.token("ack", CONTENT, 1000))


def test_a_token_of_another_key_is_refused() -> None:
    token = Signer(SystemClock(), b"x" * 32).token("ack", CONTENT, 1000)
    with pytest.raises(InvalidToken, match="not ours"):
        Signer(SystemClock(), b"k" * 32).content("ack", token)


@given(st.text())
def test_whatever_is_no_token_is_refused_clearly(text: str) -> None:
    with pytest.raises(InvalidToken):
        Signer(SystemClock(), b"k" * 32).content("ack", text)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    signer = Signer(SystemClock(), b"k" * 32)
    token = signer.token("ack", CONTENT, 1000)
    position = data.draw(st.integers(0, len(token) - 2))
    letter = data.draw(st.sampled_from("ABCxyz019-_."))
    if letter == token[position] or position == token.index(".") - 1:
        return
    with pytest.raises(InvalidToken):
        signer.content("ack", token[:position] + letter + token[position + 1 :])


def test_the_key_does_not_show() -> None:
    assert "secret" not in repr(Signer(SystemClock(), b"secret" * 6))


async def test_the_key_is_the_same_after_a_restart(tmp_path: Path, clock: Moved) -> None:
    tokens = list[str]()
    for _ in range(2):
        control = ControlDatabase.at(f"sqlite:///{tmp_path / 'control.db'}")
        signer = await open_signer(control, clock)
        tokens.append(signer.token("ack", CONTENT, 1000))
        await control.close()
    assert tokens[0] == tokens[1]
