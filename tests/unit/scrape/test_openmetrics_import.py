"""Backfill from OpenMetrics files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from watchkeeper.cli.import_ import import_
from watchkeeper.model.labels import Labels
from watchkeeper.receive import openmetrics_import
from watchkeeper.receive.openmetrics_import import ImportFailure, Source, source
from watchkeeper.store import Store

HOUR_MS = 3_600_000


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def make(body: bytes, name: str = "a.om") -> Path:
        path = tmp_path / name
        path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
        return path

    return make


@pytest.fixture
def big(now: int) -> bytes:
    lines = [b"# HELP a What.\n# TYPE a counter\n"]
    lines += [b'a_total{i="%d"} %d %d.5\n' % (i % 50, i, now // 1000 - 3000 + i // 50) for i in range(20_000)]
    return b"".join([*lines, b"# EOF\n"])


@pytest.fixture
def now() -> int:
    from watchkeeper.base.clock import SystemClock

    return SystemClock().now_ms()


@pytest.mark.parametrize("name", ["a.om", "a.om.gz"])
async def test_a_file_is_stored_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, write: Any, big: bytes, name: str, store: Store, stored: Any
) -> None:
    monkeypatch.setattr(source, "PIECE_BYTES", 10_000)
    path, told = write(big, name), []
    checked = openmetrics_import.check(Source.of(path), told.append)
    assert (checked.samples, checked.series) == (20_000, 50)
    assert told[-1] == path.stat().st_size
    for _ in range(2):
        outcome = await openmetrics_import.store(Source.of(path), store, "default", told.append)
        assert (outcome.accepted, outcome.refused) == (20_000, 0)
    found = stored("a_total")
    assert len(found) == 50
    assert [v for _, v in found[Labels({"i": "7"})]] == [float(i) for i in range(7, 20_000, 50)]
    assert store.metadata("default", "a")["a"][0].type == "counter"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a 1 1\n", "does not end"),
        (b"", "does not end"),
        (b"a 1 1\nb x 1\n# EOF\n", ":2: the value"),
        (b"a 1 1\nb 1\n# EOF\n", "has no timestamp"),
        (b"a 1 1\n# EOF\nb 1 1\n", "does not end|something follows"),
        (b"a 1 1\n# EOF\nb 1 1\n# EOF\n", "something follows"),
    ],
)
@pytest.mark.parametrize("piece", [4, 1 << 20])
def test_a_bad_file_is_refused_before_anything_is_stored(
    monkeypatch: pytest.MonkeyPatch, write: Any, body: bytes, message: str, piece: int
) -> None:
    monkeypatch.setattr(source, "PIECE_BYTES", piece)
    with pytest.raises(ImportFailure, match=message):
        openmetrics_import.check(Source.of(write(body)), lambda _: None)


def test_an_errors_line_is_the_files(monkeypatch: pytest.MonkeyPatch, write: Any) -> None:
    monkeypatch.setattr(source, "PIECE_BYTES", 64)
    body = b"# TYPE a gauge\n" + b"a 1 1\n" * 500 + b"bad\n# EOF\n"
    with pytest.raises(ImportFailure, match=r"a\.om:502: "):
        openmetrics_import.check(Source.of(write(body)), lambda _: None)


def test_a_damaged_archive_is_refused(write: Any) -> None:
    path = write(b"a 1 1\n# EOF\n", "a.gz")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ImportFailure, match=r"a\.gz"):
        openmetrics_import.check(Source.of(path), lambda _: None)


def test_the_command_imports_into_a_data_folder(tmp_path: Path, write: Any) -> None:
    path = write(b"# TYPE a gauge\na 1 1700000000\na 2 1600000000\n# EOF\n")
    arguments = ["openmetrics", str(path), "--data", str(tmp_path / "data")]
    for _ in range(2):
        result = CliRunner().invoke(import_, arguments)
        assert result.exit_code == 0, result.output
        assert "2 samples of 1 series stored, from 2020-09-13 12:26:40 to 2023-11-14 22:13:20 UTC" in result.output


def test_the_command_says_what_is_wrong(tmp_path: Path, write: Any) -> None:
    result = CliRunner().invoke(import_, ["openmetrics", str(write(b"a x\n# EOF\n")), "--data", str(tmp_path / "data")])
    assert result.exit_code == 1
    assert "a.om:1: the value" in result.output
