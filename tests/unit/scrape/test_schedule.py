"""When targets are scraped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.receive.scrape.schedule import Schedule, first_delay_s


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall_ms = 1_763_700_000_123
        self.passed_ms = 5_000.0

    def now_ms(self) -> int:
        return int(self.wall_ms)

    def monotonic_s(self) -> float:
        return self.passed_ms / 1000

    def pass_ms(self, ms: float) -> None:
        self.wall_ms += ms
        self.passed_ms += ms


@given(st.integers(0, 2**64 - 1), st.integers(1, 10**6), st.integers(0, 2**41))
def test_a_targets_place_in_the_interval_is_its_own(digest: int, interval_ms: int, now_ms: int) -> None:
    delay = first_delay_s(digest, 7, interval_ms, now_ms)
    assert 0 <= delay * 1000 < interval_ms
    assert (now_ms + round(delay * 1000)) % interval_ms == (digest ^ 7) % interval_ms


def test_small_delays_leave_no_trace_in_timestamps() -> None:
    clock = HandClock()
    schedule = Schedule(clock, 15_000)
    first = schedule.timestamp()
    for tick in range(1, 100):
        delay = schedule.delay_s()
        clock.pass_ms(delay * 1000 + tick % 10)
        assert schedule.timestamp() == first + 15_000 * tick


def test_a_late_scrape_tells_its_own_time_and_does_not_shift_the_others() -> None:
    clock = HandClock()
    schedule = Schedule(clock, 15_000)
    first = schedule.timestamp()
    clock.pass_ms(schedule.delay_s() * 1000 + 700)
    assert schedule.timestamp() == first + 15_700
    clock.pass_ms(schedule.delay_s() * 1000)
    assert schedule.timestamp() == first + 30_000


def test_missed_ticks_are_left_out() -> None:
    clock = HandClock()
    schedule = Schedule(clock, 1000)
    first = schedule.timestamp()
    clock.pass_ms(3500)
    clock.pass_ms(schedule.delay_s() * 1000)
    assert schedule.ticks in (3, 4)
    assert schedule.timestamp() >= first + 3000


def test_the_schedule_goes_on_when_the_wall_clock_jumps() -> None:
    for jump_ms in (-7_200_000, -300, 300, 7_200_000):
        clock = HandClock()
        schedule = Schedule(clock, 15_000)
        first = schedule.timestamp()
        delay = schedule.delay_s()
        clock.wall_ms += jump_ms
        assert delay == 15.0
        clock.pass_ms(delay * 1000)
        assert schedule.timestamp() == first + 15_000 + jump_ms
        clock.pass_ms(schedule.delay_s() * 1000 + 3)
        assert schedule.timestamp() == first + 30_000 + jump_ms


def test_a_clock_that_is_slewed_keeps_even_steps() -> None:
    clock = HandClock()
    schedule = Schedule(clock, 15_000)
    schedule.timestamp()
    steps = []
    last = schedule.timestamp()
    for _ in range(50):
        clock.pass_ms(schedule.delay_s() * 1000)
        clock.wall_ms += 0.5
        steps.append(schedule.timestamp() - last)
        last += steps[-1]
    assert sum(step != 15_000 for step in steps) <= 3
