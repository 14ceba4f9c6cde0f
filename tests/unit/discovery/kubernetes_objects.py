"""A small cluster: two nodes, a web service of two pods, an external name, an ingress."""

from __future__ import annotations

from typing import Any


def node(name: str, address: str, **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "uid": f"uid-{name}", "labels": labels, "annotations": {"volume/attached": "yes"}},
        "spec": {"providerID": f"cloud:///{name}"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": name},
                {"type": "InternalIP", "address": address},
                {"type": "InternalIP", "address": "192.0.2.99"},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }


def pod(name: str, address: str, node_name: str, ready: str = "True") -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-{name}",
            "labels": {"app": "web", "app.kubernetes.io/part-of": "shop"},
            "annotations": {"prometheus.io/scrape": "true"},
            "ownerReferences": [
                {"apiVersion": "v1", "uid": "1", "kind": "ReplicaSet", "name": "web-1", "controller": True}
            ],
        },
        "spec": {
            "nodeName": node_name,
            "containers": [
                {
                    "name": "web",
                    "image": "web:1",
                    "ports": [
                        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                        {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
                    ],
                },
                {"name": "side", "image": "side:2"},
            ],
            "initContainers": [
                {"name": "setup", "image": "setup:3", "ports": [{"containerPort": 7070, "protocol": "TCP"}]}
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "hostIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [
                {
                    "name": "web",
                    "image": "web:1",
                    "imageID": "i",
                    "ready": True,
                    "restartCount": 0,
                    "containerID": "containerd://abc",
                }
            ],
        },
    }


def service() -> dict[str, Any]:
    return {
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"app": "web"},
            "annotations": {"team/owner": "alice"},
        },
        "spec": {
            "type": "LoadBalancer",
            "clusterIP": "10.96.0.1",
            "loadBalancerIP": "203.0.113.7",
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
        },
    }


def external_service() -> dict[str, Any]:
    return {
        "metadata": {"name": "elsewhere", "namespace": "shop"},
        "spec": {
            "type": "ExternalName",
            "externalName": "db.example.org",
            "ports": [{"port": 5432, "protocol": "TCP"}],
        },
    }


def _reference(name: str) -> dict[str, str]:
    return {"kind": "Pod", "namespace": "shop", "name": name}


def endpoints() -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a/b": "c"}},
        "subsets": [
            {
                "addresses": [{"ip": "10.1.0.1", "nodeName": "node-a", "targetRef": _reference("web-a")}],
                "notReadyAddresses": [
                    {"ip": "10.1.0.2", "nodeName": "node-b", "hostname": "b", "targetRef": _reference("web-b")},
                    {"ip": "10.1.0.9"},
                ],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        ],
    }


def endpointslice() -> dict[str, Any]:
    return {
        "metadata": {
            "name": "web-x1",
            "namespace": "shop",
            "labels": {"kubernetes.io/service-name": "web"},
            "annotations": {"a/b": "c"},
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": ["10.1.0.1"],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": "node-a",
                "zone": "z1",
                "targetRef": _reference("web-a"),
            },
            {
                "addresses": ["10.1.0.2"],
                "conditions": {"ready": False},
                "hostname": "b",
                "nodeName": "node-b",
                "deprecatedTopology": {"topology.kubernetes.io/region": "r1"},
                "targetRef": _reference("web-b"),
            },
            {"addresses": ["2001:db8::9"], "conditions": {}},
        ],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "http"}],
    }


def ingress() -> dict[str, Any]:
    return {
        "metadata": {"name": "front", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a/b": "c"}},
        "spec": {
            "ingressClassName": "nginx",
            "tls": [{"hosts": ["*.example.org"], "secretName": "x"}],
            "rules": [
                {
                    "host": "shop.example.org",
                    "http": {"paths": [{"path": "/a", "pathType": "Prefix"}, {"path": "", "pathType": "Prefix"}]},
                },
                {"host": "plain.example.com"},
            ],
        },
    }


def namespace() -> dict[str, Any]:
    return {"metadata": {"name": "shop", "labels": {"env": "prod"}, "annotations": {"owner": "bob"}}}


def cluster() -> dict[str, list[dict[str, Any]]]:
    """All objects of the cluster by the plural of their kind."""
    return {
        "nodes": [node("node-a", "10.0.0.1", zone="z1"), node("node-b", "10.0.0.2", zone="z2")],
        "pods": [
            pod("web-a", "10.1.0.1", "node-a"),
            pod("web-b", "10.1.0.2", "node-b", ready="False"),
            pod("web-new", "", "node-b", ready="Unknown"),
        ],
        "services": [service(), external_service()],
        "endpoints": [endpoints()],
        "endpointslices": [endpointslice()],
        "ingresses": [ingress()],
        "namespaces": [namespace()],
    }
