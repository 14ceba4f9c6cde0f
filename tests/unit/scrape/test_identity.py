"""The labels that are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.model.labels import Labels
from watchkeeper.model.relabel import Action, RelabelRule
from watchkeeper.receive.scrape import ScrapeConfig
from watchkeeper.receive.scrape.failure import ScrapeFailure
from watchkeeper.receive.scrape.identity import Identity

TARGET = Labels({"job": "j", "instance": "i"})


@pytest.fixture
def identity(job: Callable[..., ScrapeConfig]) -> Callable[..., Identity]:
    return lambda **keys: Identity(TARGET, job(**keys))


def stored(identity: Identity, **labels: str) -> dict[str, str] | None:
    kept = identity.of(Labels({"__name__": "m"} | labels))
    return None if kept is None else dict(kept)


def test_a_series_gets_its_targets_labels(identity: Callable[..., Any]) -> None:
    assert stored(identity(), a="b") == {"__name__": "m", "a": "b", "job": "j", "instance": "i"}


def test_the_targets_labels_push_aside_those_sent(identity: Callable[..., Any]) -> None:
    assert stored(identity(), job="x", exported_job="y") == {
        "__name__": "m",
        "job": "j",
        "instance": "i",
        "exported_job": "y",
        "exported_exported_job": "x",
    }


def test_with_honor_labels_those_sent_win(identity: Callable[..., Any]) -> None:
    assert stored(identity(honor_labels=True), job="x") == {"__name__": "m", "job": "x", "instance": "i"}


def test_relabelling_sees_all_labels_and_may_drop(identity: Callable[..., Any]) -> None:
    rules = (
        RelabelRule(source_labels=("__name__", "job"), regex="gone;j", action=Action.DROP),
        RelabelRule(source_labels=("a",), target_label="b"),
        RelabelRule(regex="a", action=Action.LABELDROP),
    )
    renamed = identity(metric_relabel_configs=rules)
    assert stored(renamed, a="1") == {"__name__": "m", "b": "1", "job": "j", "instance": "i"}
    assert renamed.of(Labels({"__name__": "gone"})) is None


@pytest.mark.parametrize(
    ("keys", "labels", "message"),
    [
        ({"label_limit": 3}, {"a": "b"}, "label_limit exceeded .metric: m, number of labels: 4, limit: 3"),
        ({"label_name_length_limit": 8}, {"toolongname": "b"}, "label_name_length_limit exceeded"),
        ({"label_value_length_limit": 3}, {"a": "long"}, "label_value_length_limit exceeded"),
        ({"metric_name_validation_scheme": "legacy"}, {"a.b": "c"}, "invalid metric name or label names"),
    ],
)
def test_what_a_job_does_not_allow_fails(
    identity: Callable[..., Any], keys: dict[str, Any], labels: dict[str, str], message: str
) -> None:
    assert stored(identity(), **labels) is not None
    with pytest.raises(ScrapeFailure, match=message):
        stored(identity(**keys), **labels)


def test_a_series_needs_a_name(identity: Callable[..., Any]) -> None:
    rule = RelabelRule(regex="__name__", action=Action.LABELDROP)
    with pytest.raises(ScrapeFailure, match="no metric name"):
        stored(identity(metric_relabel_configs=(rule,)))
