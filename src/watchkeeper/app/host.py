"""This machine as one more scrape job, read in this process."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from watchkeeper.agent.host import Host, HostFetcher, Roots
from watchkeeper.app.configuration import Configuration
from watchkeeper.app.configuration.sections import HostCollectorConfig
from watchkeeper.app.settings import Settings
from watchkeeper.app.urls import external_url
from watchkeeper.base.clock import Clock
from watchkeeper.discovery.config import StaticConfig
from watchkeeper.receive.scrape import Fetch, GlobalConfig, ScrapeConfig

_PORTS = {"http": 80, "https": 443}
_LONGEST_TIMEOUT_MS = 10_000


class HostJob:
    """Turns the `host_collector` section into a scrape job; its target has the address at which people reach us."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._enabled = settings.host_collector
        self._instance = _instance(external_url(settings))
        self._clock = clock
        self._fetcher: HostFetcher | None = None

    def of(self, configuration: Configuration) -> tuple[Sequence[ScrapeConfig], dict[str, Fetch]]:
        """The job and how it is fetched, by its name; both empty where this machine is not watched."""
        section = configuration.sections.host_collector
        if not self._enabled or not section.enabled:
            return (), {}
        taken = {config.job_name for config in configuration.scrape_configs}
        name = _free_name(section.job_name, taken)
        return [_job(section, name, self._instance)], {name: self._fetch(section)}

    def _fetch(self, section: HostCollectorConfig) -> HostFetcher:
        """The fetcher of before as long as the paths are the same: the collectors remember counters."""
        roots = Roots(_stripped(section.procfs), _stripped(section.sysfs), section.rootfs)
        if self._fetcher is None or self._fetcher.host.roots != roots:
            self._fetcher = HostFetcher(Host(roots, self._clock))
        return self._fetcher


def _job(section: HostCollectorConfig, name: str, instance: str) -> ScrapeConfig:
    """Not with the file's `global` defaults: limits for strangers' targets are not meant for this one."""
    config = ScrapeConfig(
        job_name=name,
        tenant=section.tenant,
        scheme="host",
        metrics_path="/",
        scrape_interval_ms=section.scrape_interval_ms,
        scrape_timeout_ms=min(section.scrape_interval_ms, _LONGEST_TIMEOUT_MS),
        static_configs=(StaticConfig(targets=(instance,), labels={"job": section.job_name}),),
    )
    return config.resolved(GlobalConfig().resolved())


def _free_name(wanted: str, taken: set[str]) -> str:
    """The pool's name: where a job of the file has it already, both go on, and only the pools are told apart."""
    name = wanted
    while name in taken:
        name += " (this machine)"
    return name


def _instance(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS.get(parts.scheme, 80)}"


def _stripped(path: str) -> str:
    return path.rstrip("/") or "/"
