"""The telemetry schema as ordered steps."""

from watchkeeper.store.migrations.migration import MIGRATIONS, Migration, MigrationStatus, dry_run, migrate, status
from watchkeeper.store.migrations.table import Place

__all__ = ["MIGRATIONS", "Migration", "MigrationStatus", "Place", "dry_run", "migrate", "status"]
