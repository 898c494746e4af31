"""A complaint that comes again and again is shown once a minute."""

import logging

from bot.repeats import Repeats


def shown(repeats: Repeats, text: str, level: int = logging.ERROR) -> str | None:
    record = logging.LogRecord("bot", level, __file__, 1, text, None, None)
    return record.getMessage() if repeats.filter(record) else None


def test_the_same_complaint_is_shown_once_a_minute_with_how_often_it_came() -> None:
    now = 0.0
    repeats = Repeats(lambda: now)
    assert [shown(repeats, "the disk is full") for _ in range(3)] == [
        "the disk is full",
        None,
        None,
    ]
    now = 61.0
    assert shown(repeats, "the disk is full") == (
        "the disk is full (and 2 times since it was last said)"
    )
    now = 122.0
    assert shown(repeats, "the disk is full") == "the disk is full"


def test_other_complaints_and_what_is_no_complaint_are_shown() -> None:
    repeats = Repeats(lambda: 0.0)
    assert shown(repeats, "one")
    assert shown(repeats, "another")
    assert shown(repeats, "news", logging.INFO)
    assert shown(repeats, "news", logging.INFO)
