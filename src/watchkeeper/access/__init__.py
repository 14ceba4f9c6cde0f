"""Who may do what: people, teams, and links that act for whoever holds them."""

from __future__ import annotations

from watchkeeper.access.people import People, Person, Team
from watchkeeper.access.signing import InvalidToken, Signer, open_signer

__all__ = ["InvalidToken", "People", "Person", "Signer", "Team", "open_signer"]
