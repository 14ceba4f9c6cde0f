"""`watchkeeper promql test`, on the embedded engine."""

from pathlib import Path

from click.testing import CliRunner

from watchkeeper.cli.promql import promql

GOOD = "load 1m\n  a 1+1x5\n\neval instant at 2m a\n  a 3\n\nclear\n\neval instant at 2m a\n"
BAD = "load 1m\n  a 1+1x5\n\neval instant at 2m a\n  a 4\n\neval instant at 3m a\n  a 4\n"


def test_failures_are_printed_with_their_places_and_counted(tmp_path: Path):
    good, bad = tmp_path / "good.test", tmp_path / "bad.test"
    good.write_text(GOOD)
    bad.write_text(BAD)
    result = CliRunner().invoke(promql, ["test", str(good), str(bad)])
    assert result.output.splitlines() == [f"{bad}:4: a: expected 4 for a but got 3", "3 passed, 1 failed"]
    assert result.exit_code == 1


def test_scripts_that_pass_end_with_0(tmp_path: Path):
    good = tmp_path / "good.test"
    good.write_text(GOOD)
    result = CliRunner().invoke(promql, ["test", str(good)])
    assert (result.output, result.exit_code) == ("2 passed, 0 failed\n", 0)


def test_a_file_that_is_no_script_ends_with_2_before_anything_runs(tmp_path: Path):
    wrong = tmp_path / "wrong.test"
    wrong.write_text("load 1m\n  a 1\n\nevil instant at 0 a\n")
    result = CliRunner().invoke(promql, ["test", str(wrong)])
    assert result.exit_code == 2
    assert result.output == f'{wrong}:4: invalid command "evil instant at 0 a": right would be load, clear or eval\n'
    missing = CliRunner().invoke(promql, ["test", str(tmp_path / "missing.test")])
    assert missing.exit_code == 2
