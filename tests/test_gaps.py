"""Questions that mean the same come together, the most asked first."""

import datetime
import random

import numpy as np
import pytest

from bot.desk.gaps import Meanings, gap_of, group
from bot.desk.likeness import BACKGROUND
from bot.desk.linkage import clusters
from bot.store import Missed
from retrieval.types import NearestArticle, Vectors
from tests.fakes import FakeEmbedder

MORNING = datetime.datetime(2026, 3, 5, 8, 0, tzinfo=datetime.UTC)
BRIDGE = NearestArticle("桥.md", "新桥通车", "2026-03-04")
ROAD = NearestArticle("路.md", "新路", "2026-03-01")


def missed(number: int, question: str, asker: int | None = 1, **more: object) -> Missed:
    fields: dict[str, object] = {
        "asked_at": MORNING + datetime.timedelta(hours=number),
        "refused": True,
        "fallback": False,
        "disliked": 0,
        "reasons": (),
        "articles": (),
    }
    return Missed(message_id=number, asker_id=asker, question=question, **fields | more)  # type: ignore[arg-type]


def meanings(questions: list[Missed]) -> Meanings:
    embedder = FakeEmbedder()
    return Meanings(
        embedder.embed_passages([one.question for one in questions]),
        embedder.embed_passages(BACKGROUND),
    )


def slowly(likeness: Vectors, least: float) -> list[list[int]]:
    """Average linkage as it is defined."""
    found = [[number] for number in range(len(likeness))]
    while len(found) > 1:
        pairs = [(one, two) for one in range(len(found)) for two in range(one)]
        best = max(pairs, key=lambda pair: mean(likeness, found, pair))
        if mean(likeness, found, best) < least:
            break
        joined = found[best[0]] + found[best[1]]
        found = [one for number, one in enumerate(found) if number not in best] + [joined]
    return sorted(sorted(one) for one in found)


def mean(likeness: Vectors, found: list[list[int]], pair: tuple[int, int]) -> float:
    return float(likeness[np.ix_(found[pair[0]], found[pair[1]])].mean())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("least", [-0.5, 0.0, 0.2, 0.9])
def test_average_linkage_is_what_it_is_defined_as(seed: int, least: float) -> None:
    dice = np.random.default_rng(seed)
    vectors = dice.normal(size=(dice.integers(1, 25), 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = (vectors @ vectors.T).astype(np.float32)
    assert clusters(likeness.copy(), least) == slowly(likeness, least)


def test_nothing_makes_no_groups() -> None:
    assert group([], None) == []


@pytest.mark.parametrize("knows_meanings", [True, False])
def test_the_same_in_other_words_is_one_group(knows_meanings: bool) -> None:
    asked = [
        missed(1, "请问新桥什么时候通车？"),
        missed(2, "新桥什么時候通車"),
        missed(3, "图书馆周末开门吗？"),
        missed(4, "我想知道新桥什么时候通车"),
        missed(5, "周末图书馆开门吗"),
    ]
    found = group(asked, meanings(asked) if knows_meanings else None)
    assert [gap.message_ids for gap in found] == [{1, 2, 4}, {3, 5}]


def test_the_order_in_which_they_come_does_not_matter() -> None:
    texts = ["新桥何时通车", "新桥何时才通车", "图书馆几点开门", "图书馆周日几点开门", "谁是校长"]
    asked = [missed(number, text) for number, text in enumerate(texts)]
    shuffled = random.Random(1).sample(asked, len(asked))
    groups = [{gap.message_ids for gap in group(one, meanings(one))} for one in (asked, shuffled)]
    assert groups[0] == groups[1]


def test_what_more_people_asked_comes_before_what_was_asked_more_often() -> None:
    asked = [
        *(missed(number, "图书馆几点开门？") for number in range(5)),
        missed(11, "新桥何时通车？", 1),
        missed(12, "新桥何时通车？", 2),
        missed(13, "校长是谁？"),
        missed(14, "食堂吃什么？"),
    ]
    labels = [gap.label for gap in group(asked, None)]
    assert labels == ["新桥何时通车？", "图书馆几点开门？", "食堂吃什么？", "校长是谁？"]


def test_a_group_tells_how_often_by_how_many_and_since_when() -> None:
    asked = [
        missed(3, "新桥何时通车？", 1, articles=(ROAD, BRIDGE)),
        missed(9, "新桥何时通车？", 1, refused=False, fallback=True, articles=(BRIDGE,)),
        missed(5, "请问新桥何时通车", None, disliked=2, reasons=("misses", "wrong")),
        missed(7, "新桥何时通车", 2, disliked=1, reasons=("wrong",)),
    ]
    (gap,) = group(asked, None)
    assert (gap.times, gap.people, gap.refused, gap.fallback, gap.disliked) == (4, 3, 3, 1, 3)
    assert gap.reasons == [("wrong", 2), ("misses", 1)]
    assert (gap.first, gap.last) == (asked[0].asked_at, asked[1].asked_at)
    assert gap.articles == [BRIDGE, ROAD]


def test_the_question_that_is_most_like_all_stands_for_them() -> None:
    texts = [
        "请问一下新桥何时通车呢谢谢",
        "新桥何时通车",
        "新桥何时通车啊，新闻里说了",
        "新桥何时通车？",
    ]
    (gap,) = group([missed(number, text) for number, text in enumerate(texts)], None)
    assert gap.label == "新桥何时通车"
    assert gap.examples == [texts[2], texts[0]]


def test_a_gap_is_found_by_any_question_in_it() -> None:
    gaps = group(
        [missed(1, "新桥何时通车"), missed(2, "校长是谁"), missed(3, "新桥何时通车")], None
    )
    assert [gap_of(gaps, number) for number in (1, 2, 3, 4)] == [0, 1, 0, None]


@pytest.mark.parametrize("question", ["？？？", "😀", "的", " ", "a" * 2000])
def test_questions_without_words_are_no_trouble(question: str) -> None:
    asked = [missed(1, question), missed(2, "新桥何时通车"), missed(3, question)]
    for known in (None, meanings(asked)):
        assert sum(gap.times for gap in group(asked, known)) == 3
