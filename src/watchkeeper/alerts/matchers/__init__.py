"""Matchers as Alertmanager writes them: `team="a"`, `{severity=~"x|y", env!=test}`."""

from watchkeeper.alerts.matchers.reading import read_matcher, read_matchers
from watchkeeper.alerts.matchers.writing import in_order, matcher_text, matchers_text

__all__ = ["in_order", "matcher_text", "matchers_text", "read_matcher", "read_matchers"]
