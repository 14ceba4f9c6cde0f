"""Flags of Prometheus and Alertmanager that change nothing here, accepted so that a command line need not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

# The engine decides what they decide there, or there is nothing to decide.
_OF_PROMETHEUS = (
    "alertmanager.drain-notification-queue-on-shutdown",
    "alertmanager.notification-batch-size",
    "alertmanager.notification-queue-capacity",
    "alertmanager.timeout",
    "auto-gomaxprocs",
    "auto-gomemlimit",
    "auto-gomemlimit.ratio",
    "config.auto-reload-interval",
    "rules.max-concurrent-evals",
    "scrape.adjust-timestamps",
    "scrape.discovery-reload-interval",
    "scrape.name-escaping-scheme",
    "scrape.timestamp-tolerance",
    "storage.remote.flush-deadline",
    "storage.remote.read-concurrent-limit",
    "storage.tsdb.head-chunks-write-queue-size",
    "storage.tsdb.max-block-chunk-segment-size",
    "storage.tsdb.max-block-duration",
    "storage.tsdb.min-block-duration",
    "storage.tsdb.no-lockfile",
    "storage.tsdb.retention.size",
    "storage.tsdb.samples-per-chunk",
    "storage.tsdb.wal-compression",
    "storage.tsdb.wal-compression-type",
    "storage.tsdb.wal-segment-size",
    "web.console.libraries",
    "web.console.templates",
    "web.enable-otlp-receiver",
    "web.local-assets",
    "web.page-title",
    "web.remote-write-receiver.accepted-protobuf-messages",
    "web.user-assets",
)
# Several processes share their work by `control.url`, whatever is cleaned up is so by itself.
_OF_ALERTMANAGER = (
    "alerts.gc-interval",
    "cluster.advertise-address",
    "cluster.allow-insecure-public-advertise-address-discovery",
    "cluster.gossip-interval",
    "cluster.label",
    "cluster.listen-address",
    "cluster.peer",
    "cluster.peer-name",
    "cluster.peer-timeout",
    "cluster.peers-resolve-timeout",
    "cluster.probe-interval",
    "cluster.probe-timeout",
    "cluster.pushpull-interval",
    "cluster.reconnect-interval",
    "cluster.reconnect-timeout",
    "cluster.settle-timeout",
    "cluster.tcp-timeout",
    "cluster.tls-config",
    "data.maintenance-interval",
    "dispatch.maintenance-interval",
    "dispatch.start-delay",
    "log.silences",
    "web.get-concurrency",
    "web.systemd-socket",
    "web.timeout",
    "web.ui-path",
)
# Those of them that can be switched off.
_SWITCHES = (
    "alertmanager.drain-notification-queue-on-shutdown",
    "auto-gomaxprocs",
    "auto-gomemlimit",
    "scrape.adjust-timestamps",
    "storage.tsdb.no-lockfile",
    "storage.tsdb.wal-compression",
    "web.enable-otlp-receiver",
    "cluster.allow-insecure-public-advertise-address-discovery",
    "log.silences",
    "web.systemd-socket",
)
_IGNORED = (*_OF_PROMETHEUS, *_OF_ALERTMANAGER, *(f"no-{name}" for name in _SWITCHES))


def without_effect(command: F) -> F:
    """Accept every flag that changes nothing, with or without a value, once or several times."""
    for name in _IGNORED:
        decorate = click.option(f"--{name}", _ignored(name), is_flag=False, flag_value="true", hidden=True)
        command = decorate(command)
    return command


def taken_away(given: dict[str, Any]) -> list[str]:
    """Remove those flags from what was given; the names of those that were."""
    return [name for name in _IGNORED if given.pop(_ignored(name)) is not None]


def _ignored(name: str) -> str:
    return "ignored_" + name.replace(".", "_").replace("-", "_")
