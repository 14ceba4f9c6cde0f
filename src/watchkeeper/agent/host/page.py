"""What the collectors of one round say, in the text format that scraping reads."""

from __future__ import annotations


class Page:
    """Families with their samples. Text, since a target's pipeline takes it: refs, staleness and metadata come with it.

    Every method takes the metric's name, its help, the value, and the labels in the order of their names.
    """

    __slots__ = ("_families",)

    def __init__(self) -> None:
        self._families: dict[str, list[str]] = {}

    def gauge(self, name: str, text: str, value: float, /, **labels: str) -> None:
        """A sample of a gauge."""
        self._add("gauge", name, text, value, labels)

    def counter(self, name: str, text: str, value: float, /, **labels: str) -> None:
        """A sample of a counter."""
        self._add("counter", name, text, value, labels)

    def untyped(self, name: str, text: str, value: float, /, **labels: str) -> None:
        """A sample of a metric that might be either."""
        self._add("untyped", name, text, value, labels)

    def body(self) -> bytes:
        """The page in the text format 0.0.4."""
        return "".join(line for lines in self._families.values() for line in lines).encode("utf-8", "replace")

    def _add(self, kind: str, name: str, text: str, value: float, labels: dict[str, str]) -> None:
        family = self._families.get(name)
        if family is None:
            text = text.replace("\\", r"\\").replace("\n", r"\n")
            family = self._families[name] = [f"# HELP {name} {text}\n# TYPE {name} {kind}\n"]
        if labels:
            pairs = ",".join([f'{label}="{_escaped(text)}"' for label, text in labels.items()])
            family.append(f"{name}{{{pairs}}} {value!r}\n")
        else:
            family.append(f"{name} {value!r}\n")


def _escaped(text: str) -> str:
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return text
