"""What a remote read request asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cramjam
import re2
from google.protobuf.message import DecodeError

from watchkeeper.api.prometheus.remote_read.messages import messages
from watchkeeper.base.failure import Failure
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.samples import Selection

_OPS = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.REGEX, MatchOp.NOT_REGEX)
_SAMPLES, _STREAMED = 0, 1


class BadQuestion(Failure):
    """The request is not one."""


@dataclass(frozen=True, slots=True)
class Question:
    """The selections that are asked for, in their order; `streamed` where chunks are wanted rather than samples."""

    selections: tuple[Selection, ...]
    streamed: bool


def unpacked(body: bytes, largest: int) -> bytes:
    """The message within a snappy block. Raises BadQuestion."""
    try:
        size = cramjam.snappy.decompress_raw_len(body)
        if size > largest:
            raise BadQuestion(f"the request unpacks to {size} bytes, of {largest} that it may have")
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as why:
        raise BadQuestion(f"snappy: corrupt input: {why}") from None


def read_question(message: bytes, tenant: str, external: Mapping[str, str]) -> Question:
    """Decode a ReadRequest. Raises BadQuestion.

    A matcher that asks for an external label by the very value that every answer carries is satisfied already.
    """
    request = messages()["ReadRequest"]()
    try:
        request.ParseFromString(message)
    except DecodeError as why:
        raise BadQuestion(f"no ReadRequest: {why}") from None
    selections = tuple(_selection(query, tenant, external) for query in request.queries)
    return Question(selections, _is_streamed(request.accepted_response_types))


def _is_streamed(accepted: Any) -> bool:
    """Whichever the client named first of those that we know; samples where it named none."""
    known = [kind for kind in accepted if kind in (_SAMPLES, _STREAMED)]
    if accepted and not known:
        raise BadQuestion(f"server does not support any of the requested response types: {list(accepted)}")
    return bool(known) and known[0] == _STREAMED


def _selection(query: Any, tenant: str, external: Mapping[str, str]) -> Selection:
    matchers = [_matcher(matcher) for matcher in query.matchers]
    kept = [m for m in matchers if not (m.op is MatchOp.EQUAL and external.get(m.name) == m.value)]
    return Selection(tenant, tuple(kept), query.start_timestamp_ms, query.end_timestamp_ms)


def _matcher(message: Any) -> Matcher:
    if message.type not in range(len(_OPS)):
        raise BadQuestion(f"invalid matcher type {message.type}: 0 to 3 would be right")
    try:
        return Matcher(message.name.decode(), _OPS[message.type], message.value.decode())
    except (UnicodeDecodeError, re2.error) as why:
        raise BadQuestion(f"a matcher cannot be used: {why}") from None
