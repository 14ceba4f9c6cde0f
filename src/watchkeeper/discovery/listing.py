"""Lists of target groups as files and HTTP servers give them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from watchkeeper.base.configuration import ConfigurationFailure, Section, decode, read_document
from watchkeeper.base.configuration.tree import Items, Null, Table
from watchkeeper.discovery.config import StaticConfig
from watchkeeper.discovery.group import DiscoveryFailure, TargetGroup, at


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    targets: list[str] | None = None
    labels: dict[str, str] | None = None


class _Listing(Section):
    groups: tuple[StaticConfig, ...] = ()


def from_json(content: bytes, name: str, labels: Mapping[str, str]) -> list[TargetGroup]:
    """The groups in a JSON list; `name` is what they come from, `labels` are added to theirs.

    Raises DiscoveryFailure where the list is not as it should be.
    """
    try:
        entries = msgspec.json.decode(content, type=list[_Entry])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DiscoveryFailure(f"{name} holds no list of target groups: {error}") from error
    return [_group(name, i, e.targets or (), {**(e.labels or {}), **labels}) for i, e in enumerate(entries)]


def from_yaml(text: str, name: str, labels: Mapping[str, str]) -> list[TargetGroup]:
    """The groups in a YAML list. Raises DiscoveryFailure where the list is not as it should be."""
    try:
        tree = read_document(text, name)
        if isinstance(tree, Null) or (isinstance(tree, Table) and not tree.entries):
            return []
        if not isinstance(tree, Items):
            raise DiscoveryFailure(f"{tree.place}: should be a list of target groups")
        listing = decode(_Listing, Table(tree.place, {"groups": tree}, {"groups": tree.place}))
    except ConfigurationFailure as failure:
        raise DiscoveryFailure(str(failure)) from failure
    return [_group(name, i, group.targets, {**group.labels, **labels}) for i, group in enumerate(listing.groups)]


def _group(name: str, index: int, targets: list[str] | tuple[str, ...], labels: Mapping[str, str]) -> TargetGroup:
    return TargetGroup(f"{name}:{index}", tuple(at(address) for address in targets), labels)
