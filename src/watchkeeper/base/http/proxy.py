"""Which proxy a request goes through (the rules of Go's httpproxy, which Prometheus follows)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from yarl import URL

from watchkeeper.base.http.config import ProxyConfig

_SCHEMES = ("http", "https")


class Proxies:
    """The proxy for each URL; `environ` is where `proxy_from_environment` looks."""

    __slots__ = ("_always", "_by_scheme", "_bypasses")

    def __init__(self, config: ProxyConfig, environ: Mapping[str, str]) -> None:
        if config.proxy_from_environment:
            self._by_scheme: dict[str, str] = {
                scheme: _variable(environ, f"{scheme}_proxy") for scheme in ("http", "https")
            }
            no_proxy = _variable(environ, "no_proxy")
        else:
            self._by_scheme = dict.fromkeys(_SCHEMES, config.proxy_url)
            no_proxy = config.no_proxy
        # A proxy without exceptions is used for loopback too.
        self._always = not config.proxy_from_environment and not no_proxy
        self._bypasses = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]

    def proxy_for(self, url: URL) -> URL | None:
        """The proxy's URL, or None for a direct connection."""
        proxy = self._by_scheme.get(url.scheme, "")
        if not proxy or (not self._always and self._is_direct(url)):
            return None
        return URL(proxy if "://" in proxy else f"http://{proxy}")

    def _is_direct(self, url: URL) -> bool:
        host, port = (url.host or "").lower().rstrip("."), url.port
        address = _address(host)
        if host == "localhost" or (address is not None and address.is_loopback):
            return True
        return any(_covers(entry, host, port, address) for entry in self._bypasses)


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _covers(entry: str, host: str, port: int | None, address: _Address | None) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return address is not None and address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, only_port = _split_port(entry)
    if only_port is not None and only_port != port:
        return False
    if (listed := _address(name)) is not None:
        return address == listed
    bare = name.removeprefix("*")
    if bare.startswith("."):
        return host.endswith(bare)
    return host == bare or host.endswith("." + bare)


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    name, _, port = entry.rpartition(":")
    if name and ":" not in name and port.isdigit():
        return name, int(port)
    return entry, None
