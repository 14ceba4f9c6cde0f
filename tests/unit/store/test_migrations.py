"""The schema goes up in steps, each taken once, and says where it stands."""

from __future__ import annotations

import pytest

from watchkeeper.store import StoreFailure, Target
from watchkeeper.store.client import Client
from watchkeeper.store.migrations import MIGRATIONS, Place, dry_run, migrate, status
from watchkeeper.store.migrations.tables import SAMPLES


def test_steps_are_taken_once_and_in_order(target: Target) -> None:
    client, place = Client(target, target.endpoint.database), Place(target.endpoint.database)
    assert not any(step.applied for step in status(client, place))
    assert any("samples_raw" in line for line in dry_run(client, place))
    assert [step.number for step in migrate(client, place)] == [m.number for m in MIGRATIONS]
    assert migrate(client, place) == []
    assert dry_run(client, place) == []
    assert all(step.applied for step in status(client, place))


def test_a_step_broken_off_half_way_is_taken_again(target: Target) -> None:
    client, place = Client(target, target.endpoint.database), Place(target.endpoint.database)
    migrate(client, place)
    client.command("TRUNCATE TABLE schema_migrations")
    client.command("DROP TABLE metadata_raw SYNC")
    assert len(migrate(client, place)) == len(MIGRATIONS)
    assert client.query("SELECT count() AS n FROM metadata_raw").rows == 1


def test_a_schema_from_the_future_is_refused(target: Target) -> None:
    client, place = Client(target, target.endpoint.database), Place(target.endpoint.database)
    migrate(client, place)
    client.command("INSERT INTO schema_migrations (number, name) SELECT 999, 'later'")
    with pytest.raises(StoreFailure, match="newer Watchkeeper"):
        migrate(client, place)


def test_a_cluster_has_replicated_tables_under_distributed_ones() -> None:
    local, distributed = SAMPLES.create(Place("w", "big"))
    assert "`w`.samples_raw_local ON CLUSTER `big`" in local
    assert "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/w/samples_raw_local', '{replica}')" in local
    assert "ENGINE = Distributed(`big`, `w`, samples_raw_local, series)" in distributed


@pytest.mark.parametrize(
    ("url", "host", "port", "secure", "cluster"),
    [
        ("clickhouse://u:p%40w@db:9999/w?cluster=c&secure=true", "db", 9999, True, "c"),
        ("clickhouse://db", "db", 8123, False, ""),
    ],
)
def test_a_url_names_a_target(url: str, host: str, port: int, secure: bool, cluster: str) -> None:
    target = Target.parse(url)
    assert (target.endpoint.host, target.endpoint.port, target.endpoint.secure, target.cluster) == (
        host, port, secure, cluster,
    )  # fmt: skip
    assert target.endpoint.password == ("p@w" if "p%40w" in url else "")


@pytest.mark.parametrize("url", ["http://db", "clickhouse://", "clickhouse://u:secret@db?clustr=c"])
def test_a_wrong_url_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StoreFailure, match=r"storage\.url") as caught:
        Target.parse(url)
    assert "secret" not in str(caught.value)
