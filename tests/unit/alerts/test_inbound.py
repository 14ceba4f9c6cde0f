"""Other tools' webhooks become alerts as the configuration maps them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts import Inbound, InboundFailure, Received
from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure

NOW = 1_763_700_000_000
CHECKS = """
inbound:
- name: uptime
  each: data.checks
  labels:
    alertname: CheckDown
    check: "{{ .name }}"
    severity: '{{ if gt .failures 3 }}critical{{ else }}warning{{ end }}'
    region: "{{ .region }}"
  annotations: {summary: "{{ .name }} is {{ .state | toLower }}"}
  status: "{{ .state }}"
  starts_at: "{{ .since }}"
  generator_url: "{{ .url }}"
- {name: am, format: alertmanager}
"""


def inbound(name: str = "uptime", text: str = CHECKS) -> Inbound:
    sections = load_text(text, "f.yml", {}).sections.inbound
    return Inbound(next(one for one in sections if one.name == name))


def check(state: str, **more: object) -> dict[str, object]:
    return {"name": "shop", "state": state, "failures": 4, "since": 1763699000, "url": "http://up/1", **more}


def test_a_body_is_mapped_item_by_item() -> None:
    body = {"data": {"checks": [check("DOWN"), check("UP", failures=0)]}}
    down, up = inbound().alerts(body, NOW)
    labels = {"alertname": "CheckDown", "check": "shop", "severity": "critical"}
    assert down == Received(labels, {"summary": "shop is down"}, 1_763_699_000_000, None, "http://up/1")
    assert up.ends_at == NOW
    assert up.labels["severity"] == "warning"


def test_one_item_needs_no_list() -> None:
    assert len(inbound().alerts({"data": {"checks": check("DOWN")}}, NOW)) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, 'the body has no "data"'),
        ({"data": {}}, '"data" has no "checks"'),
        ({"data": {"checks": [3]}}, "data.checks[0]: label check"),
        ({"data": {"checks": [check("DOWN", since="yesterday")]}}, '"yesterday" is no time'),
    ],
)
def test_what_cannot_be_mapped_is_named_with_its_place(body: object, said: str) -> None:
    with pytest.raises(InboundFailure) as raised:
        inbound().alerts(body, NOW)
    assert said in str(raised.value)


def test_a_webhook_of_alertmanager_is_taken_as_it_is() -> None:
    alert = {"labels": {"alertname": "A"}, "annotations": {"summary": "s"}, "startsAt": "2025-11-21T04:00:00Z"}
    ended = {**alert, "status": "resolved", "endsAt": "2025-11-21T04:30:00Z"}
    firing = {**alert, "status": "firing", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/g"}
    body = {"version": "4", "alerts": [firing, ended]}
    begin = 1_763_697_600_000
    assert inbound("am").alerts(body, NOW) == [
        Received({"alertname": "A"}, {"summary": "s"}, begin, None, "http://p/g"),
        Received({"alertname": "A"}, {"summary": "s"}, begin, begin + 1_800_000, ""),
    ]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["data", "checks", "alerts"]), inner),
    max_leaves=20,
)
MAPPED = {name: inbound(name) for name in ("uptime", "am")}


@given(json, st.sampled_from(sorted(MAPPED)))
def test_any_body_is_mapped_or_refused_clearly(body: object, name: str) -> None:
    try:
        for alert in MAPPED[name].alerts(body, NOW):
            assert all(isinstance(text, str) for pair in alert.labels.items() for text in pair)
    except InboundFailure:
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inbound: [{name: a, labels: {team: x}}]", "an alertname among them"),
        ("inbound: [{name: a, labels: {alertname: '{{ .x'}}]", "unclosed action"),
        ("inbound: [{name: a, format: alertmanager, each: x}]", "it has no each"),
        ("inbound: [{name: a/b, labels: {alertname: x}}]", "cannot be part of a path"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigurationFailure, match=r"f\.yml:1:") as raised:
        load_text(text, "f.yml", {})
    assert said in str(raised.value)
