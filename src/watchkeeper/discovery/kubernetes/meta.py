"""Meta labels that all roles share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from watchkeeper.discovery.kubernetes.objects import Meta

PREFIX = "__meta_kubernetes_"
NAMESPACE = PREFIX + "namespace"

_UNSUPPORTED = re.compile(r"[^a-zA-Z0-9_]")


def sanitized(name: str) -> str:
    """The name with an underscore for each character that a label's name cannot have."""
    return _UNSUPPORTED.sub("_", name)


def meta_labels(role: str, meta: Meta, *, name: bool = True) -> dict[str, str]:
    """An object's name, labels and annotations as meta labels of its role."""
    labels = {f"{PREFIX}{role}_name": meta.name} if name else {}
    for kind, entries in (("label", meta.labels), ("annotation", meta.annotations)):
        for key, value in (entries or {}).items():
            labels[f"{PREFIX}{role}_{kind}_{sanitized(key)}"] = value
            labels[f"{PREFIX}{role}_{kind}present_{sanitized(key)}"] = "true"
    return labels


def present(labels: Mapping[str, str | bool | int | None]) -> dict[str, str]:
    """The labels that have a value, booleans written as `true` and `false`."""
    return {
        PREFIX + name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in labels.items()
        if value is not None
    }
