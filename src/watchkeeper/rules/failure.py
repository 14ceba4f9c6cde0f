"""How rules fail."""

from __future__ import annotations

from watchkeeper.base.failure import Failure


class RulesFailure(Failure):
    """Something is wrong with rules."""


class EvaluationFailure(RulesFailure):
    """A rule could not be evaluated; the text is what its `lastError` says."""
