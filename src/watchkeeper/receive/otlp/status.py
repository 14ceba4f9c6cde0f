"""google.rpc.Status and RetryInfo, by their public field numbers: how OTLP says that something failed."""

from __future__ import annotations

from enum import IntEnum

import msgspec

_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


class Code(IntEnum):
    """The codes of google.rpc that we answer with."""

    INVALID_ARGUMENT = 3
    RESOURCE_EXHAUSTED = 8
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


def status_protobuf(code: Code, message: str) -> bytes:
    """A google.rpc.Status message."""
    return _varint_field(1, code) + _bytes_field(2, message.encode())


def status_json(code: Code, message: str) -> bytes:
    """The same in protobuf's JSON mapping."""
    return msgspec.json.encode({"code": int(code), "message": message})


def status_details(code: Code, message: str, retry_after_s: int | None) -> bytes:
    """The Status that gRPC carries in `grpc-status-details-bin`, with RetryInfo where trying again is of use."""
    status = status_protobuf(code, message)
    if retry_after_s is None:
        return status
    duration = _varint_field(1, retry_after_s)
    details = _bytes_field(1, _RETRY_INFO.encode()) + _bytes_field(2, _bytes_field(1, duration))
    return status + _bytes_field(3, details)


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
