"""Targets that mean no good: each is down with a reason, and the good ones beside them never miss a scrape."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from bad_targets import BEHAVIOURS, closed_port, serve, serve_tls
from watchkeeper_process import Watchkeeper, until

MIB = 1 << 20
_REASONS = {
    "drips": "no whole answer within the scrape timeout of 1s",
    "silent": "no whole answer within the scrape timeout of 1s",
    "endless": "",  # whichever comes first, the limit or the timeout
    "endless_line": "",
    "endless_headers": "",
    "bomb": "body size limit exceeded",
    "garbage": "",
    "half_garbage": "line 2",
    "page": "text/html",
    "no_type": "Content-Type",
    "broken_gzip": "gzip",
    "strange_encoding": "br",
    "wrong_protobuf": "",
    "loop": "redirect",
    "to_a_file": "",
    "teapot": "server returned HTTP status 418",
    "hangs_up": "",
    "refused": "refused",
    "untrusted": "certificate",
    "wrong_name": "certificate",
    "plain": "",
}


def _job(name: str, target: str, **more: Any) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"targets": [target]}], "metrics_path": f"/{name}", **more}


def _jobs(plain: ThreadingHTTPServer, tls: ThreadingHTTPServer, ca: Path) -> list[dict[str, Any]]:
    here, secure = f"127.0.0.1:{plain.server_port}", f"127.0.0.1:{tls.server_port}"
    good = {"metrics_path": "/good", "scheme": "https"}
    trusted = {"ca_file": str(ca)}
    return [
        *(_job(name, here) for name in BEHAVIOURS),
        _job("refused", f"127.0.0.1:{closed_port()}"),
        _job("untrusted", secure, **good),
        _job("wrong_name", secure, **good, tls_config={**trusted, "server_name": "elsewhere.example"}),
        _job("plain", here, **good, tls_config=trusted),
        _job("secure", secure, **good, tls_config={**trusted, "server_name": "target.example"}),
    ]


@dataclass(frozen=True)
class Watched:
    """A server that scrapes them all, and when its first look at them was over."""

    server: Watchkeeper
    since_s: float
    rss: int


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("targets")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("target.example").configure_cert(context)
    plain, tls = serve(), serve_tls(context)
    config = folder / "prometheus.yml"
    settings = {"scrape_interval": "2s", "scrape_timeout": "1s", "body_size_limit": "20MB"}
    jobs = _jobs(plain, tls, folder / "ca.pem")
    config.write_text(yaml.safe_dump({"global": settings, "scrape_configs": jobs}))
    with Watchkeeper(folder, config=config) as server:
        until(lambda: all(target["health"] != "unknown" for target in server.targets()), "first scrapes", 30)
        begun, rss = time.time(), server.rss()
        until(lambda: (server.value('min(count_over_time(good{job=~"good|secure"}[1m]))') or 0) >= 3, "scrapes", 30)
        yield Watched(server, begun, rss)
    plain.shutdown()
    tls.shutdown()


def _target(server: Watchkeeper, job: str) -> dict[str, Any]:
    return next(target for target in server.targets() if target["labels"]["job"] == job)


@pytest.mark.parametrize("job", sorted(_REASONS))
def test_a_bad_target_is_down_and_says_why(watched: Watched, job: str) -> None:
    target = _target(watched.server, job)
    assert target["health"] == "down"
    assert target["lastError"]
    assert _REASONS[job].lower() in target["lastError"].lower()
    assert len(target["lastError"]) < 1000
    assert "unforeseen" not in target["lastError"]
    assert watched.server.value(f'max_over_time(up{{job="{job}"}}[1m])') == 0
    # Of an answer that is not whole nothing is kept.
    assert watched.server.query(f'{{job="{job}",__name__!~"up|scrape_.*"}}[1m]') == []


@pytest.mark.parametrize("job", ["good", "secure"])
def test_the_good_ones_miss_nothing(watched: Watched, job: str) -> None:
    server, seconds = watched.server, time.time() - watched.since_s
    assert _target(server, job)["health"] == "up"
    assert server.value(f'min_over_time(up{{job="{job}"}}[1m])') == 1
    count = server.value(f'count_over_time(good{{job="{job}"}}[{int(seconds)}s])')
    assert count is not None
    # A scrape every two seconds; the first and the last of the window may lie outside of it.
    assert count >= int(seconds) // 2 - 2


def test_memory_does_not_grow_by_them(watched: Watched) -> None:
    assert watched.server.rss() - watched.rss < 400 * MIB
    assert "Traceback" not in watched.server.log()
