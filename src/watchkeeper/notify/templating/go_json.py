"""A template's value as the text that Go's `json.Marshal` makes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec

from watchkeeper.notify.templating.data import AlertData, Data
from watchkeeper.notify.templating.key_values import Pair
from watchkeeper.notify.templating.time import Time
from watchkeeper.template.failure import FunctionFailure
from watchkeeper.template.printing import shortest
from watchkeeper.template.value import Number, check_size

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def to_json(value: object) -> str:
    """The JSON text, keys of maps in their order. Raises FunctionFailure for what has none."""
    check_size(value)
    try:
        text = msgspec.json.encode(_plain(value)).decode()
    except (msgspec.MsgspecError, TypeError, ValueError) as why:
        raise FunctionFailure(f"json: {why}") from None
    # Outside of strings none of these can stand.
    return "".join(_ESCAPED.get(c, c) for c in text)


def _float(value: float) -> str:
    """The shortest digits; an exponent below 1e-6 and from 1e21 on."""
    if not math.isfinite(value):
        raise FunctionFailure(f"json: unsupported value: {shortest(value)}")
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, exponent = repr(value).split("e")
        return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0')}"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _plain(value: object) -> object:
    match value:
        case Data() | AlertData():
            return value.as_json()
        case Pair():
            return {"Name": value.name, "Value": value.value}
        case Time():
            return value.rfc3339()
        case Number():
            return value.go_number
        case Mapping():
            pairs = cast("Mapping[str, Any]", value)
            return {key: _plain(pairs[key]) for key in sorted(pairs)}
        case float():
            return msgspec.Raw(_float(value).encode())
        case str():
            return str(value)
        case bool() | None:
            return value
        case int():
            return int(value)
        case Sequence():
            return [_plain(item) for item in cast("Sequence[Any]", value)]
        case _:
            raise FunctionFailure(f"json: unsupported type: {type(value).__name__}")
