"""The number by which Alertmanager's API names an alert: FNV-1a (64 bits) over its labels."""

from __future__ import annotations

from functools import lru_cache

from watchkeeper.model.labels import Labels

_OFFSET, _PRIME, _MASK = 14695981039346656037, 1099511628211, (1 << 64) - 1


@lru_cache(maxsize=1 << 16)
def fingerprint(labels: Labels) -> str:
    """Sixteen hexadecimal digits."""
    number = _OFFSET
    text = b"".join(name.encode() + b"\xff" + value.encode() + b"\xff" for name, value in labels.pairs)
    for byte in text:
        number = ((number ^ byte) * _PRIME) & _MASK
    return f"{number:016x}"
