"""What /golden says, as a phone shows it."""

import dataclasses

import pytest

from bot.desk.examining import Examined, Failure
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.telegram.rendering import LIMIT, render_examined, utf16_length, word_on_added
from retrieval.evaluation import GoldenQuestion
from retrieval.types import Problem

WRONG = Failure(
    id="a",
    question="渡船每天开几班?",
    expected="ferry.md",
    title="渡船",
    require=(("16班", "十六班"),),
    refused=False,
    text="渡船每天开12班。[1]",
    cited=("ferry.md",),
    was_right=True,
)
EXAMINED = Examined(2, 3, (WRONG,), (), (), "2026-03-04T20:30:00+00:00")


def said(examined: Examined, phrases: Phrases = SIMPLIFIED) -> str:
    return "".join(part.plain for part in render_examined(examined, phrases, "Asia/Shanghai"))


def test_the_earlier_index_is_named_by_local_time() -> None:
    assert "2026-03-05 04:30" in said(EXAMINED)


def test_without_an_earlier_index_nothing_is_called_new() -> None:
    alone = dataclasses.replace(
        EXAMINED, former=None, failures=(dataclasses.replace(WRONG, was_right=None),)
    )
    assert SIMPLIFIED.golden_first in said(alone)
    assert SIMPLIFIED.golden_wrong(1) in said(alone)
    assert SIMPLIFIED.golden_nothing_broke not in said(alone)


def test_where_nothing_broke_that_is_said() -> None:
    assert SIMPLIFIED.golden_nothing_broke in said(dataclasses.replace(EXAMINED, failures=()))


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_any_number_of_any_failures_fits_into_messages(phrases: Phrases) -> None:
    odd = dataclasses.replace(
        WRONG,
        question="<b>&\u202e\n" * 300,
        text="字" * 3_000,
        require=(("x" * 500,),) * 50,
        title="<" * 500,
        cited=(),
    )
    parts = render_examined(
        Examined(
            0,
            900,
            tuple(
                dataclasses.replace(odd, was_right=was)
                for was in (True, False, None)
                for _ in range(300)
            ),
            (("m", "问" * 900),) * 300,
            (Problem("golden.jsonl", "x" * 999, None, lost=False),) * 300,
            EXAMINED.former,
        ),
        phrases,
        "Asia/Shanghai",
    )
    assert all(utf16_length(part.plain) <= LIMIT for part in parts)
    assert sum(len(row) for part in parts for row in part.keyboard) == 60


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_the_word_on_a_tap_is_no_longer_than_telegram_shows(phrases: Phrases) -> None:
    for require in ((), (("长" * 300,),) * 6):
        golden = GoldenQuestion("life-1", "?", "ferry.md", require)
        assert utf16_length(word_on_added(golden, "题" * 300, phrases)) <= 200
