"""`watchkeeper store` on a data folder that no server has open."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from watchkeeper.cli import main

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one series of one sample."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "a.om").write_text('# TYPE a counter\na_total{i="1"} 1 1700000000\n# EOF\n')
    done = CliRunner().invoke(main, ["import", "openmetrics", str(folder / "a.om"), "--data", str(folder / "data")])
    assert done.exit_code == 0, done.output
    return folder / "data"


@pytest.fixture
def ask(data: Path) -> Ask:
    def invoke(*arguments: str, folder: Path = data) -> Result:
        return CliRunner().invoke(main, ["store", *arguments, "--data", str(folder)])

    return invoke


def test_the_status_shows_steps_sizes_and_the_span_of_samples(ask: Ask) -> None:
    shown = ask("status")
    assert shown.exit_code == 0, shown.output
    assert "samples_raw" in shown.output
    assert "pending" not in shown.output
    assert "series: 1 of 1 tenant\n" in shown.output
    assert "samples: from 2023-11-14 22:13:20 to 2023-11-14 22:13:20 UTC" in shown.output
    assert "broken parts: none" in shown.output


def test_steps_are_shown_before_they_are_taken(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    assert ask("status", folder=tmp_path).exit_code == 2
    planned = ask("migrate", "--dry-run", folder=tmp_path)
    assert planned.exit_code == 2
    assert "CREATE TABLE IF NOT EXISTS `watchkeeper`.samples_raw" in planned.output
    taken = ask("migrate", folder=tmp_path)
    assert (taken.exit_code, taken.output.splitlines()[0]) == (0, "step 1 (series) taken")
    again = ask("migrate", "--dry-run", folder=tmp_path)
    assert (again.exit_code, again.output) == (0, "")


def test_a_folder_without_a_store_is_left_as_it_is(ask: Ask, tmp_path: Path) -> None:
    for command in (["status"], ["migrate", "--dry-run"]):
        refused = ask(*command, folder=tmp_path / "none")
        assert refused.exit_code == 1
        assert "there is no store in this folder" in refused.output
    assert not (tmp_path / "none").exists()


def test_a_folder_in_use_is_refused_with_its_holder(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    with (tmp_path / "engine" / "engine.lock").open("w") as held:
        held.write("process 1234")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = ask("status", folder=tmp_path)
    assert refused.exit_code == 1
    assert "is in use by process 1234" in refused.output
    assert "stop it first" in refused.output


def test_a_url_that_nobody_answers_is_named(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["store", "status", "--storage-url", "clickhouse://u:hush@127.0.0.1:1/x"])
    assert refused.exit_code == 1
    assert "ClickHouse at 127.0.0.1:1 does not answer" in refused.output
    file = tmp_path / "w.yml"
    file.write_text("storage: {url: 'clickhouse://u:hush@127.0.0.1:1/x'}\n")
    refused = CliRunner().invoke(main, ["store", "status", "--config", str(file)])
    assert "ClickHouse at 127.0.0.1:1 does not answer" in refused.output
    assert "hush" not in refused.output


def test_a_snapshot_from_elsewhere_is_restored_into_a_new_folder(ask: Ask, data: Path, tmp_path: Path) -> None:
    import asyncio

    from watchkeeper.app.telemetry import Telemetry, opened
    from watchkeeper.store.backup import back_up
    from watchkeeper.store.client import Client
    from watchkeeper.store.migrations import Place

    async def copy() -> None:
        async with opened(Telemetry(data)) as target:
            client = Client(target, target.endpoint.database)
            await asyncio.to_thread(back_up, client, Place(target.endpoint.database), "kept")
            client.close()

    asyncio.run(copy())
    moved = tmp_path / "moved"
    shutil.move(data / "snapshots" / "kept", moved)
    unknown = ask("restore", "kept")
    assert unknown.exit_code == 1
    assert "there is no snapshot kept" in unknown.output
    refused = ask("restore", str(moved))
    assert refused.exit_code == 1
    assert "holds 1 series: --replace lets them go" in refused.output
    done = ask("restore", str(moved), folder=tmp_path / "data")
    assert done.exit_code == 0, done.output
    assert "holds snapshot moved now: 1 series" in done.output
    assert "series: 1 of 1 tenant" in ask("status", folder=tmp_path / "data").output
