"""A time in review: all figures, and what to do about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchkeeper.base.duration import format_duration
from watchkeeper.base.instant import instant_text
from watchkeeper.journal import Entry, Search
from watchkeeper.model.tenant import DEFAULT_TENANT
from watchkeeper.oncall.quality.advice import Advice, advice
from watchkeeper.oncall.quality.episode import KINDS, Episodes
from watchkeeper.oncall.quality.figures import By, Figures, Measure, figures, total

_MOST = 10
"""How many suggestions and rules a summary has."""


class History(Protocol):
    """What is read: the journal."""

    def scan(self, search: Search) -> AsyncIterator[Entry]:
        """All entries that a search finds, oldest first. Raises StoreFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Review:
    """The figures of a time: of all alerts together, by rule and by team."""

    measure: Measure
    total: Figures
    rules: Sequence[Figures]
    teams: Sequence[Figures]
    advice: Sequence[Advice]

    def by(self, by: By) -> Sequence[Figures]:
        """The figures by one of the two."""
        return self.rules if by is By.RULE else self.teams


async def review(history: History, measure: Measure, tenant: str = DEFAULT_TENANT) -> Review:
    """Review the alerts of a tenant that began to fire in the time. Raises StoreFailure."""
    read = Episodes()
    kinds = tuple(kind.value for kind in KINDS)
    async for entry in history.scan(Search(tenant, kinds, since=measure.since, until=measure.until)):
        read.take(entry)
    rules, teams = (figures(read.all, by, measure) for by in By)
    return Review(measure, total(read.all, measure), rules, teams, advice(rules, measure))


def markdown(review: Review) -> str:
    """The review as a page in Markdown."""
    return "\n".join(_page(review)) + "\n"


def headline(review: Review) -> str:
    """The review in a sentence."""
    return f"{_span(review)}: {_figures(review)}"


def summary(review: Review) -> str:
    """What to do, and the rules that fired most, in Markdown that is never long."""
    return "\n".join([*_advice(review.advice, _MOST), "", *_table(review.rules[:_MOST])]) + "\n"


def _page(review: Review) -> Iterator[str]:
    yield f"# {_span(review)}"
    yield from ("", _figures(review), "", "## What to do", "")
    yield from _advice(review.advice, len(review.advice))
    for title, some in (("Rules", review.rules), ("Teams", review.teams)):
        yield from ("", f"## {title}", "", *_table(some))


def _span(review: Review) -> str:
    return f"Alerts from {instant_text(review.measure.since)} to {instant_text(review.measure.until)}"


def _figures(review: Review) -> str:
    all_ = review.total
    return (
        f"{_count(all_.fired, 'firing')}, {_count(all_.notifications, 'notification')}, {all_.at_night} at night; "
        f"somebody acted on {all_.acted}, in time on {all_.in_time} of {all_.due} that were due."
    )


def _advice(advice: Sequence[Advice], most: int) -> Iterator[str]:
    yield from (f"- **{one.rule}** {one.text}." for one in advice[:most])
    if len(advice) > most:
        yield f"- … and {len(advice) - most} more."
    if not advice:
        yield "Nothing stands out."


def _table(some: Sequence[Figures]) -> Iterator[str]:
    if not some:
        yield "Nothing fired."
        return
    yield "| Name | Fired | A week | Median | 90 % | Acted | In time | At night | Flaps | Notifications |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for one in some:
        cells = (
            _escaped(one.name) or "(none)",
            str(one.fired),
            f"{one.per_week:.1f}",
            duration_text(one.median_ms),
            duration_text(one.p90_ms),
            str(one.acted),
            f"{one.in_time}/{one.due}",
            str(one.at_night),
            str(one.flaps),
            str(one.notifications),
        )
        yield f"| {' | '.join(cells)} |"


def duration_text(ms: int | None) -> str:
    """A duration to the second; `-` where there is none."""
    return "-" if ms is None else format_duration(round(ms / 1000) * 1000)


def _escaped(name: str) -> str:
    return name.replace("|", "\\|").replace("\n", " ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
