"""What we call ourselves to clients that look for Alertmanager."""

from __future__ import annotations

from watchkeeper.api.rooms import BuildInfo

SPOKEN = "0.33.1"
"""The version of Alertmanager whose API we speak: amtool warns of any but its own, others choose requests by it."""


def build_json(build: BuildInfo) -> dict[str, str]:
    """The build as Alertmanager's clients read it; branch and revision are ours."""
    return {
        "branch": "watchkeeper",
        "buildDate": "",
        "buildUser": "",
        "goVersion": f"python {build.python}",
        "revision": build.version,
        "version": SPOKEN,
    }
