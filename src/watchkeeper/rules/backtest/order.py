"""What somebody asks for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watchkeeper.base.duration import parse_duration_ms
from watchkeeper.base.instant import parse_instant_ms
from watchkeeper.model.nights import Nights
from watchkeeper.rules.backtest.backtest import BacktestFailure, Question
from watchkeeper.rules.backtest.suggestion import Aim
from watchkeeper.rules.file import GroupDefaults, read_rule_text
from watchkeeper.rules.rule import RuleGroup


@dataclass(frozen=True, slots=True)
class Order:
    """The text of a rule file, and the time to go through. Names are those of the command line and of the API.

    `since` and `until` are instants or how long ago; `interval`, `flap_within` are durations; empty texts stand for
    what the groups, UTC and the defaults say. `target` is how many firings are welcome (`1/week`). At most `limit`
    firings of each rule are listed, all are counted.
    """

    rules: str
    file: str = "rules.yml"
    rule: tuple[str, ...] = ()
    since: str = "7d"
    until: str = "now"
    interval: str = ""
    time_zone: str = ""
    flap_within: str = "10m"
    target: str = ""
    limit: int = 1000

    def question(self, now_ms: int) -> Question:
        """What is asked. Raises InstantFailure, DurationFailure, UnknownZone, AimFailure, BacktestFailure."""
        if self.limit < 0:
            raise BacktestFailure(f"{self.limit} firings cannot be listed: a limit of 0 or more would be right")
        interval_ms = parse_duration_ms(self.interval) if self.interval else None
        if interval_ms == 0:
            raise BacktestFailure(f'an interval of "{self.interval}" never ends: right would be, for instance, 1m')
        return Question(
            since=parse_instant_ms(self.since, now_ms),
            until=min(parse_instant_ms(self.until, now_ms), now_ms),
            rules=frozenset(self.rule),
            interval_ms=interval_ms or 0,
            nights=Nights.of(self.time_zone),
            flap_within_ms=parse_duration_ms(self.flap_within),
            aim=Aim.parse(self.target) if self.target else None,
        )

    def groups(self, defaults: GroupDefaults, tenant: str) -> Sequence[RuleGroup]:
        """The groups, all of one tenant. Raises ConfigurationFailure, and BacktestFailure where one is another's."""
        groups = read_rule_text(self.rules, self.file, defaults)
        for group in groups:
            if group.tenant not in (tenant, GROUP_TENANT):
                raise BacktestFailure(
                    f"group {group.name} belongs to the tenant {group.tenant}, and the data of {tenant} are asked for"
                )
        return [replace(group, tenant=tenant) for group in groups]


GROUP_TENANT = RuleGroup("", "", 1, ()).tenant
"""The tenant of groups that name none."""
