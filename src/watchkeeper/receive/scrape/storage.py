"""What the scrape loop needs of the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from watchkeeper.model.labels import Labels
from watchkeeper.model.samples import AppendOutcome, SampleBatch


class Storage(Protocol):
    """Where scraped samples go. `resolve` and `alive` may be called from any thread."""

    @property
    def generation(self) -> int:
        """Grows whenever refs given out earlier have become invalid."""
        ...

    def resolve(self, tenant: str, labels: Sequence[Labels]) -> NDArray[np.int32]:
        """The refs of label sets, shape (n,); −1 where a limit refuses a new series."""
        ...

    def alive(self, refs: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Say which of these refs (none of them negative) still stand for a series."""
        ...

    async def append(self, batch: SampleBatch) -> AppendOutcome:
        """Store `batch`; returns after it is committed. Raises StoreFailure."""
        ...
