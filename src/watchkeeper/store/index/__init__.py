"""Every series in memory: registered, found by matchers, counted; and which of their samples may be stored."""

from watchkeeper.kernels.index_admission import BOUND, DIGEST, FLOAT, NEVER, UNKNOWN
from watchkeeper.store.index.admission import NO_WINDOW, REFUSALS, Admission, Plan, Verdict
from watchkeeper.store.index.bounds import metrics_of
from watchkeeper.store.index.cardinality import Cardinality, Count
from watchkeeper.store.index.index import NewSeries, SeriesIndex
from watchkeeper.store.index.labels import LabelColumns, Spans
from watchkeeper.store.index.limits import Limits, LimitsOf, Refused
from watchkeeper.store.index.warm import warm_up

__all__ = [
    "BOUND",
    "DIGEST",
    "FLOAT",
    "NEVER",
    "NO_WINDOW",
    "REFUSALS",
    "UNKNOWN",
    "Admission",
    "Cardinality",
    "Count",
    "LabelColumns",
    "Limits",
    "LimitsOf",
    "NewSeries",
    "Plan",
    "Refused",
    "SeriesIndex",
    "Spans",
    "Verdict",
    "metrics_of",
    "warm_up",
]
