"""The front door, by the cases that matter to somebody on a workstation."""

import pytest

from watchkeeper.api.guard import FrontDoor

LOOPBACK = FrontDoor.of(["127.0.0.1"], None, None)
OPEN = FrontDoor.of(["0.0.0.0"], "https://watch.example.org/", None)


@pytest.mark.parametrize("host", ["127.0.0.1:9800", "localhost:9800", "[::1]:9800", "localhost", "127.0.0.2"])
def test_a_loopback_server_answers_to_this_machines_names(host: str) -> None:
    assert LOOPBACK.knows_host(host)


@pytest.mark.parametrize("host", ["evil.example.org", "evil.example.org:9800", "127.0.0.1.evil.example.org", ""])
def test_a_loopback_server_refuses_other_names(host: str) -> None:
    assert not LOOPBACK.knows_host(host)


def test_a_server_known_by_its_external_url_answers_to_it() -> None:
    assert FrontDoor.of(["127.0.0.1"], "https://watch.example.org/prom", None).knows_host("watch.example.org")


def test_a_server_on_the_network_answers_to_any_name() -> None:
    assert OPEN.knows_host("prometheus:9090")


def test_a_foreign_page_may_not_use_a_loopback_server() -> None:
    assert not LOOPBACK.welcomes("POST", "https://evil.example.org", "127.0.0.1:9800")
    assert not LOOPBACK.welcomes("GET", "https://evil.example.org", "127.0.0.1:9800")
    assert not LOOPBACK.welcomes("POST", "null", "127.0.0.1:9800")


def test_our_own_page_may() -> None:
    assert LOOPBACK.welcomes("POST", "http://127.0.0.1:9800", "127.0.0.1:9800")
    assert OPEN.welcomes("POST", "https://watch.example.org", "10.0.0.1:9800")


def test_a_foreign_page_may_not_change_anything_on_a_server_on_the_network() -> None:
    assert not OPEN.welcomes("POST", "https://evil.example.org", "watch.example.org")


def test_pages_that_are_allowed_by_configuration_may_read() -> None:
    door = FrontDoor.of(["127.0.0.1"], None, r"https?://(.*\.)?friend\.org")
    assert door.reads_cross_origin("https://a.friend.org")
    assert not door.reads_cross_origin("https://a.friend.org.evil.example.org")
