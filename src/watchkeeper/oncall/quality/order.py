"""What somebody asks about alerts, in words."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.base.duration import parse_duration_ms
from watchkeeper.base.failure import Failure
from watchkeeper.base.instant import parse_instant_ms
from watchkeeper.model.nights import Nights
from watchkeeper.model.severity import Severities
from watchkeeper.oncall.quality.figures import DEFAULT_SEVERITIES, By, Measure


class QualityFailure(Failure):
    """A question about alerts that cannot be answered."""


@dataclass(frozen=True, slots=True)
class QualityOrder:
    """Names are those of the command line and of the API.

    `since` and `until` are instants or how long ago, `flap_within` is a duration; without a `time_zone` nights are
    those of the business hours' zone.
    """

    since: str = "7d"
    until: str = "now"
    by: str = "rule"
    time_zone: str = ""
    flap_within: str = "10m"

    def measure(self, now_ms: int, severities: Severities) -> Measure:
        """How figures are to be taken, by the configured `severities`. Raises Failure where a text is wrong.

        Where none are configured, those in common use stand in for them.
        """
        since, until = parse_instant_ms(self.since, now_ms), parse_instant_ms(self.until, now_ms)
        if until <= since:
            raise QualityFailure("the end must come after the beginning")
        nights = Nights.of(self.time_zone or severities.business_hours.time_zone)
        known = severities if severities.levels else DEFAULT_SEVERITIES
        return Measure(since, until, nights, parse_duration_ms(self.flap_within), known)

    def kind(self) -> By:
        """By what figures are asked for. Raises QualityFailure."""
        if self.by not in tuple(By):
            raise QualityFailure(f'there are no figures by "{self.by}": {" or ".join(By)} would be right')
        return By(self.by)
