"""`storage.url`: everything that the embedded engine does, over the network.

What answers is our own engine's HTTP interface: no ClickHouse server can be had from Debian (2018's aside) or PyPI.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from watchkeeper.app import retention, storage
from watchkeeper.base.failure import Failure
from watchkeeper.store import StoreOptions

Run = Callable[..., Awaitable[Any]]
DAY_MS = 86_400_000


@pytest.fixture
def now_ms() -> int:
    return int(time.time()) * 1000


async def test_a_whole_house_lives_on_a_server_by_url(
    run: Run, gate: Any, database: str, now_ms: int, tmp_path: Path
) -> None:
    section = f"  url: {gate.url(database)}"
    house = await run(section)
    assert house.house.condition.feelings()
    for n in range(3):
        assert (await house.write("far", (now_ms - 2000 + 1000 * n, 1.5 + n)))[0] == 204
    assert await house.values("far", now_ms) == ["3.5"]
    assert await house.values("sum_over_time(far[1m])", now_ms) == ["7.5"]
    status, answer = await house.get("/api/watchkeeper/v1/sql", query="SELECT count(), sum(value) FROM samples")
    assert status == 200
    assert "7.5" in str(answer)
    await house.house.stop()
    # A restart finds everything where it was; the data folder holds no engine.
    house = await run(section)
    assert await house.values("sum_over_time(far[1m])", now_ms) == ["7.5"]
    assert (await house.write("far", (now_ms, 9.0)))[0] == 400, "another value for the newest timestamp"
    assert not (tmp_path / "data" / "engine").exists()


async def test_what_expires_on_a_server_by_url_goes(
    run: Run, gate: Any, database: str, now_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = f"  url: {gate.url(database)}\n  tsdb: {{out_of_order_time_window: 90d}}"
    house = await run(section, retention_ms=400 * DAY_MS)
    assert (await house.write("old", (now_ms - 60 * DAY_MS, 1.0)))[0] == 204
    assert (await house.write("new", (now_ms, 1.0)))[0] == 204
    await house.house.stop()
    monkeypatch.setattr(retention, "_FIRST_AFTER_S", 0)
    house = await run(section, retention_ms=30 * DAY_MS)
    for _ in range(400):
        _, answer = await house.get("/api/v1/label/__name__/values", start="0", end=str(now_ms / 1000))
        if "old" not in answer["data"]:
            break
        await asyncio.sleep(0.05)
    assert "new" in answer["data"]
    assert "old" not in answer["data"]
    assert await house.values("old", now_ms - 60 * DAY_MS) == []


async def test_a_server_that_is_away_is_waited_for_and_missed(
    run: Run, gate: Any, database: str, now_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "StoreOptions", lambda **options: StoreOptions(**options, patience_s=0.5))
    house = await run(f"  url: {gate.url(database)}")
    assert (await house.write("far", (now_ms - 1000, 1.0)))[0] == 204
    await gate.shut()
    status, text = await house.write("far", (now_ms, 2.0))
    assert status == 503
    assert f"localhost:{gate.port} does not answer" in text
    status, answer = await house.get("/api/v1/query", query="rate(far[5m])")
    assert status == 503, answer
    await gate.open()
    # The sender's retry is stored once, as if nothing had been.
    assert (await house.write("far", (now_ms, 2.0)))[0] == 204
    assert await house.values("sum_over_time(far[1m])", now_ms) == ["3"]


async def test_what_is_wrong_with_a_url_is_said_at_the_start(run: Run, gate: Any, database: str) -> None:
    user = gate.engine.user
    with pytest.raises(Failure, match=f"localhost:{gate.port} does not let in user '{user}'"):
        await run(f"  url: {gate.url(database, password='wrong')}")
    with pytest.raises(Failure, match=r"nobody\.invalid:8123 does not answer: .*[Nn]ame"):
        await run("  url: clickhouse://nobody.invalid/x")
    with pytest.raises(Failure, match=r"127\.0\.0\.1:1 does not answer: .*refused"):
        await run("  url: clickhouse://127.0.0.1:1/x")
    with pytest.raises(Failure, match=r"unknown option 'shards' .*right would be clickhouse://") as caught:
        await run("  url: clickhouse://u:hush@localhost/x?shards=2")
    assert "hush" not in str(caught.value)
    with pytest.raises(Failure, match="no such address"):
        await run("  url: clickhouse://localhost:x/x")
    with pytest.raises(Failure, match="must start with clickhouse://"):
        await run("  url: http://localhost:8123")


async def test_a_server_by_tls_is_trusted_as_configured(
    run: Run, make_gate: Run, database: str, now_ms: int, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("telemetry.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    gate = await make_gate(context)
    url, trust = f"  url: {gate.url(database)}", f"ca_file: {tmp_path / 'ca.pem'}"
    with pytest.raises(Failure, match=r"does not answer: .*certificate verify failed"):
        await run(url)
    with pytest.raises(Failure, match=r"does not answer: .*match|mismatch"):
        await run(f"{url}\n  tls_config: {{{trust}}}")
    for tls in (f"{trust}, server_name: telemetry.example", "insecure_skip_verify: true"):
        house = await run(f"{url}\n  tls_config: {{{tls}}}")
        assert (await house.write("far", (now_ms, 1.0)))[0] == 204
        assert await house.values("far", now_ms) == ["1"]
        await house.house.stop()
