"""Machines made of recorded files, and how a page is read."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from prometheus_client.parser import text_string_to_metric_families

from watchkeeper.agent.host import Roots

TREES = Path(__file__).parent / "machines"
Said: TypeAlias = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def plant(tree: str, folder: Path) -> Roots:
    """Lay out a machine: `== path` and the file's lines, or `== path -> target` for a link."""
    for part in filter(None, ("\n" + (TREES / f"{tree}.tree").read_text()).split("\n== ")):
        head, _, text = part.partition("\n")
        name, _, target = head.partition(" -> ")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target:
            path.symlink_to(target)
        else:
            path.write_text(text + "\n" if text else "")
    return Roots(*(str(folder / name) for name in ("proc", "sys", "root", "udev")))


def read_page(page: bytes) -> Said:
    """The samples of a page in the text format, by name and labels."""
    families = text_string_to_metric_families(page.decode())
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def value(said: Said, name: str, /, **labels: str) -> float:
    """The one sample with just these labels."""
    return said[name, tuple(sorted(labels.items()))]


def label_sets(said: Said, name: str) -> list[dict[str, str]]:
    """The label sets of a metric."""
    return [dict(labels) for metric, labels in said if metric == name]
