"""Unit tests for rules, in promtool's format."""

from watchkeeper.rules.testing.file import TestFile, TestGroup, read_test_file
from watchkeeper.rules.testing.running import Bench, run_group

__all__ = ["Bench", "TestFile", "TestGroup", "read_test_file", "run_group"]
