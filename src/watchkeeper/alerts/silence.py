"""A promise not to notify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.alerts.failure import InvalidSilence
from watchkeeper.model.labels import Labels
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.tenant import DEFAULT_TENANT

_POSITIVE = frozenset({MatchOp.EQUAL, MatchOp.REGEX})


class SilenceState(StrEnum):
    """Where a silence stands in its life, in the order in which lists show them."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    """Between two instants, ms since the epoch, alerts that all matchers match are mute; `ends_at` is outside it."""

    matchers: tuple[Matcher, ...]
    starts_at: int
    ends_at: int
    created_by: str = ""
    comment: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    id: str = ""
    updated_at: int = 0
    tenant: str = DEFAULT_TENANT

    def state(self, at: int) -> SilenceState:
        """Where it stands at the instant `at`."""
        if at < self.starts_at:
            return SilenceState.PENDING
        return SilenceState.ACTIVE if at < self.ends_at else SilenceState.EXPIRED

    def mutes(self, labels: Labels, at: int) -> bool:
        """Say whether an alert with `labels` is mute at that instant."""
        return self.state(at) is SilenceState.ACTIVE and self.matches(labels)

    def matches(self, labels: Labels) -> bool:
        """Say whether it is about an alert with these labels, whenever."""
        return all(matcher.matches(labels.get(matcher.name, "")) for matcher in self.matchers)

    def can_become(self, other: Silence, at: int) -> bool:
        """Say whether `other` is this silence with another comment or end, so that it may keep its id.

        What an alert was muted by must stay true: an active silence keeps its beginning (to the second), an expired
        one keeps all.
        """
        if self.matchers != other.matchers:
            return False
        match self.state(at):
            case SilenceState.ACTIVE:
                return self.starts_at // 1000 == other.starts_at // 1000 and other.ends_at >= at
            case SilenceState.PENDING:
                return other.starts_at >= at
            case SilenceState.EXPIRED:
                return False

    def check(self) -> None:
        """Raise InvalidSilence with what cannot be meant, in Alertmanager's words.

        A silence that would mute everything cannot; what a negative matcher mutes, it leaves something of.
        """
        if not self.matchers:
            raise InvalidSilence("invalid silence: at least one matcher required")
        for i, matcher in enumerate(self.matchers):
            if not matcher.name:
                raise InvalidSilence(f'invalid silence: invalid label matcher {i} in set 0: invalid label name ""')
        if all(matcher.op in _POSITIVE and matcher.matches_empty for matcher in self.matchers):
            raise InvalidSilence("invalid silence: matcher set 0: at least one matcher must not match the empty string")
