"""Whose data a request is about."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.requests import Request

from watchkeeper.api.prometheus.envelope import ApiFailure, ErrorType
from watchkeeper.model.tenant import DEFAULT_TENANT

HEADER = "X-Scope-OrgID"
_NAME = re.compile(r"[A-Za-z0-9!_.*'()-]{1,150}", re.ASCII)


def tenant_of(request: Request) -> str:
    """The tenant that the request names by its `X-Scope-OrgID` header, or `default`. Raises ApiFailure."""
    return tenant_named(request.headers)


def tenant_named(headers: Headers) -> str:
    """The tenant that the headers name. Raises ApiFailure."""
    name = headers.get(HEADER, "")
    if not name:
        return DEFAULT_TENANT
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise ApiFailure(
            ErrorType.BAD_DATA,
            f"{HEADER} names no tenant: up to 150 letters, digits and !-_.*'() would be right",
        )
    return name
