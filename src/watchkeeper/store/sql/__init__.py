"""People's read-only SQL over their tenant's views."""

from watchkeeper.store.sql.failure import SqlRefused
from watchkeeper.store.sql.people import Sql, SqlLimits

__all__ = ["Sql", "SqlLimits", "SqlRefused"]
