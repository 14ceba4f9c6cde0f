"""Federation: `/federate`."""

from watchkeeper.api.prometheus.federation.routes import routes

__all__ = ["routes"]
