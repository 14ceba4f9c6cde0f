"""What we call ourselves to clients that look for Prometheus."""

from __future__ import annotations

from watchkeeper.api.rooms import BuildInfo

SPOKEN = "3.8.0"
"""The version of Prometheus whose API and PromQL we speak: Grafana and others choose their requests by it."""


def build_json(build: BuildInfo) -> dict[str, str]:
    """The build as Prometheus' clients read it: its version first, ours behind the plus sign, as semver allows."""
    return {
        "version": f"{SPOKEN}+watchkeeper.{build.version}",
        "revision": build.revision,
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": f"python {build.python}",
    }
