"""Scripts in Prometheus' own PromQL test language, on the real store and engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.app.script_backend import EmbeddedBackend, embedded_backend
from watchkeeper.query.promql.script import Runner, read_script

FOLDER = Path(os.environ.get("WATCHKEEPER_CONFORMANCE") or Path(__file__).parents[2].parent / "shared/conformance")
SCRIPTS = sorted(FOLDER.rglob("*.test"))


@pytest.fixture(scope="module")
def backend() -> Iterator[EmbeddedBackend]:
    with embedded_backend() as running:
        yield running


@pytest.mark.skipif(not SCRIPTS, reason=f"no scripts in {FOLDER}: set WATCHKEEPER_CONFORMANCE to their folder")
@pytest.mark.parametrize("script", SCRIPTS or [FOLDER], ids=lambda path: path.stem)
def test_every_evaluation_of_a_script_passes(backend: EmbeddedBackend, script: Path) -> None:
    outcomes = list(Runner(backend).run(read_script(script.read_text(encoding="utf-8"))))
    failed = [f"{script}:{o.line}: {o.query}: {o.problem}" for o in outcomes if o.problem]
    assert not failed, "\n".join(failed)
    assert outcomes
