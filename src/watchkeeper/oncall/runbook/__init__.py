"""Runbooks: Markdown with front matter, found by what an alert says, shown beside it."""

from __future__ import annotations

from watchkeeper.oncall.runbook.loading import load_runbooks
from watchkeeper.oncall.runbook.markdown import html_of, inline_html_of
from watchkeeper.oncall.runbook.runbook import Runbook, Runbooks, Step, link_of

__all__ = ["Runbook", "Runbooks", "Step", "html_of", "inline_html_of", "link_of", "load_runbooks"]
