"""What we find in a cluster beside what the real Prometheus finds there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.discovery import DiscoveryMetrics
from watchkeeper.discovery.config import AttachMetadata, KubernetesSDConfig
from watchkeeper.discovery.kubernetes import KubernetesProvider

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "unit" / "discovery")]

from kubernetes_double import KubernetesDouble  # noqa: E402
from kubernetes_objects import cluster  # noqa: E402
from prometheus_server import PROMETHEUS, get, prometheus  # noqa: E402

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(PROMETHEUS).exists(), reason="prometheus is missing: `make peers` unpacks it"),
]

ROLES = ("node", "service", "pod", "endpoints", "endpointslice", "ingress")
NODES = frozenset({"pod", "endpoints", "endpointslice"})


async def test_all_roles_find_the_same_targets_with_the_same_labels(tmp_path):
    api = KubernetesDouble(page=100)
    for plural, items in cluster().items():
        for item in items:
            api.put(plural, item)
    await api.start()
    try:
        ours = {role: await _ours(api.url, role) for role in ROLES}
        theirs = await asyncio.to_thread(_theirs, tmp_path, api.url, {role: len(ours[role]) for role in ROLES})
    finally:
        await api.stop()
    for role in ROLES:
        assert ours[role], role
        assert ours[role] == theirs[role], role


async def _ours(url: str, role: str) -> list[dict[str, str]]:
    config = KubernetesSDConfig(role=role, api_server=url, attach_metadata=AttachMetadata(node=role in NODES))
    provider = KubernetesProvider(config, SystemClock(), DiscoveryMetrics(CollectorRegistry()), {})
    updates = provider.updates()
    try:
        groups = await anext(updates)
    finally:
        await updates.aclose()
    return _sorted([dict(labels) for group in groups for labels in group.label_sets()])


def _theirs(folder: Path, url: str, counts: dict[str, int]) -> dict[str, list[dict[str, str]]]:
    jobs = [
        {
            "job_name": role,
            "scrape_interval": "1h",
            # Targets that differ in their meta labels only would count as one.
            "relabel_configs": [{"action": "labelmap", "regex": "__meta_(.+)"}],
            "kubernetes_sd_configs": [
                {"role": role, "api_server": url} | ({"attach_metadata": {"node": True}} if role in NODES else {})
            ],
        }
        for role in ROLES
    ]
    with prometheus(folder, {"scrape_configs": jobs}) as server:
        for _ in range(300):
            found = _by_role(get(f"{server}/api/v1/targets"))
            if all(len(found[role]) >= counts[role] for role in ROLES):
                break
            asyncio.run(asyncio.sleep(0.1))
    return found


def _by_role(targets: dict[str, list[dict[str, dict[str, str]]]]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {role: [] for role in ROLES}
    for target in (*targets["activeTargets"], *targets["droppedTargets"]):
        labels = target["discoveredLabels"]
        added = {"__metrics_path__", "__scheme__", "__scrape_interval__", "__scrape_timeout__", "job"}
        found[labels["job"]].append({name: value for name, value in labels.items() if name not in added})
    return {role: _sorted(found[role]) for role in ROLES}


def _sorted(targets: list[dict[str, str]]) -> list[dict[str, str]]:
    distinct = {tuple(sorted((name, value) for name, value in target.items() if value)) for target in targets}
    return [dict(pairs) for pairs in sorted(distinct)]
