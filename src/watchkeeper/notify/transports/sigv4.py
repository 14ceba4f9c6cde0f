"""Amazon's Signature Version 4, as its documentation describes it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from yarl import URL


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to Amazon, in which region."""

    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def signed_headers(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """`headers` with the date and the signature of this request at the instant `at` (in UTC)."""
    target, stamp = URL(url), at.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "X-Amz-Date": stamp}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    signed = {
        "host": target.host_port_subcomponent or "",
        **{name.lower(): value.strip() for name, value in sent.items()},
    }
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            method,
            target.raw_path or "/",
            "&".join(sorted(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in target.query.items())),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{credentials.region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    sent["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent
