"""What a sender is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_HEADER = "X-Prometheus-Remote-Write-{}-Written"
RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Written:
    """How much of a request was stored."""

    samples: int = 0
    histograms: int = 0
    exemplars: int = 0

    def headers(self) -> dict[str, str]:
        """The response headers that Remote-Write 2.0 asks for."""
        counts = {"Samples": self.samples, "Histograms": self.histograms, "Exemplars": self.exemplars}
        return {_HEADER.format(name): str(count) for name, count in counts.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An HTTP answer: 204 where everything was stored, else a status whose `text` says why, as plain text."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
