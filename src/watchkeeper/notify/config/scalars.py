"""Values in the configurations of integrations: addresses, Go's durations, values of any form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BeforeValidator

from watchkeeper.base.configuration import Secret, Text
from watchkeeper.base.configuration.scalars import Written, parse_flag
from watchkeeper.base.configuration.tree import Scalar
from watchkeeper.base.duration import format_go_duration
from watchkeeper.base.url import url_fault
from watchkeeper.notify.templating.functions import functions
from watchkeeper.template import Template, TemplateFailure

_GO_UNITS_MS = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0, "us": 0.001, "µs": 0.001, "ns": 1e-6}
_GO_DURATION = re.compile(r"([0-9]*\.?[0-9]+|[0-9]+\.)(h|ms|m|s|us|µs|ns)")
_PORT = re.compile(r"[0-9]+|[a-z][a-z0-9-]*")


def lacking(what: str, *keys: str) -> ValueError:
    """What to raise where neither an integration nor `global` says something."""
    return ValueError(f"no {what}: give {' or '.join(keys)}")


def _checked_url(text: str) -> str | None:
    """What is wrong with an address, without the address itself; None where nothing is."""
    fault = url_fault(text)
    if fault is not None:
        return fault
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https"):
        return "must begin with http:// or https://"
    return None if parts.hostname else "has no host"


def _url(text: str) -> str:
    wrong = _checked_url(text) if text else None
    if wrong:
        raise ValueError(f"the URL {wrong}")
    return str(text)


def _secret_url(secret: Secret) -> Secret:
    _url(secret.reveal())
    return secret


def _secret_template_url(secret: Secret) -> Secret:
    if "{{" not in secret.reveal():
        return _secret_url(secret)
    _template(secret.reveal())
    return secret


def _template(text: str) -> str:
    try:
        Template.read("", text, functions(lambda: 0))
    except TemplateFailure as failure:
        raise ValueError(f"the template cannot be read: {failure.message}") from None
    return text


def _host_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if text and (":" not in text or not port or (":" in bare and bare == host) or not _PORT.fullmatch(port)):
        raise ValueError(f'"{text}" is not host:port')
    return str(text)


def _go_duration(value: object) -> object:
    """Go's `time.ParseDuration`, in ms: units from ns to h, decimals allowed."""
    if not isinstance(value, str):
        return value
    if value == "0":
        return 0
    parts = list(_GO_DURATION.finditer(value))
    if not parts or "".join(part[0] for part in parts) != value:
        raise ValueError(f'not a valid duration: "{value}" (right would be, for instance, 30s, 5m or 1h30m)')
    return round(sum(float(part[1]) * _GO_UNITS_MS[part[2]] for part in parts))


def _plain(text: str) -> object:
    try:
        return parse_flag(text)  # `y` and `n` are among them
    except ValueError:
        return yaml.safe_load(text)


def typed(value: object) -> object:
    """A value of any form: its plain scalars become numbers, booleans and null as YAML reads them."""
    match value:
        case Scalar():
            return _plain(str(value)) if value.plain and value.strip() else str(value)
        case Mapping():
            return {str(key): typed(item) for key, item in value.items()}
        case Sequence() if not isinstance(value, str):
            return [typed(item) for item in value]
        case _:
            return value


URLText: TypeAlias = Annotated[Text, AfterValidator(_url)]
"""An http or https address."""
SecretURL: TypeAlias = Annotated[Secret, AfterValidator(_secret_url)]
"""An address that says who we are, so it is never shown."""
SecretTemplateURL: TypeAlias = Annotated[Secret, AfterValidator(_secret_template_url)]
"""A secret address, or a template of one; what that yields is checked when it is rendered."""
TemplateText: TypeAlias = Annotated[Text, AfterValidator(_template)]
"""A template that must be one: elsewhere a wrong one is a warning, and a plain text stands in for it."""
GoDurationMs: TypeAlias = Annotated[int, BeforeValidator(_go_duration), Written(format_go_duration)]
"""A duration as Go writes it (`1.5s`, `1h`), in milliseconds."""
Anything: TypeAlias = Annotated[Any, BeforeValidator(typed)]
"""Whatever the author nests there; texts in it may be templates."""
HostPort: TypeAlias = Annotated[Text, AfterValidator(_host_port)]
"""`host:port`; an IPv6 host stands in brackets."""
