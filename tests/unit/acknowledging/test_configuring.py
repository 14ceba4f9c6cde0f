"""The section `oncall`, and the time «until Monday»."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.configuration import load_text
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.oncall.silence_ends import MONDAY, silence_end

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe")]
WRONG = [
    ("time_zone: Europe/Nowhere", 'there is no time zone "Europe/Nowhere"'),
    ("time_zone: ../UTC", "there is no time zone"),
    ("link_lifetime: 0s", "link_lifetime must be longer than 0s"),
    ("slack_response_origins: [https://hooks.slack.com/services]", "is no origin"),
    ("{slack_signing_secret: a, slack_signing_secret_file: b}", "at most one of slack_signing_secret"),
    ("acknowledgement_timout: 1h", 'did you mean "acknowledgement_timeout"?'),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_cannot_be_meant_is_refused_at_its_place(text: str, why: str) -> None:
    with pytest.raises(ConfigurationFailure) as failure:
        load_text(f"oncall:\n  {text}\n", "watchkeeper.yml", {})
    (problem,) = failure.value.problems
    assert why in problem.message
    assert problem.place.line in (1, 2)


def test_secrets_are_not_shown() -> None:
    text = "oncall: {slack_signing_secret: hush, twilio_auth_token: hush}\n"
    shown = load_text(text, "watchkeeper.yml", {}).to_yaml()
    assert "hush" not in shown
    assert shown.count("<secret>") == 2


def test_the_functions_for_links_are_known_to_the_lint() -> None:
    links = "{{ ackLink .GroupKey }} {{ silenceLink .GroupKey }}"
    text = f"receivers: [{{name: a, slack_configs: [{{api_url: 'http://x/', text: '{links}'}}]}}]\n"
    configuration = load_text(text + "route: {receiver: a}\n", "watchkeeper.yml", {})
    assert configuration.warnings == ()


@given(st.integers(1_000_000_000_000, 4_000_000_000_000), st.sampled_from(ZONES))
def test_until_monday_is_the_next_monday_at_nine_in_its_zone(now_ms: int, zone: ZoneInfo) -> None:
    ends_at = silence_end(MONDAY, now_ms, zone)
    there = datetime.fromtimestamp(ends_at / 1000, zone)
    assert (there.weekday(), there.hour, there.minute, there.second) == (0, 9, 0, 0)
    assert 0 < ends_at - now_ms <= (7 * 24 + 1) * 3_600_000
