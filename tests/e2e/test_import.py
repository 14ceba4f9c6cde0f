"""History into a running server: the API, and the command that speaks it."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

from watchkeeper_server import Server, run, watchkeeper

CONFIG = "global: {scrape_interval: 1h}\n"
HOUR_S = 3600
PATH = "/api/watchkeeper/v1/import/openmetrics"


def _values(server: Server, metric: str, at_s: int) -> list[str]:
    result = server.get("/api/v1/query", query=metric, time=at_s).data["result"]
    return sorted(series["value"][1] for series in result)


def test_history_is_taken_beside_newer_samples_and_twice_is_as_once(server: Server) -> None:
    now = int(time.time())
    new, old = now - 60, now - 9 * HOUR_S
    for _ in range(2):
        text = f"# TYPE moon gauge\nmoon 2 {new}\nmoon 1 {old}\nmoon 3 {old + 1}.5\n# EOF\n".encode()
        answer = server.ask(PATH, "POST", text)
        assert answer.data == {
            "samples": 3, "series": 1, "refused": 0, "reasons": [],
            "minTime": old * 1000, "maxTime": new * 1000,
        }  # fmt: skip
    assert _values(server, "moon", new) == ["2"]
    assert _values(server, "moon", old) == ["1"]
    assert _values(server, "count_over_time(moon[10h])", now) == ["3"]


def test_a_packed_body_is_unpacked_and_belongs_to_its_tenant(server: Server) -> None:
    at = int(time.time()) - 5 * HOUR_S
    text = gzip.compress(f"packed 1 {at}\n# EOF\n".encode())
    assert server.ask(PATH, "POST", text, Content_Encoding="gzip", X_Scope_OrgID="team").data["samples"] == 1
    assert _values(server, "packed", at) == []
    asked = server.ask(f"/api/v1/query?query=packed&time={at}", X_Scope_OrgID="team")
    assert len(asked.data["result"]) == 1
    assert server.ask(PATH, "POST", text, Content_Encoding="br").status == 415


def test_of_a_bad_body_nothing_is_stored_and_its_line_is_told(server: Server) -> None:
    at = int(time.time()) - 5 * HOUR_S
    answer = server.ask(PATH, "POST", f"half 1 {at}\nhalf x {at + 1}\n# EOF\n".encode())
    assert (answer.status, answer.json["line"], answer.json["errorType"]) == (400, 2, "bad_data")
    assert answer.json["error"].startswith("the body:2: the value")
    for body in (f"half 1 {at}\n".encode(), b"", f"half 1 {at}\nhalf 2\n# EOF\n".encode(), b"\xff\x00\x1f"):
        assert server.ask(PATH, "POST", body).status == 400
    assert server.ask(PATH, "POST", b"not gzip", Content_Encoding="gzip").status == 400
    assert _values(server, "half", at) == []


def test_the_command_sends_to_the_server_it_is_told(server: Server, tmp_path: Path) -> None:
    at = int(time.time()) - 3 * HOUR_S
    file = tmp_path / "large.om"
    lines = [f'large{{i="{i % 500}"}} {i} {at + i // 500}\n' for i in range(150_000)]
    file.write_text("".join(["# HELP large Size.\n# TYPE large gauge\n", *lines, "# EOF\n"]))
    assert file.stat().st_size > 4 << 20
    done = run("import", "openmetrics", str(file), "--url", server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("150000 samples of 500 series stored, from 20")
    assert _values(server, "count(large)", at + 299) == ["500"]
    assert _values(server, "sum(count_over_time(large[10m]))", at + 299) == ["150000"]
    assert server.get("/api/v1/metadata", metric="large").data["large"][0]["help"] == "Size."


def test_the_command_finds_the_server_of_its_data_folder(tmp_path: Path) -> None:
    at = int(time.time()) - 3 * HOUR_S
    file = tmp_path / "a.om"
    file.write_text(f"a 1 {at}\n# EOF\n")
    with watchkeeper(tmp_path, CONFIG) as server:
        done = run("import", "openmetrics", str(file), "--data", str(tmp_path / "data"))
        assert done.returncode == 0, done.stderr
        assert f"sending to {server.url}" in done.stderr
        assert _values(server, "a", at) == ["1"]
    again = run("import", "openmetrics", str(file), "--data", str(tmp_path / "data"))
    assert "sending" not in again.stderr
    assert (again.returncode, again.stdout[:9]) == (0, "1 samples")


def test_the_command_says_what_keeps_it_from_sending(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "a.om"
    file.write_text("a 1 1700000000\n# EOF\n")
    nobody = run("import", "openmetrics", str(file), "--url", "http://127.0.0.1:1")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert "127.0.0.1:1" in nobody.stderr
    elsewhere = run("import", "openmetrics", str(file), "--url", f"{server.url}/nowhere")
    assert elsewhere.returncode == 1
    assert "answers 404 to what begins at line 1" in elsewhere.stderr
    both = run("import", "openmetrics", str(file), "--url", server.url, "--storage-url", "clickhouse://a:1/b")
    assert both.returncode == 2
