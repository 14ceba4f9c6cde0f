"""The grouping key that a request's path spells."""

from __future__ import annotations

import base64
import binascii
import json
import re

from watchkeeper.model.labels import Labels
from watchkeeper.receive.pushgateway.failure import PushFailure

_BASE64 = "@base64"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def grouping_of(job: str, rest: str, *, job_is_base64: bool) -> dict[str, str]:
    """The labels of `/metrics/job/<job>/<rest>`, values of `name@base64` decoded. Raises PushFailure."""
    if job_is_base64:
        try:
            job = _decoded(job)
        except _IllegalBase64 as why:
            raise PushFailure(f'invalid base64 encoding in job name "": {why}') from None
    labels = _pairs(rest)
    if not job:
        raise PushFailure("job name is required")
    return {**labels, "job": job}


def key_of(labels: dict[str, str]) -> str:
    """One text for one group, whatever the order of its labels."""
    return json.dumps(sorted(labels.items()), ensure_ascii=False)


def _pairs(rest: str) -> dict[str, str]:
    if not rest:
        return {}
    parts = rest.split("/")
    if len(parts) % 2:
        raise PushFailure(f"odd number of components in label string {_quoted('/' + rest)}")
    labels: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        bare = name.removesuffix(_BASE64)
        if not _NAME.fullmatch(bare) or bare.startswith("__"):
            raise PushFailure(f"improper label name {_quoted(bare)}")
        try:
            labels[bare] = value if bare == name else _decoded(value)
        except _IllegalBase64 as why:
            raise PushFailure(f"invalid base64 encoding for label {bare}={_quoted(value)}: {why}") from None
    return labels


class _IllegalBase64(ValueError):
    pass


def _decoded(text: str) -> str:
    """URL-safe base64, padded or not."""
    bare = text.rstrip("=")
    end = _ALPHABET.match(bare)
    good = end.end() if end else 0
    if good < len(bare):
        raise _IllegalBase64(f"illegal base64 data at input byte {good}")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _IllegalBase64(f"illegal base64 data at input byte {max(len(bare) - 1, 0)}") from None


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def labels_text(labels: Labels) -> str:
    """Labels as a person reads them."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.pairs) + "}"
