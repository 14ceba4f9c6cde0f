"""The HTTP client: Prometheus' `http_config`, and requests that follow it."""

from watchkeeper.base.http.client import Answer, HTTPClient
from watchkeeper.base.http.config import HTTPClientConfig, TLSConfig
from watchkeeper.base.http.failure import HTTPFailure, shown_url

__all__ = ["Answer", "HTTPClient", "HTTPClientConfig", "HTTPFailure", "TLSConfig", "shown_url"]
