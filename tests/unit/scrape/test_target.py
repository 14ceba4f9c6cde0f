"""Targets out of discovered labels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from watchkeeper.model.relabel import Action, RelabelRule
from watchkeeper.receive.scrape import ScrapeConfig
from watchkeeper.receive.scrape.target import Target, find_targets

Job = Callable[..., ScrapeConfig]


def only(config: ScrapeConfig, **labels: str) -> Target:
    (target,) = find_targets(config, [labels]).targets
    return target


def test_a_target_is_named_after_its_job_and_address(job: Job) -> None:
    target = only(job("node"), __address__="host:9100", __meta_x="y", zone="a")
    assert dict(target.public) == {"job": "node", "instance": "host:9100", "zone": "a"}
    assert target.url == "http://host:9100/metrics"
    assert target.interval_ms == 50
    assert target.discovered["__meta_x"] == "y"


def test_discovered_labels_win_over_the_jobs(job: Job) -> None:
    config = job("node", metrics_path="/m", scheme="https")
    target = only(
        config,
        __address__="host:1",
        __scheme__="http",
        __metrics_path__="/other",
        __scrape_interval__="2m",
        __scrape_timeout__="3s",
        instance="me",
        job="mine",
    )
    assert target.url == "http://host:1/other"
    assert (target.interval_ms, target.timeout_ms) == (120_000, 3000)
    assert dict(target.public) == {"instance": "me", "job": "mine"}


def test_parameters_can_be_rewritten(job: Job) -> None:
    rule = RelabelRule(source_labels=("__address__",), target_label="__param_target")
    config = job(params={"module": ("http", "icmp"), "target": ()}, relabel_configs=(rule,))
    assert only(config, __address__="a:1").url == "http://a:1/metrics?module=http&module=icmp&target=a%3A1"


def test_dropped_targets_are_remembered_as_they_were_found(job: Job) -> None:
    config = job(relabel_configs=(RelabelRule(source_labels=("zone",), regex="b", action=Action.DROP),))
    found = find_targets(config, [{"__address__": "a:1", "zone": "b"}, {"__address__": "a:2", "zone": "c"}])
    assert [labels["__address__"] for labels in found.dropped] == ["a:1"]
    assert [target.labels["__address__"] for target in found.targets] == ["a:2"]


def test_a_target_that_is_found_twice_is_scraped_once(job: Job) -> None:
    assert len(find_targets(job(), [{"__address__": "a:1"}, {"__address__": "a:1"}]).targets) == 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"x": "y"}, "no address"),
        ({"__address__": "http://a:1/"}, "not a valid hostname"),
        ({"__address__": "a:1", "__scrape_interval__": "x"}, "not a valid duration"),
        ({"__address__": "a:1", "__scrape_interval__": "0s"}, "is 0"),
        ({"__address__": "a:1", "__scrape_interval__": "1s", "__scrape_timeout__": "2s"}, "greater than"),
    ],
)
def test_a_target_that_makes_no_sense_fails_alone(job: Job, labels: dict[str, str], message: str) -> None:
    found = find_targets(job(), [labels, {"__address__": "good:1"}])
    assert [message in str(failure) for failure in found.failures] == [True]
    assert len(found.targets) == 1


def test_a_digest_depends_on_labels_and_url_alone(job: Job) -> None:
    a, b = only(job(), __address__="a:1"), only(job(), __address__="a:1", __meta_x="y")
    c = only(job(), __address__="a:2")
    assert a.digest() == b.digest()
    assert a.digest() != c.digest()
