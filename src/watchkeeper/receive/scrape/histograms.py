"""Native histograms within the limits of a job."""

from __future__ import annotations

import math

from watchkeeper.model.histogram import Histogram, reduce_schema
from watchkeeper.receive.scrape.config import ScrapeConfig
from watchkeeper.receive.scrape.failure import ScrapeFailure

_FINEST, _COARSEST = 8, -4


def finest_schema(factor: float) -> int:
    """The finest schema whose buckets grow by at least `factor`; every schema will do where it is 1 or less."""
    if factor <= 1:
        return _FINEST
    return max(_COARSEST, min(_FINEST, math.floor(-math.log2(math.log2(factor)))))


def fitted(histogram: Histogram, config: ScrapeConfig) -> Histogram:
    """`histogram`, made as coarse as the job asks. Raises ScrapeFailure where even that leaves too many buckets."""
    if not histogram.uses_custom_buckets:
        finest = finest_schema(config.native_histogram_min_bucket_factor)
        if histogram.schema > finest:
            histogram = reduce_schema(histogram, finest)
    limit = config.native_histogram_bucket_limit
    while 0 < limit < len(histogram.positive) + len(histogram.negative):
        if histogram.uses_custom_buckets or histogram.schema <= _COARSEST:
            raise ScrapeFailure(f"histogram bucket limit exceeded (limit: {limit})")
        histogram = reduce_schema(histogram, histogram.schema - 1)
    return histogram
