"""What the rules of one round read: fetched together beforehand, with the round's own results laid over it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from watchkeeper.model.samples import Selection, SeriesBlock
from watchkeeper.rules.overlay import Overlay
from watchkeeper.store import Lane, Store
from watchkeeper.store.failure import StoreFailure, StoreUnreachable

log = logging.getLogger(__name__)


class RoundSource:
    """Answers the selections of one round, each fetched once; a block is let go after its last foreseen use.

    Once the store has failed, it is not asked again in this round: every further rule gets the same failure at once.
    """

    def __init__(self, store: Store, overlay: Overlay) -> None:
        self._store = store
        self._overlay = overlay
        self._blocks: dict[Selection, SeriesBlock] = {}
        self._uses: Counter[Selection] = Counter()
        self._failure: StoreFailure | None = None

    def expect(self, selections: Iterable[Selection]) -> None:
        """Say that these will be asked for, as often as they are named."""
        self._uses.update(selections)

    def fetch(self, selections: Iterable[Selection]) -> None:
        """Read these from the store, together; what fails is told to whoever asks for them."""
        missing = [one for one in dict.fromkeys(selections) if one not in self._blocks]
        if not missing or self._failure is not None:
            return
        try:
            blocks = self._store.select_many(missing, Lane.RULES)
        except StoreUnreachable as failure:
            self._failure = failure
        except StoreFailure as failure:
            # Too much at once, perhaps, or one that is refused: each is tried alone when it is asked for.
            log.debug("%d selections are read one by one: %s", len(missing), failure)
        except Exception:
            log.exception("%d selections are read one by one: unforeseen", len(missing))
        else:
            self._blocks.update(zip(missing, blocks, strict=True))

    def select(self, selection: Selection) -> SeriesBlock:
        """The series of one selection. Raises StoreFailure."""
        block = self._blocks.get(selection)
        if block is None:
            if self._failure is not None:
                raise self._failure
            block = self._blocks[selection] = self._store.select(selection, Lane.RULES)
        return self._overlay.over(selection, block)

    def select_many(self, selections: Sequence[Selection]) -> list[SeriesBlock]:
        """The answers to several selections. Raises StoreFailure."""
        self.fetch(selections)
        return [self.select(selection) for selection in selections]

    def release(self, selections: Iterable[Selection]) -> None:
        """Let go of what was expected and has been used."""
        for selection in selections:
            self._uses[selection] -= 1
            if self._uses[selection] <= 0:
                self._blocks.pop(selection, None)
