"""Links in notifications that lead to what a person may do about a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from watchkeeper.model.tenant import DEFAULT_TENANT


class GroupKey(str):
    """A group key that knows its tenant; templates see no more than the text."""

    __slots__ = ("tenant",)

    def __new__(cls, text: str, tenant: str = DEFAULT_TENANT) -> GroupKey:
        """The key of a tenant's group."""
        made = super().__new__(cls, text)
        made.tenant = tenant
        return made


class Links(Protocol):
    """Makes links for a tenant's group."""

    def acknowledge(self, tenant: str, group_key: str) -> str:
        """Where the group is acknowledged."""
        ...

    def silence(self, tenant: str, group_key: str) -> str:
        """Where the group is silenced."""
        ...


@dataclass(frozen=True, slots=True)
class UnsignedLinks:
    """Links that need a login, where nobody can sign them."""

    external_url: str

    def acknowledge(self, tenant: str, group_key: str) -> str:
        """The group's page."""
        return f"{self.external_url}/ack/{quote(group_key, safe='')}"

    def silence(self, tenant: str, group_key: str) -> str:
        """The group's page, too."""
        return self.acknowledge(tenant, group_key)


def tenant_of(group_key: str) -> str:
    """Whose group it is."""
    return group_key.tenant if isinstance(group_key, GroupKey) else DEFAULT_TENANT
