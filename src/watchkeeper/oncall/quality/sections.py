"""`quality` as it is written: who gets a review each week, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from watchkeeper.base.configuration import Problem, Section, Text
from watchkeeper.base.configuration.place import did_you_mean
from watchkeeper.base.configuration.tree import Tree, locate
from watchkeeper.base.zone import zone_named
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.quality.week import Week, read_week_time

_MONDAY = "Mon 09:00"


def _week_time(text: str) -> str:
    read_week_time(text)
    return text


def _zone(name: str) -> str:
    return zone_named(name).key if name else ""


class QualitySection(Section):
    """The weekly review goes to `review_receiver`, where there is one, at a time of the week on a zone's clock.

    Without a `time_zone` the zone is that of the business hours.
    """

    review_receiver: Text = ""
    review_at: Annotated[Text, AfterValidator(_week_time)] = _MONDAY
    time_zone: Annotated[Text, AfterValidator(_zone)] = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.review_receiver and (self.review_at != _MONDAY or self.time_zone):
            raise ValueError("review_receiver is missing: it names the receiver of the weekly review")
        return self

    def week(self, severities: Severities) -> Week:
        """When a week is over."""
        weekday, minute = read_week_time(self.review_at)
        return Week(weekday, minute, self.time_zone or severities.business_hours.time_zone)


class QualitySections(Section):
    """The top level, as far as it is about the quality of alerts."""

    quality: QualitySection = QualitySection()


def check_quality(sections: QualitySections, receivers: Collection[str], tree: Tree) -> Iterator[Problem]:
    """What is wrong with the section beside others; `tree` is the file's top level, for the place."""
    name = sections.quality.review_receiver
    if name and name not in receivers:
        text = f'quality.review_receiver: there is no receiver "{name}"{did_you_mean(name, receivers)}'
        yield Problem(locate(tree, ("quality", "review_receiver")), text)
