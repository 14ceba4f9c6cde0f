"""Whose notifications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """Whose notifications: one integration (`webhook[0]`) of a receiver, for one group of one tenant."""

    tenant: str
    group_key: str
    receiver: str
    integration: str
