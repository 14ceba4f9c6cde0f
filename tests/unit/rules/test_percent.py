"""Percent signs behind ratios: what is pointed at, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from watchkeeper.cli import main


def checked(folder: Path, expr: str, text: str) -> str:
    """What `check rules` says of a rule."""
    rule = {"alert": "Low", "expr": expr, "annotations": {"description": text}}
    (file := folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    done = CliRunner().invoke(main, ["check", "rules", str(file)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ("cache_hit_rate < 0.8", "Cache hit rate: {{ $value }}%"),
        ("a / b > 0.95", "{{$value}} % are active"),
        ("sum(rate(e[5m])) / sum(rate(r[5m])) > 0.05", '{{ printf "%.2f" $value }}%'),
        ("(1 - a / b) <= 0.1 and on() c > 500", "{{ if true }}{{ .Value | humanize }}%{{ end }}"),
        ("0.5 < a", '{{ printf "%.1f%%" $value }}'),
        ("a / b", "{{ $value }}%"),
        ("a / b > on() c", "{{ $value }}%"),
    ],
)
def test_a_ratio_that_is_shown_as_percent_is_pointed_at(tmp_path: Path, expr: str, text: str) -> None:
    said = checked(tmp_path, expr, text)
    assert "rules.yml:6:20: warning: " in said
    assert "right would be {{ $value | humanizePercentage }}" in said


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ("a / b > 0.95", "{{ $value | humanizePercentage }}"),
        ("a / b > 0.95", "{{ $value }} of {{ $labels.max }}%"),
        ("100 * a / b > 0.95", "{{ $value }}%"),
        ("a / b * 100 > 90", "{{ $value }}%"),
        ("cpu_percent > 85", "{{ $value }}%"),
        ("sum(a) * 100 / sum(b)", "{{ $value }}%"),
        ("up == 0", "{{ $value }}%"),
        ("a > 0.5", "{{ $value }}s"),
        ("a / b > 0.95", "{{ $value | humanizeDuration }}%"),
    ],
)
def test_what_is_percent_already_or_no_ratio_is_left_alone(tmp_path: Path, expr: str, text: str) -> None:
    assert "warning" not in checked(tmp_path, expr, text)


def test_check_config_looks_into_rule_files(tmp_path: Path) -> None:
    checked(tmp_path, "a / b > 0.9", "{{ $value }}%")
    (file := tmp_path / "wk.yml").write_text("rule_files: [rules.yml]")
    done = CliRunner().invoke(main, ["check", "config", str(file)])
    assert (done.exit_code, "shows a ratio as it is" in done.output) == (0, True)
