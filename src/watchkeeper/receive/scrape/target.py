"""Targets: from what discovery found, by relabelling, to what is scraped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from watchkeeper.base.duration import DurationFailure, format_duration, parse_duration_ms
from watchkeeper.model import relabel
from watchkeeper.model.labels import Labels
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure import TargetFailure

ADDRESS, SCHEME, METRICS_PATH = "__address__", "__scheme__", "__metrics_path__"
INTERVAL, TIMEOUT = "__scrape_interval__", "__scrape_timeout__"
JOB, INSTANCE = "job", "instance"
PARAM = "__param_"
_META = "__meta_"


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint to scrape. `labels` are all labels after relabelling, `discovered` those before.

    Targets with the same labels and URL are the same target, however they were found and whatever their interval.
    """

    labels: Labels
    discovered: Labels
    url: str
    interval_ms: int
    timeout_ms: int

    @property
    def identity(self) -> tuple[Labels, str]:
        """What makes it this target, however often it is scraped."""
        return self.labels.without(INTERVAL, TIMEOUT), self.url

    @property
    def public(self) -> Labels:
        """The labels that its samples get."""
        return Labels((n, v) for n, v in self.labels.pairs if not n.startswith("__"))

    def digest(self) -> int:
        """A number that spreads targets evenly and is the same in every process; 64 bits."""
        labels, url = self.identity
        text = repr((labels.pairs, url)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Found:
    """What became of discovered label sets: targets to scrape, dropped ones, and failures worth a log line."""

    targets: Sequence[Target]
    dropped: Sequence[Labels]
    failures: Sequence[TargetFailure]


def find_targets(config: ScrapeConfig, label_sets: Iterable[Mapping[str, str]]) -> Found:
    """The targets of a resolved job, each once."""
    targets: dict[tuple[Labels, str], Target] = {}
    dropped: list[Labels] = []
    failures: list[TargetFailure] = []
    for labels in label_sets:
        discovered = _discovered(config, labels)
        relabelled = relabel.apply(config.relabel_configs, discovered)
        if relabelled is None or not len(relabelled):
            dropped.append(discovered)
            continue
        try:
            target = _target(config, relabelled, discovered)
            targets.setdefault(target.identity, target)
        except TargetFailure as failure:
            failures.append(failure)
    return Found(tuple(targets.values()), dropped, failures)


def _discovered(config: ScrapeConfig, labels: Mapping[str, str]) -> Labels:
    defaults = {
        JOB: config.job_name,
        INTERVAL: format_duration(config.scrape_interval_ms),
        TIMEOUT: format_duration(config.scrape_timeout_ms),
        METRICS_PATH: config.metrics_path,
        SCHEME: config.scheme,
    }
    params = {PARAM + name: values[0] for name, values in config.params.items() if values}
    given = {name: value for name, value in labels.items() if value}
    return Labels(defaults | given | params)


def _target(config: ScrapeConfig, labels: Labels, discovered: Labels) -> Target:
    address = labels.get(ADDRESS, "")
    if not address:
        raise TargetFailure("a target has no address: right would be host:port in __address__")
    if "/" in address:
        raise TargetFailure(f'"{address}" is not a valid hostname: right would be host:port, without scheme and path')
    interval, timeout = _duration(labels, INTERVAL), _duration(labels, TIMEOUT)
    if timeout > interval:
        raise TargetFailure(
            f"{address}: the scrape timeout ({labels[TIMEOUT]}) is greater than "
            f"the scrape interval ({labels[INTERVAL]})"
        )
    kept = {name: value for name, value in labels.pairs if not name.startswith(_META)}
    kept.setdefault(INSTANCE, address)
    return Target(Labels(kept), discovered, _url(config, labels, address), interval, timeout)


def _duration(labels: Labels, name: str) -> int:
    text = labels.get(name, "")
    try:
        duration = parse_duration_ms(text)
    except DurationFailure as failure:
        raise TargetFailure(f"{labels[ADDRESS]}: {name}: {failure}") from None
    if duration == 0:
        raise TargetFailure(f"{labels[ADDRESS]}: {name} is 0: right would be a duration such as 15s")
    return duration


def _url(config: ScrapeConfig, labels: Labels, address: str) -> str:
    params = {name: list(values) for name, values in config.params.items()}
    for name, value in labels.pairs:
        if name.startswith(PARAM):
            params[name[len(PARAM) :]] = [value, *params.get(name[len(PARAM) :], [])[1:]]
    query = urlencode(sorted(params.items()), doseq=True)
    path = labels.get(METRICS_PATH, "")
    path = quote(path if path.startswith("/") else "/" + path, safe="/:@!$&'()*+,;=~-._")
    return f"{labels.get(SCHEME, '')}://{address}{path}" + (f"?{query}" if query else "")
