"""What metrics say of themselves, in memory; the table only remembers it over a restart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from watchkeeper.model.samples import MetricMetadata


class MetadataBook:
    """By tenant and metric, each distinct saying in the order in which it was first heard."""

    def __init__(self) -> None:
        self._tenants: dict[str, dict[str, tuple[MetricMetadata, ...]]] = {}

    def news(self, tenant: str, metadata: Iterable[MetricMetadata]) -> list[MetricMetadata]:
        """Those sayings that are not known yet, each once."""
        book = self._tenants.get(tenant, {})
        return list(dict.fromkeys(m for m in metadata if m not in book.get(m.metric, ())))

    def add(self, tenant: str, metadata: Iterable[MetricMetadata]) -> None:
        """Remember sayings."""
        book = self._tenants.setdefault(tenant, {})
        for saying in metadata:
            known = book.get(saying.metric, ())
            if saying not in known:
                book[saying.metric] = (*known, saying)

    def of(self, tenant: str, metric: str | None = None, limit: int = 0) -> Mapping[str, Sequence[MetricMetadata]]:
        """By metric (one, or all), at most `limit` metrics where it is not 0."""
        book = self._tenants.get(tenant, {})
        if metric is not None:
            return {metric: book[metric]} if metric in book else {}
        names = list(book)
        return {name: book[name] for name in (names[:limit] if limit else names)}
