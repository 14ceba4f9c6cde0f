"""Runs people's SQL: checked, limited, and over views that hold nothing but their tenant's rows."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from watchkeeper.store.client import Client, Lane
from watchkeeper.store.migrations import Place
from watchkeeper.store.migrations.table import quoted
from watchkeeper.store.room import require_room
from watchkeeper.store.sql.failure import SqlRefused
from watchkeeper.store.sql.statement import judge_tree, read
from watchkeeper.store.sql.views import VIEWS, view_sql

FORMATS = {"json": "JSONCompact", "csv": "CSVWithNames", "tsv": "TSVWithNames"}
# Categories of functions that compute from their arguments and reach nothing else.
_CATEGORIES = (
    "Aggregate Functions", "Type Conversion", "Dates and Times", "Arrays", "String", "Hash", "String Search", "JSON",
    "Mathematical", "URL", "Arithmetic", "Map", "IP Address", "Comparison", "Tuple", "Time Series", "Distance",
    "Bitmap", "Bit", "Encoding", "UUID", "String Splitting", "String Replacement", "Null", "Rounding", "Time Window",
    "Conditional", "Logical", "Financial", "Random Number",
)  # fmt: skip
_OTHERS = (
    "bar", "transform", "runningdifference", "neighbor", "rownumberinallblocks", "rownumberinblock", "materialize",
    "identity", "isfinite", "isinfinite", "isnan", "ifnotfinite", "formatreadablesize", "formatreadablequantity",
    "formatreadabletimedelta", "formatreadabledecimalsize", "totypename", "lambda", "grouping", "tocolumntypename",
    "ignore", "version", "now", "exists", "in", "notin", "globalin", "globalnotin", "nullin", "notnullin",
    "arrayjoin", "row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist", "first_value", "last_value",
    "lag", "lead", "lagininframe", "leadinframe", "nth_value",
)  # fmt: skip
_COMBINATORS = (
    "If",
    "Array",
    "Map",
    "OrNull",
    "OrDefault",
    "Distinct",
    "ForEach",
    "ArgMin",
    "ArgMax",
    "State",
    "Merge",
)
# In a category that is allowed, and yet not a function of its arguments alone.
_DENIED = ("dictget", "joinget", "file", "sleep", "sleepeachrow", "remote", "url", "initializeaggregation")


@dataclass(frozen=True, slots=True)
class SqlLimits:
    """What one statement may take."""

    timeout_s: int = 30
    result_rows: int = 100_000
    result_bytes: int = 64 << 20
    memory_bytes: int = 1 << 30
    threads: int = 2


class Sql:
    """Read-only SQL for people; safe for many threads, blocking."""

    def __init__(self, client: Client, place: Place, limits: SqlLimits | None = None) -> None:
        self._client = client
        self._place = place
        self._limits = limits or SqlLimits()
        self._lock = threading.Lock()
        self._ready: set[str] = set()
        self._functions: frozenset[str] = frozenset()

    def run(self, tenant: str, sql: str, form: str = "json", name: str = "") -> bytes:
        """The answer to one statement as `json`, `csv` or `tsv`; `cancel` knows it by its `name`.

        Raises SqlRefused for what people may not run, StatementFailure for what the engine refuses or breaks off.
        """
        if form not in FORMATS:
            raise SqlRefused(f"unknown format {form!r}: right would be {', '.join(FORMATS)}")
        statement = read(sql, VIEWS)
        database = self._views(tenant)
        if statement.select is not None:
            tree = self._client.raw_query(
                f"EXPLAIN AST {statement.select}", form="TSVRaw", settings={"readonly": 1}, database=database
            )
            judge_tree(bytes(tree).decode(), self._permits)
        settings = {**self._settings(), **({"query_id": name} if name else {})}
        answer = self._client.raw_query(
            statement.sql, form=FORMATS[form], lane=Lane.PEOPLE, settings=settings, database=database
        )
        return bytes(answer)

    def cancel(self, name: str) -> None:
        """Break off the statement of that name; nothing happens where there is none."""
        self._client.command(
            f"KILL QUERY{self._place.on_cluster} WHERE query_id = {{name:String}} "
            "OR Settings['log_comment'] = {name:String} ASYNC",
            {"name": name},
        )

    def _settings(self) -> dict[str, str | int | float]:
        limits = self._limits
        return {
            "readonly": 1,
            "max_execution_time": limits.timeout_s,
            "max_result_rows": limits.result_rows,
            "max_result_bytes": limits.result_bytes,
            "result_overflow_mode": "throw",
            # Without it the engine holds no folded constant against max_result_rows.
            "limit": limits.result_rows + 1,
            "max_memory_usage": limits.memory_bytes,
            "max_threads": limits.threads,
            "allow_introspection_functions": 0,
            "output_format_json_quote_64bit_integers": 1,
        }

    def _permits(self, function: str) -> bool:
        """Say whether people may call the function: known, harmless, or an aggregate with combinators."""
        name = function.lower()
        if name in self._known() and not name.startswith(_DENIED):
            return True
        for combinator in _COMBINATORS:
            if function.endswith(combinator) and self._permits(function.removesuffix(combinator)):
                return True
        return False

    def _known(self) -> frozenset[str]:
        if not self._functions:
            rows = self._client.query(
                "SELECT DISTINCT lower(name) AS name FROM system.functions WHERE "
                "categories IN {fine:Array(String)} OR alias_to IN "
                "(SELECT name FROM system.functions WHERE categories IN {fine:Array(String)})",
                {"fine": list(_CATEGORIES)},
            )
            self._functions = frozenset(rows.strings("name")) | frozenset(_OTHERS)
        return self._functions

    def _views(self, tenant: str) -> str:
        """The database of the tenant's views, made where it is not there yet."""
        database = f"{self._place.database}_sql_{hashlib.sha256(tenant.encode()).hexdigest()[:16]}"
        with self._lock:
            if database not in self._ready:
                self._make(database, view_sql(self._place.database, tenant))
                self._ready.add(database)
        return database

    def _make(self, database: str, views: Mapping[str, str]) -> None:
        """Make those views that are not there; the comment of each says by which text it was made."""
        marks = {name: hashlib.sha256(select.encode()).hexdigest()[:16] for name, select in views.items()}
        rows = self._client.query(
            "SELECT name, comment FROM system.tables WHERE database = {name:String}", {"name": database}
        )
        there = dict(zip(rows.strings("name"), rows.strings("comment"), strict=True))
        missing = [name for name in views if there.get(name) != marks[name]]
        if not missing:
            return
        require_room(self._client)
        engine, on_cluster = "" if self._place.cluster else " ENGINE = Atomic", self._place.on_cluster
        self._client.command(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}{on_cluster}{engine}")
        for name in missing:
            view = f"{quoted(database)}.{name}{on_cluster} AS {views[name]} COMMENT '{marks[name]}'"
            self._client.command(f"CREATE OR REPLACE VIEW {view}")
