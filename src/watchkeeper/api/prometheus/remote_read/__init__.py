"""Remote read: `/read`."""

from watchkeeper.api.prometheus.remote_read.routes import routes

__all__ = ["routes"]
