"""Formats asked for and answered."""

from __future__ import annotations

import pytest

from watchkeeper.receive.scrape.config import PROTOBUF_FIRST, TEXT_FIRST
from watchkeeper.receive.scrape.failure import ScrapeFailure
from watchkeeper.receive.scrape.protocols import Format, accept, format_of


def test_the_accept_header_is_prometheus_own() -> None:
    assert accept(TEXT_FIRST, "allow-utf-8") == (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )


def test_protobuf_comes_first_where_it_is_asked_for() -> None:
    assert accept(PROTOBUF_FIRST, "underscores").startswith(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    )


@pytest.mark.parametrize(
    ("content_type", "format_"),
    [
        ("text/plain", Format.TEXT),
        ("text/plain; version=0.0.4; charset=utf-8", Format.TEXT),
        ("Application/OpenMetrics-Text; version=1.0.0; charset=utf-8", Format.OPENMETRICS),
        (
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            Format.PROTOBUF,
        ),
    ],
)
def test_a_content_type_names_its_format(content_type: str, format_: Format) -> None:
    assert format_of(content_type, None) is format_


@pytest.mark.parametrize(
    "content_type", ["", "text/html", "application/json", "nonsense", "application/vnd.google.protobuf; encoding=text"]
)
def test_without_a_known_content_type_the_fallback_decides(content_type: str) -> None:
    assert format_of(content_type, "OpenMetricsText1.0.0") is Format.OPENMETRICS
    with pytest.raises(ScrapeFailure, match="fallback_scrape_protocol"):
        format_of(content_type, None)
