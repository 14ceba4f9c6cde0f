"""The HTTP client: Prometheus' `http_config` and the sessions built from it."""

from watchkeeper.base.http.config import HTTPClientConfig, TLSConfig

__all__ = ["HTTPClientConfig", "TLSConfig"]
