"""Attributes as text: OpenTelemetry's values in the form that Prometheus gives label values."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from watchkeeper.receive.otlp.failure import Malformed

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def attributes_of(raw: Iterable[bytes]) -> dict[str, str]:
    """The attributes that encoded KeyValue messages hold, sorted by name. Raises Malformed."""
    try:
        pairs = [KeyValue.FromString(one) for one in raw]
    except DecodeError:
        raise Malformed("an attribute is no valid KeyValue message") from None
    return _texts(pairs)


def resource_of(raw: bytes) -> dict[str, str]:
    """The attributes of an encoded Resource message. Raises Malformed."""
    try:
        return _texts(Resource.FromString(raw).attributes)
    except DecodeError:
        raise Malformed("a resource is no valid Resource message") from None


def scope_of(raw: bytes) -> tuple[str, str, dict[str, str]]:
    """Name, version and attributes of an encoded InstrumentationScope message. Raises Malformed."""
    try:
        scope = InstrumentationScope.FromString(raw)
    except DecodeError:
        raise Malformed("a scope is no valid InstrumentationScope message") from None
    return scope.name, scope.version, _texts(scope.attributes)


def _texts(pairs: Iterable[Any]) -> dict[str, str]:
    return {pair.key: _text(pair.value) for pair in sorted(pairs, key=lambda pair: pair.key)}


def _text(value: Any) -> str:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return "true" if value.bool_value else "false"
    if kind == "int_value":
        return str(value.int_value)
    if kind == "double_value":
        return number_text(value.double_value)
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    return "" if kind is None else _json(value)


def _json(value: Any) -> str:
    """A value inside an array or a map, as Go writes JSON: keys sorted, nothing that HTML could take for a tag."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return "[" + ",".join(_json(one) for one in value.array_value.values) + "]"
    if kind == "kvlist_value":
        pairs = {pair.key: _json(pair.value) for pair in value.kvlist_value.values}
        return "{" + ",".join(f"{_quoted(key)}:{pairs[key]}" for key in sorted(pairs)) + "}"
    if kind in ("string_value", "bytes_value"):
        return _quoted(_text(value))
    return "null" if kind is None else _text(value)


def _quoted(text: str) -> str:
    return "".join(_HTML.get(character, character) for character in json.dumps(text, ensure_ascii=False))


def number_text(value: float) -> str:
    """A float as ECMAScript writes it: `1`, `0.25`, `1e+21`."""
    if not math.isfinite(value):
        return "json: unsupported value: " + ("NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return plain_number(value)
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        digits = Decimal(repr(value)).normalize().as_tuple()
        number, power = "".join(map(str, digits.digits)), len(digits.digits) - 1 + int(digits.exponent)
        mantissa = ("-" if value < 0 else "") + number[0] + ("." + number[1:] if len(number) > 1 else "")
        return f"{mantissa}e{power:+d}"
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def plain_number(value: float) -> str:
    """A float in its shortest form without an exponent, as bounds and quantiles stand in labels: `0.005`, `5`."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
