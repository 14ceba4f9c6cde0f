"""From matchers to series: a condition a matcher, the cheapest postings first, the rest as filters."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watchkeeper.kernels.index_postings import intersect, keep_having, keep_matching, keep_tenant
from watchkeeper.model.matcher import Matcher, MatchOp
from watchkeeper.model.symbols import Symbols
from watchkeeper.store.index.pairs import Pairs
from watchkeeper.store.index.postings import Postings
from watchkeeper.store.index.regex import shape
from watchkeeper.store.index.table import View

_NOTHING = np.zeros(0, dtype=np.int32)
_CACHED_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Condition:
    """One matcher against one tenant's series: which of a label's pairs satisfy it, and whether absence does.

    `chosen` are those pairs; `verdict`, by a pair's position in its group, says the same (empty for a single pair).
    """

    group: int
    chosen: NDArray[np.int32]
    verdict: NDArray[np.uint8]
    absent: bool


class Selector:
    """Answers matchers; remembers which values an expression matched, and looks at new values only."""

    def __init__(self, symbols: Symbols, pairs: Pairs) -> None:
        self._symbols = symbols
        self._pairs = pairs
        self._verdicts: OrderedDict[tuple[int, MatchOp, str], NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, view: View, postings: Postings, tenant: str, matchers: Sequence[Matcher]) -> NDArray[np.int32]:
        """The refs of `view` that satisfy all matchers, by rising storage id; dropped ones may be among them."""
        conditions = self._conditions(tenant, matchers)
        code = self._pairs.tenants.get(tenant, -1)
        if conditions is None or code < 0:
            return _NOTHING
        found = _from_postings(view, postings, conditions, None if len(self._pairs.tenants) == 1 else code)
        tail = _filter(view, np.arange(postings.count, view.count, dtype=np.int32), conditions, code)
        if not tail.size:
            return found
        refs = np.concatenate([found, tail])
        return refs[np.argsort(view.ids[refs], kind="stable")]

    def _conditions(self, tenant: str, matchers: Sequence[Matcher]) -> list[Condition] | None:
        """The conditions that can exclude a series; None where no series can satisfy them."""
        out: list[Condition] = []
        for matcher in matchers:
            condition = self._condition(tenant, matcher)
            if condition is None:
                continue
            if not condition.absent and not condition.chosen.size:
                return None
            out.append(condition)
        return out

    def _condition(self, tenant: str, matcher: Matcher) -> Condition | None:
        group, absent = self._pairs.group(tenant, matcher.name), matcher.matches_empty
        if group < 0:
            return None if absent else Condition(-1, _NOTHING, _NOTHING.astype(np.uint8), False)
        if matcher.op is MatchOp.EQUAL and matcher.value:
            pair = self._pairs.pair(group, matcher.value)
            chosen = np.array([pair] if pair >= 0 else [], dtype=np.int32)
            return Condition(group, chosen, np.zeros(0, dtype=np.uint8), False)
        verdict = self.verdict(group, matcher)
        if absent and verdict.all():
            return None
        chosen = self._pairs.members[group].data[: verdict.size][verdict != 0]
        return Condition(group, chosen, verdict, absent)

    def verdict(self, group: int, matcher: Matcher) -> NDArray[np.uint8]:
        """Which of a group's values satisfy a matcher, uint8 by their position in the group."""
        key = (group, matcher.op, matcher.value)
        size = self._pairs.sizes[group]
        known = self._verdicts.get(key)
        done = 0 if known is None else known.size
        if known is not None and done >= size:
            return known
        pairs = self._pairs.members[group].data[done:size]
        fresh = self._judge(matcher, pairs)
        verdict = fresh if known is None else np.concatenate([known, fresh])
        self._remember(key, verdict)
        return verdict

    def _judge(self, matcher: Matcher, pairs: NDArray[np.int32]) -> NDArray[np.uint8]:
        strings = self._symbols.strings
        symbols = self._pairs.keys.stored.data[pairs] & 0xFFFFFFFF
        negative = matcher.op in (MatchOp.NOT_EQUAL, MatchOp.NOT_REGEX)
        wanted: frozenset[str] | None = frozenset([matcher.value])
        test, prefix = matcher.matches, ""
        if matcher.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            looks = shape(matcher.value)
            wanted, prefix = looks.literals, looks.prefix
            if looks.test is not None:
                found = looks.test
                test = (lambda text: not found(text)) if negative else found
        if wanted is not None:
            known = (self._symbols.get(text) for text in wanted)
            hits = np.isin(symbols, np.array([code for code in known if code is not None], dtype=np.int64))
            return (hits != negative).astype(np.uint8)
        texts = [strings[code] for code in symbols.tolist()]
        if prefix:
            return np.array([test(t) if t.startswith(prefix) else negative for t in texts], dtype=np.uint8)
        return np.array([test(text) for text in texts], dtype=np.uint8)

    def _remember(self, key: tuple[int, MatchOp, str], verdict: NDArray[np.uint8]) -> None:
        with self._lock:
            old = self._verdicts.pop(key, None)
            self._bytes += verdict.nbytes - (0 if old is None else old.nbytes)
            self._verdicts[key] = verdict
            while self._bytes > _CACHED_BYTES and len(self._verdicts) > 1:
                self._bytes -= self._verdicts.popitem(last=False)[1].nbytes


def _from_postings(
    view: View, postings: Postings, conditions: list[Condition], tenant: int | None
) -> NDArray[np.int32]:
    """The refs that the postings know and all conditions admit; None as tenant says that there is only one."""
    positive = [c for c in conditions if not c.absent]
    if not positive and tenant is None:
        return _narrow(view, postings.by_rank, conditions, None)
    if not positive and tenant is not None:
        return _filter(view, postings.by_rank, conditions, tenant)
    positive.sort(key=lambda c: postings.cost(c.chosen))
    ranks = postings.of_any(positive[0].chosen)
    rest = [c for c in conditions if c.absent]
    for condition in positive[1:]:
        if condition.chosen.size == 1:
            other = postings.of(int(condition.chosen[0]))
            out = np.empty(min(ranks.size, other.size), dtype=np.int32)
            ranks = out[: intersect(ranks, other, out)]
        else:
            rest.append(condition)
    return _narrow(view, postings.by_rank[ranks], rest, None)


def _filter(view: View, refs: NDArray[np.int32], conditions: list[Condition], tenant: int) -> NDArray[np.int32]:
    """Those of `refs` that belong to the tenant and satisfy all conditions."""
    keep = np.ones(refs.size, dtype=np.uint8)
    keep_tenant(refs, view.pairs, view.starts, view.pair_key, view.group_tenant, tenant, keep)
    return _narrow(view, refs, conditions, keep)


def _narrow(
    view: View, refs: NDArray[np.int32], conditions: list[Condition], keep: NDArray[np.uint8] | None
) -> NDArray[np.int32]:
    if not conditions and keep is None:
        return refs
    keep = np.ones(refs.size, dtype=np.uint8) if keep is None else keep
    for c in conditions:
        if c.verdict.size:
            keep_matching(
                refs, view.pairs, view.starts, view.pair_key, view.pair_local, c.group, c.verdict, c.absent, keep
            )
        else:
            keep_having(refs, view.pairs, view.starts, int(c.chosen[0]), keep)
    return refs[keep != 0]
