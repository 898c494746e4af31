"""Stretches of the calendar, and where a text says them.

Every function raises ValueError or OverflowError for what no calendar has, such as 30 February.
"""

import calendar
import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DateSpan:
    """The days `first` to `last`, said by the characters `start` to `end` of a text."""

    first: datetime.date
    last: datetime.date
    start: int
    end: int
    explicit: bool
    """The text itself names the year; False: it was found out from the day the text is of."""


Days = tuple[datetime.date, datetime.date]

_EARLIEST, _LATEST = 1000, 2199
"""Years in which a newspaper's dates lie; what is outside is some other number."""

_AHEAD_DAYS = 300
_YEARS_TO_A_LEAP_DAY = 9


def day(year: int, month: int, number: int) -> Days:
    """One day."""
    one = datetime.date(_checked(year), month, number)
    return one, one


def month(year: int, number: int) -> Days:
    """A whole month."""
    return months(year, number, number)


def months(year: int, first: int, last: int) -> Days:
    """Whole months of a year, from `first` to `last`."""
    if first > last:
        raise ValueError(f"months {first} to {last}")
    start = datetime.date(_checked(year), first, 1)
    return start, datetime.date(year, last, calendar.monthrange(year, last)[1])


def years(first: int, last: int) -> Days:
    """Whole years from `first` to `last`."""
    if first > last:
        raise ValueError(f"years {first} to {last}")
    return datetime.date(_checked(first), 1, 1), datetime.date(_checked(last), 12, 31)


def moved(one: datetime.date, by_months: int) -> tuple[int, int]:
    """Year and month so many months away from a day."""
    count = one.year * 12 + one.month - 1 + by_months
    return count // 12, count % 12 + 1


def week(today: datetime.date, offset: int) -> Days:
    """Monday to Sunday of the week so many weeks away."""
    monday = today + datetime.timedelta(days=7 * offset - today.weekday())
    return monday, monday + datetime.timedelta(days=6)


def ending(today: datetime.date, amount: int, unit: str) -> Days:
    """The last so many days, weeks, months or years up to today."""
    if unit in ("day", "week"):
        return today - datetime.timedelta(days=amount * (7 if unit == "week" else 1)), today
    year, number = moved(today, -amount * (12 if unit == "year" else 1))
    last = calendar.monthrange(_checked(year), number)[1]
    return datetime.date(year, number, min(today.day, last)), today


def without_year(today: datetime.date, number: int, of_month: int, ahead: bool) -> datetime.date:
    """A day whose year is not said: the latest not after today, or with `ahead` the next.

    Nobody announces a day ten months ahead without its year: such a one is past too.
    """
    if ahead:
        for year in (today.year, today.year + 1):
            coming = _day_if_any(year, number, of_month)
            if coming is not None and 0 <= (coming - today).days <= _AHEAD_DAYS:
                return coming
    for year in range(today.year, today.year - _YEARS_TO_A_LEAP_DAY, -1):
        past = _day_if_any(year, number, of_month)
        if past is not None and past <= today:
            return past
    raise ValueError(f"day {number}-{of_month}")


def _day_if_any(year: int, number: int, of_month: int) -> datetime.date | None:
    try:
        return datetime.date(year, number, of_month)
    except ValueError:
        return None


def _checked(year: int) -> int:
    if not _EARLIEST <= year <= _LATEST:
        raise ValueError(f"year {year}")
    return year
