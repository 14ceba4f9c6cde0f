"""Which requests go through a proxy."""

from __future__ import annotations

import pytest
from yarl import URL

from watchkeeper.base.http.config import ProxyConfig
from watchkeeper.base.http.proxy import Proxies

PROXY = URL("http://proxy:3128")


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("other", "http://example.org", False),
        ("other", "http://localhost:80", True),
        ("other", "http://127.0.0.9", True),
        ("other", "http://[::1]:1", True),
        ("*", "http://example.org", True),
        ("example.org", "http://example.org", True),
        ("example.org", "http://www.example.org", True),
        ("example.org", "http://anexample.org", False),
        (".example.org", "http://www.example.org", True),
        (".example.org", "http://example.org", False),
        ("*.example.org", "http://www.example.org", True),
        ("EXAMPLE.org , x", "http://example.ORG", True),
        ("example.org:81", "http://example.org", False),
        ("example.org:80", "http://example.org", True),
        ("192.0.2.0/24", "http://192.0.2.7", True),
        ("192.0.2.0/24", "http://198.51.100.1", False),
        ("192.0.2.7", "http://192.0.2.7:9", True),
        ("192.0.2.7:8", "http://192.0.2.7:9", False),
        ("2001:db8::1", "http://[2001:db8::1]", True),
        ("[2001:db8::1]:80", "http://[2001:db8::1]", True),
        ("bad/net", "http://example.org", False),
    ],
)
def test_no_proxy_names_what_is_reached_directly(no_proxy, url, direct):
    proxies = Proxies(ProxyConfig(proxy_url=str(PROXY), no_proxy=no_proxy), {})
    assert proxies.proxy_for(URL(url)) == (None if direct else PROXY)


def test_a_proxy_without_exceptions_is_used_for_loopback_too():
    assert Proxies(ProxyConfig(proxy_url=str(PROXY)), {}).proxy_for(URL("http://localhost")) == PROXY


def test_the_environment_is_looked_at_where_it_is_asked_for():
    environ = {"HTTP_PROXY": "proxy:3128", "https_proxy": "http://secure:1", "no_proxy": "x.org"}
    proxies = Proxies(ProxyConfig(proxy_from_environment=True), environ)
    assert proxies.proxy_for(URL("http://a.org")) == PROXY
    assert proxies.proxy_for(URL("https://a.org")) == URL("http://secure:1")
    assert proxies.proxy_for(URL("http://x.org")) is None
    assert Proxies(ProxyConfig(), environ).proxy_for(URL("http://a.org")) is None
