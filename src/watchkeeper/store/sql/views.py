"""What people see of a tenant's telemetry: plain rows, whatever the tables underneath look like."""

from __future__ import annotations

from watchkeeper.store.migrations.table import quoted

VIEWS = ("exemplars", "histograms", "metadata", "samples", "series")

_SERIES = (
    "(SELECT series, any(metric) AS metric, any(mapFilter((k, v) -> k != '__name__', labels)) AS labels "
    "FROM {db}.series_raw WHERE tenant = {tenant} GROUP BY series)"
)
_TIMED = (
    "SELECT s.metric AS metric, s.labels AS labels, {columns} FROM "
    "(SELECT * FROM {db}.{table} FINAL WHERE tenant = {tenant}) AS t INNER JOIN " + _SERIES + " AS s USING (series)"
)


def view_sql(database: str, tenant: str) -> dict[str, str]:
    """The query of each view, by name; `tenant` is written into each."""

    def timed(table: str, columns: str) -> str:
        return _TIMED.format(columns=columns, table=table, db=quoted(database), tenant=literal(tenant))

    db, who = quoted(database), literal(tenant)
    decoded = "if(t.exponent < 0, reinterpretAsFloat64(t.mantissa), t.mantissa / intExp10(t.exponent)) AS value"
    buckets = "t.positive_index, t.positive_count, t.negative_index, t.negative_count, t.custom_values"
    scalars = "t.schema, t.count, t.sum, t.zero_threshold, t.zero_count"
    return {
        "samples": timed("samples_raw", f"t.timestamp AS timestamp, {decoded}, t.start AS start"),
        "histograms": timed("histograms_raw", "t.timestamp AS timestamp, " + _named(f"{scalars}, {buckets}, t.start")),
        "exemplars": timed("exemplars_raw", "t.timestamp AS timestamp, t.labels AS exemplar, t.value AS value"),
        "series": f"SELECT metric, labels, series AS id FROM {_SERIES.format(db=db, tenant=who)}",
        "metadata": f"SELECT metric, type, unit, help FROM {db}.metadata_raw FINAL WHERE tenant = {who}",
    }


def _named(columns: str) -> str:
    """Columns of `t` under their own names."""
    return ", ".join(f"{column} AS {column.removeprefix('t.')}" for column in columns.split(", "))


def literal(text: str) -> str:
    """A string as ClickHouse reads it whatever stands in it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
