"""Static, file, HTTP and DNS discovery."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable

import dns.asyncresolver
import pytest
from aiohttp import web
from dns_double import DNSDouble
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.discovery import DiscoveryFailure, DiscoveryMetrics
from watchkeeper.discovery.config import (
    DiscoveryConfigs,
    DNSSDConfig,
    FileSDConfig,
    HTTPSDConfig,
    StaticConfig,
)
from watchkeeper.discovery.dns import DNSProvider
from watchkeeper.discovery.file import FileProvider, read_groups
from watchkeeper.discovery.http import HTTPProvider
from watchkeeper.discovery.mechanisms import providers
from watchkeeper.discovery.static import StaticProvider
from watchkeeper.model.labels import Labels


async def test_static_groups_are_given_once(follow):
    provider = StaticProvider((StaticConfig(targets=("a:1", "b:2"), labels=Labels({"env": "prod"})),))
    (group,) = (await follow(provider).until(bool)).values()
    assert list(group.label_sets()) == [
        Labels({"__address__": "a:1", "env": "prod"}),
        Labels({"__address__": "b:2", "env": "prod"}),
    ]


def test_each_section_gets_its_provider(metrics):
    configs = DiscoveryConfigs(
        static_configs=(StaticConfig(targets=("a:1",)),),
        dns_sd_configs=(DNSSDConfig(names=("a",)), DNSSDConfig(names=("b",))),
    )
    assert [p.kind for p in providers(configs, SystemClock(), metrics, {})] == ["static", "dns", "dns"]


def _files(path, metrics, *patterns: str) -> FileProvider:
    config = FileSDConfig(files=tuple(path / pattern for pattern in patterns))
    return FileProvider(config, SystemClock(), metrics, watch_s=0.01)


async def test_files_are_read_when_they_change(tmp_path, metrics, follow):
    path = tmp_path / "a.yml"
    path.write_text("- targets: [a:1]\n  labels: {env: prod}\n")
    follower = follow(_files(tmp_path, metrics, "*.yml", "*.json"))
    (group,) = (await follower.until(bool)).values()
    assert group.labels == {"env": "prod", "__meta_filepath": str(path)}
    (tmp_path / "b.json").write_text('[{"targets": ["b:1"]}, {"targets": ["c:1"]}]')
    await follower.until(lambda groups: len(groups) == 3)
    (tmp_path / "b.json").write_text('[{"targets": ["b:1"]}]')
    await follower.until(lambda groups: len(groups) == 2)
    path.unlink()
    await follower.until(lambda groups: len(groups) == 1)
    assert follower.addresses() == ["b:1"]


async def test_a_bad_file_keeps_its_last_good_version(tmp_path, metrics, registry, follow):
    path = tmp_path / "a.json"
    path.write_text('[{"targets": ["a:1"]}]')
    follower = follow(_files(tmp_path, metrics, "*.json"))
    await follower.until(bool)
    path.write_text('[{"targets": ["a')
    (tmp_path / "b.json").write_text('[{"targets": ["b:1"]}]')
    await follower.until(lambda groups: len(groups) == 2)
    assert follower.addresses() == ["a:1", "b:1"]
    assert registry.get_sample_value("watchkeeper_discovery_failures_total", {"kind": "file"}) == 1


async def test_no_files_is_an_answer_too(tmp_path, metrics, follow):
    follower = follow(_files(tmp_path, metrics, "*.json"))
    assert await follower.until(lambda groups: True) == {}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"targets": []}', "Expected `array`"),
        ("a.json", '[{"target": []}]', "unknown field `target`"),
        ("a.json", '[{"targets": [1]}]', "Expected `str`"),
        ("a.yml", "targets: []", "should be a list of target groups"),
        ("a.yml", "- target: [a]", 'unknown key "target"'),
        ("a.yml", "- targets: [a\n", "not valid YAML"),
        ("a.yml", "- targets: a", "should be a list"),
        ("a.yml", b"\xff", "cannot be read"),
    ],
)
def test_what_is_no_list_of_groups_is_named(tmp_path, name, text, said):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DiscoveryFailure, match=said) as caught:
        read_groups(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "# nothing yet\n"])
def test_an_empty_list_has_no_groups(tmp_path, text):
    path = tmp_path / "a.yml"
    path.write_text(text)
    assert read_groups(path) == []


Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncGenerator[Serve]:
    runners: list[web.AppRunner] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_a_server_is_asked_again_and_again(serve, metrics, registry, follow):
    answers = [
        web.json_response([{"targets": ["a:1"], "labels": {"env": "prod"}}]),
        web.Response(status=500),
        web.json_response([{"targets": ["a:1"]}], content_type="text/plain"),
        web.json_response({"targets": []}),
    ]
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return answers[len(seen) - 1] if len(seen) <= len(answers) else web.json_response([{"targets": ["b:1"]}])

    url = await serve(handler)
    config = HTTPSDConfig(url=f"{url}/sd", refresh_interval_ms=10)
    follower = follow(HTTPProvider(config, SystemClock(), metrics, {}))
    (group,) = (await follower.until(bool)).values()
    assert group.labels == {"env": "prod", "__meta_url": f"{url}/sd"}
    await follower.until(lambda groups: follower.addresses() == ["b:1"])
    assert registry.get_sample_value("watchkeeper_discovery_failures_total", {"kind": "http"}) == 3
    assert seen[0].headers["X-Prometheus-Refresh-Interval-Seconds"] == "0.01"
    assert seen[0].headers["Accept"] == "application/json"


def _dns(config: DNSSDConfig, double: DNSDouble, metrics: DiscoveryMetrics) -> DNSProvider:
    def resolver() -> dns.asyncresolver.Resolver:
        made = dns.asyncresolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], double.port
        made.timeout = made.lifetime = 0.3
        return made

    return DNSProvider(config, metrics, resolver)


@pytest.fixture
async def name_server() -> AsyncGenerator[DNSDouble]:
    double = DNSDouble()
    await double.start()
    yield double
    double.stop()


@pytest.mark.parametrize(
    ("kind", "port", "labels"),
    [
        ("A", 80, [{"__address__": "192.0.2.1:80"}, {"__address__": "192.0.2.2:80"}]),
        ("AAAA", 80, [{"__address__": "[2001:db8::1]:80"}]),
        (
            "SRV",
            0,
            [
                {
                    "__address__": "one.example.org:8080",
                    "__meta_dns_srv_record_target": "one.example.org.",
                    "__meta_dns_srv_record_port": "8080",
                }
            ],
        ),
        (
            "MX",
            25,
            [{"__address__": "mail.example.org:25", "__meta_dns_mx_record_target": "mail.example.org."}],
        ),
        ("NS", 53, [{"__address__": "ns.example.org:53", "__meta_dns_ns_record_target": "ns.example.org."}]),
    ],
)
async def test_records_become_targets(name_server, metrics, follow, kind, port, labels):
    config = DNSSDConfig(names=("web.example.org",), type=kind, port=port)
    (group,) = (await follow(_dns(config, name_server, metrics)).until(bool)).values()
    expected = [Labels({**pairs, "__meta_dns_name": "web.example.org"}) for pairs in labels]
    assert sorted(group.label_sets()) == expected


async def test_a_name_that_is_gone_loses_its_targets_and_one_that_fails_keeps_them(
    name_server, metrics, registry: CollectorRegistry, follow
):
    config = DNSSDConfig(names=("web.example.org", "cache.example.org"), type="A", port=80, refresh_interval_ms=10)
    follower = follow(_dns(config, name_server, metrics))
    assert set(await follower.until(bool)) == {"web.example.org", "cache.example.org"}
    name_server.failing.add("cache.example.org.")
    del name_server.records["web.example.org.", "A"]
    await follower.until(lambda groups: "web.example.org" not in groups)
    assert set(follower.groups) == {"cache.example.org"}
    assert (registry.get_sample_value("watchkeeper_discovery_failures_total", {"kind": "dns"}) or 0) > 0


def test_meta_labels_of_a_file_win(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"targets": ["a:1"], "labels": {"__meta_filepath": "x"}}]))
    (group,) = read_groups(path)
    assert group.labels["__meta_filepath"] == os.fspath(path)
