"""From resource, scope and attributes to the labels of a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.model.labels import METRIC_NAME, Labels
from watchkeeper.receive.otlp.attributes import resource_of, scope_of
from watchkeeper.receive.otlp.naming import label_name
from watchkeeper.receive.otlp.translation import Translation

_NAMESPACE, _SERVICE, _INSTANCE = "service.namespace", "service.name", "service.instance.id"
_IDENTIFYING = frozenset({_NAMESPACE, _SERVICE, _INSTANCE})
_JOB_LABEL, _INSTANCE_LABEL = "job", "instance"


@dataclass(frozen=True, slots=True)
class ResourceLabels:
    """What a resource adds to its series: `promoted` where they lack such a label, `identity` (job, instance) always.

    `target_info` has the labels of the resource's own series, None where it has none.
    """

    promoted: Mapping[str, str]
    identity: Mapping[str, str]
    target_info: Labels | None


def resource_labels(raw: bytes, rules: Translation) -> ResourceLabels:
    """The labels that an encoded resource gives. Raises Malformed or InvalidName."""
    attributes = resource_of(raw)
    identity: dict[str, str] = {}
    if _SERVICE in attributes:
        spaces = [attributes[_NAMESPACE]] if _NAMESPACE in attributes else []
        identity[_JOB_LABEL] = "/".join([*spaces, attributes[_SERVICE]])
    if _INSTANCE in attributes:
        identity[_INSTANCE_LABEL] = attributes[_INSTANCE]
    promoted: dict[str, str] = {}
    for name, value in attributes.items():
        if rules.promotes(name):
            promoted.setdefault(label_name(name, rules), value)
    return ResourceLabels(promoted, identity, _target_info(attributes, identity, rules))


def scope_labels(raw: bytes, schema_url: bytes, rules: Translation) -> dict[str, str]:
    """The labels that an encoded scope gives, none unless they are promoted. Raises Malformed or InvalidName."""
    name, version, attributes = scope_of(raw)
    if not rules.promote_scope or not name:
        return {}
    named = {label_name("otel_scope_" + key, rules): value for key, value in attributes.items()}
    url = schema_url.decode("utf-8", "replace")
    return {"otel_scope_name": name, "otel_scope_version": version, "otel_scope_schema_url": url, **named}


def series_labels(
    attributes: Mapping[str, str], resource: ResourceLabels, scope: Mapping[str, str], rules: Translation
) -> dict[str, str]:
    """The labels of a data point's series but for its name. Raises InvalidName.

    Values of attributes whose names become the same are joined by `;`, in the order of the attributes' names.
    """
    labels = _joined(attributes, rules)
    for name, value in resource.promoted.items():
        labels.setdefault(name, value)
    labels.update(scope)
    labels.update(resource.identity)
    return labels


def _joined(attributes: Mapping[str, str], rules: Translation) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key, value in attributes.items():
        name = label_name(key, rules)
        labels[name] = f"{labels[name]};{value}" if name in labels else value
    return labels


def _target_info(attributes: Mapping[str, str], identity: Mapping[str, str], rules: Translation) -> Labels | None:
    """Prometheus makes none where a resource has only what identifies it, or nothing that does."""
    if not attributes.keys() - _IDENTIFYING:
        return None
    told = attributes
    if not rules.keep_identifying:
        told = {name: value for name, value in attributes.items() if name not in _IDENTIFYING}
    labels = {**_joined(told, rules), **identity}
    if _JOB_LABEL not in labels and _INSTANCE_LABEL not in labels:
        return None
    return Labels({**labels, METRIC_NAME: "target_info"})
