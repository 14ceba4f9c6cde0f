"""How tests of rules fail before they are held against anything."""

from __future__ import annotations

from watchkeeper.rules.failure import RulesFailure


class TestFailure(RulesFailure):
    """A test that cannot be run."""

    __test__ = False
