"""What a claim says of the report of a certain day."""

import pytest

from retrieval.answering.checking import Checker
from retrieval.answering.claims import read_claims
from retrieval.types import Article
from tests import checked
from tests.checked import EMBEDDER, source

LATE = Article("late.md", "续报", "粮仓火灾造成5人受伤。起火原因是线路老化。", date="2025-04-04")
EARLY = Article("early.md", "起火", "粮仓火灾造成3人受伤。火在深夜被扑灭。", date="2025-04-02")


SOURCES = [source(EARLY), source(LATE)]


def quotes(text: str) -> list[str]:
    checker = Checker(SOURCES, EMBEDDER.embed_query)
    (claim,) = read_claims(text)
    return checked.quotes(checker.check(claim))


@pytest.mark.parametrize(
    "text",
    [
        "4月4日的报道说火灾造成5人受伤[2]。",
        "据2025年4月4日报道，火灾造成5人受伤[2]。",
        "4月4日的文章称，粮仓火灾造成5人受伤。",
        "火灾造成5人受伤（4月4日报道）[2]。",
        "火灾造成5人受伤（2025-04-04）[1]。",
    ],
)
def test_a_report_is_cited_with_its_date(text: str) -> None:
    assert quotes(text) == ["粮仓火灾造成5人受伤。", "2025-04-04"]


@pytest.mark.parametrize(
    "text",
    [
        "4月4日的报道说火灾造成5人受伤，而4月2日的报道说3人受伤[1][2]。",
        "火灾造成5人受伤（4月4日报道），3人受伤（4月2日报道）。[2][1]",
    ],
)
def test_two_reports_in_one_sentence_are_each_held_against_their_own(text: str) -> None:
    assert quotes(text) == [
        "粮仓火灾造成5人受伤。",
        "2025-04-04",
        "粮仓火灾造成3人受伤。",
        "2025-04-02",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "4月5日的报道说火灾造成5人受伤[2]。",
        "4月4日的报道说火灾造成3人受伤[1]。",
        "2024年4月4日的报道说火灾造成5人受伤[2]。",
        "火灾造成5人受伤（4月2日报道）[2]。",
        "4月4日的报道说火灾造成3人受伤，而4月2日的报道说5人受伤[1][2]。",
        "4月4日的报道说[2]。",
    ],
)
def test_what_the_report_of_that_day_does_not_say_is_withheld(text: str) -> None:
    assert quotes(text) == []
