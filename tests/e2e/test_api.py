"""What the HTTP faces promise beyond Prometheus' own behaviour, asked of a running server."""

from __future__ import annotations

import gzip
import json
import socket
import time
from urllib.parse import urlencode, urlsplit

from api_data import START, START_S

from watchkeeper_server import Server, ask, until

AT = START_S + 3600


def test_paths_lie_below_the_external_urls_path_and_the_root_leads_there(server: Server) -> None:
    root = server.url.removesuffix("/watch")
    for path in ("/", "/watch"):
        answer = ask(root + path)
        assert (answer.status, answer.headers["location"]) == (302, "/watch/")
    assert ask(f"{root}/api/v1/query?query=1").status == 404
    assert "Watchkeeper" in server.ask("/").text


def test_pages_of_prometheus_lead_to_ours(server: Server) -> None:
    for page in ("/graph?g0.expr=up", "/alerts", "/targets", "/rules", "/config", "/flags", "/status", "/query"):
        answer = server.ask(page)
        assert (answer.status, answer.headers["location"]) == (302, "/watch/")
    assert server.ask("/consoles/node.html").status == 404
    assert server.ask("/debug/pprof/").status == 404


def test_grafana_finds_a_recent_prometheus(server: Server) -> None:
    build = server.get("/api/v1/status/buildinfo").data
    assert build["version"].startswith("3.")
    assert build.keys() >= {"version", "revision", "branch", "buildUser", "buildDate", "goVersion"}
    assert "features" not in build  # with them Grafana would take us for Mimir
    assert server.ask("/version").json == build


def test_grafanas_requests_are_answered(server: Server) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    health = server.ask("/api/v1/query", "POST", urlencode({"query": "1+1", "time": AT}).encode(), **form)
    assert health.data == {"resultType": "scalar", "result": [AT, "2"]}
    span = {"start": START_S, "end": AT}
    labels = server.ask("/api/v1/labels", "POST", urlencode({"match[]": "up", **span}).encode(), **form)
    assert labels.data == ["__name__", "instance", "job"]
    values = server.get("/api/v1/label/instance/values", **span, **{"match[]": 'up{job="api"}'})
    assert values.data == ["i0", "i1", "i2"]
    series = server.ask("/api/v1/series", "POST", urlencode({"match[]": "target_info", **span}).encode(), **form)
    assert len(series.data) == 6
    assert server.get("/api/v1/metadata", limit=10).data["memory_bytes"][0]["unit"] == "bytes"
    found = server.get("/api/v1/query_exemplars", query="http_requests_total", **span).data
    assert found[0]["exemplars"][0]["labels"] == {"trace_id": "t0"}
    assert server.get("/api/v1/rules").data == {"groups": []}
    assert server.get("/api/v1/alerts").data == {"alerts": []}
    graph = {"query": "rate(http_requests_total[5m])", "start": START_S, "end": AT, "step": 15}
    assert len(server.ask("/api/v1/query_range", "POST", urlencode(graph).encode(), **form).data["result"]) == 18


def test_answers_are_compressed_for_those_who_take_it(server: Server) -> None:
    answer = server.ask("/api/v1/label/__name__/values", Accept_Encoding="gzip")
    large = server.ask(f"/api/v1/query?query=up%5B1h%5D&time={AT}", Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] is None  # too small to be worth it
    assert large.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(large.body))["status"] == "success"


def test_a_client_that_leaves_ends_its_query(server: Server) -> None:
    slow = "sum(sum_over_time(rate({job=~'.+'}[1h])[2h:1s])) + count(count_over_time({job=~'.+'}[2h:1s]))"
    path = f"/watch/api/v1/query?{urlencode({'query': slow, 'time': AT + 3000})}"
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 0)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        until(lambda: _metric(server, "watchkeeper_queries ") >= 1)
    until(lambda: _metric(server, "watchkeeper_queries ") == 0, 15)
    assert _metric(server, 'watchkeeper_query_failures_total{why="canceled"}') >= 1


def test_a_query_beyond_its_timeout_is_told_so_with_503(server: Server) -> None:
    slow = "count(count_over_time({job=~'.+'}[10m:1s]))"
    answer = server.get("/api/v1/query", query=slow, time=AT + 3000, timeout="1ms")
    assert (answer.status, answer.json["errorType"]) == (503, "timeout")
    assert answer.json["error"].startswith("query timed out")


def test_people_who_leave_end_their_sql(server: Server) -> None:
    endless = "SELECT count() FROM samples AS a CROSS JOIN samples AS b CROSS JOIN samples AS c WHERE a.value > b.value"
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname or "", where.port or 0)) as client:
        head = (
            f"POST /watch/api/watchkeeper/v1/sql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(endless)}\r\n\r\n"
        )
        client.sendall(head.encode() + endless.encode())
        time.sleep(0.3)
    rows = server.get("/api/watchkeeper/v1/sql", query="SELECT count() AS n FROM samples", format="tsv").text
    assert rows.startswith("n\n")


def test_sql_answers_rows_in_three_formats(server: Server) -> None:
    statement = "SELECT metric, count() AS n FROM samples WHERE metric IN ('up', 'single') GROUP BY metric ORDER BY n"
    rows = server.ask("/api/watchkeeper/v1/sql", "POST", statement.encode()).json
    assert rows["data"] == [["single", "480"], ["up", "2880"]]
    assert server.get("/api/watchkeeper/v1/sql", query=statement, format="csv").text == (
        '"metric","n"\n"single",480\n"up",2880\n'
    )
    form = urlencode({"query": statement, "format": "tsv"}).encode()
    typed = {"Content_Type": "application/x-www-form-urlencoded"}
    assert server.ask("/api/watchkeeper/v1/sql", "POST", form, **typed).text == "metric\tn\nsingle\t480\nup\t2880\n"
    # curl --data sends plain text as a form.
    assert server.ask("/api/watchkeeper/v1/sql?format=csv", "POST", b"SELECT 1 AS one", **typed).text == '"one"\n1\n'


def test_sql_shows_each_tenant_its_own_rows_alone(server: Server) -> None:
    count = "/api/watchkeeper/v1/sql?format=tsv&query=SELECT+count()+FROM+samples"
    assert server.ask(count, X_Scope_OrgID="somebody-else").text == "count()\n0\n"
    assert server.ask(count).text != "count()\n0\n"


def test_sql_that_may_not_run_is_refused_with_its_place(server: Server) -> None:
    refused = server.get("/api/watchkeeper/v1/sql", query="SELECT 1; DROP TABLE samples")
    assert refused.status == 400
    assert refused.json["position"] == 8
    for statement in ("SELECT * FROM url('http://x')", "SELECT * FROM system.tables", "INSERT INTO samples VALUES (1)"):
        assert server.get("/api/watchkeeper/v1/sql", query=statement).status in (400, 422), statement
    unknown = server.get("/api/watchkeeper/v1/sql", query="SELECT nope FROM samples")
    assert (unknown.status, unknown.json["errorType"]) == (422, "execution")
    assert server.get("/api/watchkeeper/v1/sql", query="SELECT 1", format="xml").status == 400
    assert server.get("/api/watchkeeper/v1/sql").json["error"] == "there is no statement"


def test_our_own_api_is_described(server: Server) -> None:
    document = server.ask("/api/watchkeeper/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "http://watch.test/watch/api/watchkeeper/v1"}]
    assert document["paths"]["/sql"].keys() == {"get", "post"}


def test_the_query_log_has_prometheus_layout(server: Server) -> None:
    server.get("/api/v1/query_range", query="up + 0 * 7", start=START_S, end=START_S + 60, step=15)
    lines = [json.loads(line) for line in (server.folder / "queries.log").read_text().splitlines()]
    entry = next(line for line in lines if line["params"]["query"] == "up + 0 * 7")
    assert entry["httpRequest"] == {"clientIP": "127.0.0.1", "method": "GET", "path": "/watch/api/v1/query_range"}
    assert entry["params"]["start"] == "2023-11-14T22:13:20.000Z"
    assert entry["params"]["step"] == 15
    assert entry["stats"]["samples"]["totalQueryableSamples"] == 30
    assert entry["stats"]["timings"].keys() >= {"evalTotalTime", "execTotalTime", "execQueueTime"}


def test_the_query_section_bounds_where_no_flag_does(server: Server) -> None:
    assert _metric(server, "watchkeeper_queries_concurrent_max ") == 3


def test_delete_series_takes_samples_out(server: Server) -> None:
    gone = "/api/v1/admin/tsdb/delete_series?match[]=comes_and_goes"
    assert server.ask(gone, "POST").status == 204
    assert server.get("/api/v1/query", query="comes_and_goes", time=START // 1000 + 300).data["result"] == []


def test_methods_that_a_path_does_not_know_are_refused(server: Server) -> None:
    assert server.ask("/api/v1/query", "DELETE").status == 405
    assert server.ask("/api/v1/series?match[]=up", "DELETE").json["error"] == "not implemented"
    assert server.ask("/api/v1/query", "OPTIONS").status == 204
    assert server.ask("/-/ready", "HEAD").body == b""
    refused = server.ask("/-/reload")
    assert (refused.status, refused.text) == (405, "Only POST or PUT requests allowed")


def test_strange_hosts_and_pages_are_kept_out(server: Server) -> None:
    assert server.ask("/api/v1/query?query=1", Host="evil.example").status == 403
    assert server.ask("/api/v1/query?query=1", Origin="http://evil.example").status == 403
    assert server.ask("/api/v1/query?query=1", Host="watch.test").status == 200


def _metric(server: Server, name: str) -> float:
    found = [line for line in server.ask("/metrics").text.splitlines() if line.startswith(name)]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0
