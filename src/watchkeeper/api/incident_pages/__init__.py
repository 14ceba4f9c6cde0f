"""`/incidents…` and `/runbooks/{name}`: what is wrong and what to do, for a browser, and the forms that change it."""

from __future__ import annotations

from watchkeeper.api.incident_pages.routes import routes

__all__ = ["routes"]
