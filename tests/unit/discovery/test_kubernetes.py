"""Kubernetes discovery against a double of its API, and beside the real Prometheus."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import yaml
from kubernetes_double import KubernetesDouble
from kubernetes_objects import cluster, node, pod, service
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.base.configuration import Secret
from watchkeeper.base.http.config import Authorization
from watchkeeper.discovery import DiscoveryFailure, DiscoveryMetrics
from watchkeeper.discovery.config import AttachMetadata, KubernetesSDConfig, Namespaces, Selector
from watchkeeper.discovery.kubernetes import KubernetesProvider
from watchkeeper.discovery.kubernetes.access import access


@pytest.fixture
async def api() -> AsyncGenerator[KubernetesDouble]:
    double = KubernetesDouble()
    for plural, items in cluster().items():
        for item in items:
            double.put(plural, item)
    await double.start()
    yield double
    await double.stop()


def provider(config: KubernetesSDConfig, metrics: DiscoveryMetrics) -> KubernetesProvider:
    return KubernetesProvider(config, SystemClock(), metrics, {})


async def watching(api: KubernetesDouble, count: int = 1) -> None:
    async with asyncio.timeout(10):
        while api.watching < count:
            await asyncio.sleep(0.01)


async def test_nodes_are_found_at_their_preferred_address(api, metrics, follow):
    found = await follow(provider(KubernetesSDConfig(role="node", api_server=api.url), metrics)).until(bool)
    labels = next(found["node/node-a"].label_sets())
    assert labels["__address__"] == "10.0.0.1:10250"
    assert labels["instance"] == "node-a"
    assert labels["__meta_kubernetes_node_address_InternalIP"] == "10.0.0.1"
    assert labels["__meta_kubernetes_node_provider_id"] == "cloud:///node-a"


async def test_a_list_in_pages_is_read_whole(api, metrics, follow):
    for i in range(7):
        api.put("nodes", node(f"extra-{i}", f"10.9.0.{i}"))
    found = await follow(provider(KubernetesSDConfig(role="node", api_server=api.url), metrics)).until(bool)
    assert len(found) == 9


async def test_what_comes_changes_and_goes_is_followed(api, metrics, follow):
    follower = follow(provider(KubernetesSDConfig(role="pod", api_server=api.url), metrics))
    assert "pod/shop/web-new" not in await follower.until(bool)
    await watching(api)
    api.put("pods", pod("web-new", "10.1.0.3", "node-b"))
    await follower.until(lambda groups: "pod/shop/web-new" in groups)
    api.delete("pods", "shop/web-a")
    await follower.until(lambda groups: "pod/shop/web-a" not in groups)


async def test_an_ended_watch_goes_on_from_where_it_was(api, metrics, follow):
    follower = follow(provider(KubernetesSDConfig(role="node", api_server=api.url), metrics))
    await follower.until(bool)
    await watching(api)
    api.bookmark("nodes")
    api.end_watches()
    await watching(api)
    lists = [request for request in api.requests if "watch" not in request.query]
    assert len(lists) == 1
    api.put("nodes", node("node-c", "10.0.0.3"))
    await follower.until(lambda groups: "node/node-c" in groups)


@pytest.mark.parametrize("how", ["status", "event"])
async def test_a_version_that_is_gone_leads_to_a_new_list(api, metrics, follow, how):
    follower = follow(provider(KubernetesSDConfig(role="node", api_server=api.url), metrics))
    await follower.until(bool)
    await watching(api)
    api.objects["nodes"].pop("node-a")
    if how == "status":
        api.expire_next_watch = True
        api.end_watches()
    else:
        api.fail_watches(410)
    assert set(await follower.until(lambda groups: "node/node-a" not in groups)) == {"node/node-b"}


async def test_a_failing_api_keeps_the_targets_and_is_counted(api, metrics, registry, follow):
    follower = follow(provider(KubernetesSDConfig(role="node", api_server=api.url), metrics))
    before = dict(await follower.until(bool))
    await watching(api)
    api.broken = True
    api.end_watches()
    async with asyncio.timeout(10):
        while not _failures(registry):
            await asyncio.sleep(0.01)
    assert follower.groups == before
    api.broken = False
    api.put("nodes", node("node-c", "10.0.0.3"))
    await follower.until(lambda groups: "node/node-c" in groups)


async def test_endpoints_follow_their_pods_and_service(api, metrics, follow):
    follower = follow(provider(KubernetesSDConfig(role="endpoints", api_server=api.url), metrics))
    await follower.until(bool)
    await watching(api, 3)
    renamed = pod("web-a", "10.1.0.1", "node-a")
    renamed["metadata"]["labels"]["version"] = "2"
    api.put("pods", renamed)
    label = "__meta_kubernetes_pod_label_version"
    await follower.until(lambda groups: any(label in t for t in groups["endpoints/shop/web"].label_sets()))
    changed = service()
    changed["metadata"]["labels"]["tier"] = "front"
    api.put("services", changed)
    await follower.until(lambda groups: "__meta_kubernetes_service_label_tier" in groups["endpoints/shop/web"].labels)


async def test_a_nodes_heartbeat_changes_nothing(api, metrics, follow):
    config = KubernetesSDConfig(role="pod", api_server=api.url, attach_metadata=AttachMetadata(node=True))
    follower = follow(provider(config, metrics))
    await follower.until(bool)
    await watching(api, 2)
    api.put("nodes", node("node-a", "10.0.0.77", zone="z1"))
    api.put("nodes", node("node-a", "10.0.0.77", zone="z9"))
    zone = "__meta_kubernetes_node_label_zone"
    found = await follower.until(lambda groups: groups["pod/shop/web-a"].labels.get(zone) == "z9")
    assert found["pod/shop/web-b"].labels[zone] == "z2"


async def test_namespaces_and_selectors_narrow_what_is_asked_for(api, metrics, follow):
    other = pod("web-z", "10.1.9.9", "node-a")
    other["metadata"] |= {"namespace": "other", "labels": {"app": "db"}}
    api.put("pods", other)
    config = KubernetesSDConfig(
        role="pod",
        api_server=api.url,
        namespaces=Namespaces(names=("other", "shop")),
        selectors=(Selector(role="pod", label="app=db", field="spec.nodeName=node-a"),),
    )
    assert set(await follow(provider(config, metrics)).until(bool)) == {"pod/other/web-z"}
    assert {request.path for request in api.requests} == {
        "/api/v1/namespaces/other/pods",
        "/api/v1/namespaces/shop/pods",
    }
    assert {request.query["fieldSelector"] for request in api.requests} == {"spec.nodeName=node-a"}


async def test_a_token_is_shown(api, metrics, follow):
    api.token = "t0ken"
    config = KubernetesSDConfig(
        role="node", api_server=api.url, authorization=Authorization(credentials=Secret("t0ken"))
    )
    assert await follow(provider(config, metrics)).until(bool)


async def test_a_kubeconfig_file_says_where_and_how(api, metrics, follow, tmp_path):
    api.token = "t0ken"
    (tmp_path / "token").write_text("t0ken\n")
    kubeconfig = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": api.url}}],
        "users": [{"name": "u", "user": {"tokenFile": "token"}}],
    }
    (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig))
    config = KubernetesSDConfig(role="node", kubeconfig_file=tmp_path / "config")
    assert await follow(provider(config, metrics)).until(bool)


def test_a_kubeconfig_file_gives_certificates(tmp_path):
    data = base64.b64encode(b"PEM").decode()
    kubeconfig = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [
            {
                "name": "c",
                "cluster": {
                    "server": "https://k.example.org/",
                    "certificate-authority-data": data,
                    "insecure-skip-tls-verify": True,
                    "tls-server-name": "kube",
                },
            }
        ],
        "users": [{"name": "u", "user": {"client-certificate": "c.pem", "client-key-data": data}}],
    }
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig))
    found = access(KubernetesSDConfig(role="node", kubeconfig_file=path), {})
    tls = found.client.tls_config
    assert found.server == "https://k.example.org"
    assert (tls.ca, tls.cert_file, tls.key.reveal()) == ("PEM", tmp_path / "c.pem", "PEM")
    assert (tls.insecure_skip_verify, tls.server_name) == (True, "kube")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("current-context: x", 'no context "x"'),
        ("a: [", "not valid YAML"),
        ("- a", "not a kubeconfig file"),
        (
            "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
            "clusters: [{name: c, cluster: {server: 'https://k'}}]\nusers: [{name: u, user: {exec: {command: a}}}]",
            "give a token",
        ),
    ],
)
def test_a_kubeconfig_file_that_cannot_be_used_is_named(tmp_path, text, said):
    path = tmp_path / "config"
    path.write_text(text)
    with pytest.raises(DiscoveryFailure, match=said) as caught:
        access(KubernetesSDConfig(role="node", kubeconfig_file=path), {})
    assert str(path) in str(caught.value)


def test_inside_a_cluster_the_service_account_is_used(tmp_path: Path):
    (tmp_path / "namespace").write_text("shop\n")
    config = KubernetesSDConfig(role="pod", namespaces=Namespaces(own_namespace=True))
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = access(config, environ, tmp_path)
    assert found.server == "https://[fd00::1]:443"
    assert found.namespaces == ("shop",)
    assert found.client.tls_config.ca_file == tmp_path / "ca.crt"
    assert found.client.authorization is not None
    assert found.client.authorization.credentials_file == tmp_path / "token"


def test_outside_a_cluster_something_has_to_be_said():
    with pytest.raises(DiscoveryFailure, match="give api_server or kubeconfig_file"):
        access(KubernetesSDConfig(role="pod"), {})


def _failures(registry: CollectorRegistry) -> float:
    return registry.get_sample_value("watchkeeper_discovery_failures_total", {"kind": "kubernetes"}) or 0.0
