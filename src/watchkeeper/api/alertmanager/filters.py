"""The filters of `/alerts` and `/alerts/groups`."""

from __future__ import annotations

from collections.abc import Callable

import re2
from starlette.requests import Request

from watchkeeper.alerts import AlertFilter, MatcherFailure
from watchkeeper.alerts.matchers import read_matcher
from watchkeeper.api.alertmanager.answer import Refused
from watchkeeper.api.alertmanager.routed import Routed
from watchkeeper.api.tenant import tenant_of
from watchkeeper.base.regex import regex_failure
from watchkeeper.model.matcher import Matcher

_TRUE = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})


def filter_of(request: Request, routed: Routed) -> AlertFilter:
    """What the query string asks for. Raises Refused.

    `unprocessed` is taken and changes nothing: whoever asks makes us look at every alert.
    """
    return AlertFilter(
        tenant_of(request),
        matchers_of(request),
        _receiver(request.query_params.get("receiver")),
        labelled_receivers(request, routed),
        *(_flag(request, name) for name in ("active", "silenced", "inhibited", "muted")),
    )


def labelled_receivers(request: Request, routed: Routed) -> Callable[[str], bool]:
    """Whether a receiver's labels are what every `receiver_matchers` wants. Raises Refused."""
    try:
        matchers = [read_matcher(text) for text in request.query_params.getlist("receiver_matchers")]
    except MatcherFailure as failure:
        raise Refused(400, f"failed to parse receiver_matchers param: {failure}") from None
    receivers = routed.receivers() if matchers else {}

    def wanted(name: str) -> bool:
        labels = receivers.get(name, {})
        return all(matcher.matches(labels.get(matcher.name, "")) for matcher in matchers)

    return wanted


def matchers_of(request: Request) -> tuple[Matcher, ...]:
    """Every `filter`. Raises Refused."""
    try:
        return tuple(read_matcher(text) for text in request.query_params.getlist("filter"))
    except MatcherFailure as failure:
        raise Refused(400, str(failure)) from None


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "")
    return text == "" or text.lower() in _TRUE


def _receiver(expression: str | None) -> Callable[[str], bool]:
    pattern = f"^(?:{expression or '.*'})$"
    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(pattern, options).search
    except re2.error:
        why = f"failed to parse receiver param: error parsing regexp: {regex_failure(pattern)}"
        raise Refused(400, why) from None
    return lambda name: found(name) is not None
