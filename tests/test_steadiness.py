"""What is old by the clock is deleted only where the clock may be trusted."""

import datetime

import pytest

from bot.steadiness import Steadiness

NOON = datetime.datetime(2026, 3, 5, 12, tzinfo=datetime.UTC)
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


class Clocks:
    """A clock on the wall, and one that only goes on."""

    def __init__(self) -> None:
        self.wall = NOON
        self.passed = 0.0

    def go_on(self, time: datetime.timedelta) -> None:
        self.wall += time
        self.passed += time.total_seconds()


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def started(clocks: Clocks, latest: datetime.datetime | None) -> Steadiness:
    return Steadiness(latest, now=lambda: clocks.wall, passing=lambda: clocks.passed)


@pytest.mark.parametrize("latest", [None, NOON, NOON - DAY, NOON + HOUR])
def test_a_clock_that_goes_on_from_what_was_kept_is_trusted(
    clocks: Clocks, latest: datetime.datetime | None
) -> None:
    assert started(clocks, latest).is_proved()


@pytest.mark.parametrize("years", [-10, -56, 1, 10])
def test_after_a_start_with_another_time_nothing_is_deleted_for_a_day(
    clocks: Clocks, years: int, caplog: pytest.LogCaptureFixture
) -> None:
    steadiness = started(clocks, NOON - 365 * years * DAY)
    for _ in range(24):
        assert not steadiness.is_proved()
        clocks.go_on(HOUR)
    assert steadiness.is_proved()
    (line,) = caplog.messages
    assert f"{365 * abs(years)} days {'ahead of' if years > 0 else 'behind'}" in line
    assert "set it if it is wrong" in line


@pytest.mark.parametrize("leap", [-365 * DAY, 3 * DAY, 3650 * DAY])
def test_a_leap_while_the_bot_runs_is_seen(clocks: Clocks, leap: datetime.timedelta) -> None:
    steadiness = started(clocks, NOON)
    clocks.go_on(30 * DAY)
    assert steadiness.is_proved()
    clocks.wall += leap
    assert not steadiness.is_proved()
    clocks.go_on(DAY)
    assert steadiness.is_proved()


def test_a_clock_that_is_put_right_has_to_prove_itself_anew(clocks: Clocks) -> None:
    steadiness = started(clocks, NOON - 365 * DAY)
    clocks.go_on(23 * HOUR)
    clocks.wall -= 365 * DAY
    assert not steadiness.is_proved()
    clocks.go_on(2 * HOUR)
    assert not steadiness.is_proved()
