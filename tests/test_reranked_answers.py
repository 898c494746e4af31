"""A reranking model in the way of a question: its order counts, and nothing depends on it."""

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.errors import ModelUnavailableError
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from retrieval.types import Answer
from tests.fakes import FakeEmbedder
from tests.small import reload, write

QUESTION = "石桥长多少米?"


class PreferringReranker:
    """Scores a text by whether it holds the given words. Counts how often it is asked."""

    def __init__(self, words: str, *, fails: bool = False) -> None:
        self._words = words
        self._fails = fails
        self.calls = 0

    def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        self.calls += 1
        if self._fails:
            raise ModelUnavailableError("the reranking model did not answer")
        return [float(self._words in text) for text in texts]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveCollection]:
    root: Path = tmp_path_factory.mktemp("reranked")
    (root / "articles").mkdir()
    write(root / "articles" / "bridge.md", "老桥", "柳溪村的石桥长38米。")
    write(root / "articles" / "dam.md", "水坝", "河湾镇的水坝长120米，石桥在它旁边。")
    write(root / "articles" / "orchard.md", "果园", "果园收了80吨苹果。")
    reload(root / "articles", root / "data")
    collection = LiveCollection(Generations(root / "data"), embedding="fake")
    yield collection
    collection.close()


async def answers(
    live: LiveCollection, reranker: PreferringReranker | None, count: int = 1
) -> list[Answer]:
    answerer = Answerer(
        live=live,
        embedder=FakeEmbedder(),
        writer=None,
        today=lambda: datetime.date(2025, 6, 1),
        reranker=reranker,
    )
    return [await answerer.answer(QUESTION) for _ in range(count)]


def order(answer: Answer) -> list[str]:
    return [passage.chunk.article_id for passage in answer.passages]


async def test_passages_come_in_the_order_of_the_model(live: LiveCollection) -> None:
    reranker = PreferringReranker("苹果")
    (answer,) = await answers(live, reranker)
    assert order(answer)[0] == "orchard.md"
    assert [one.rank for one in answer.passages] == [1, 2, 3]
    assert [one.score for one in answer.passages] == sorted(
        (one.score for one in answer.passages), reverse=True
    )
    assert reranker.calls == 1


async def test_when_it_fails_the_search_s_own_order_stands(
    live: LiveCollection, caplog: pytest.LogCaptureFixture
) -> None:
    reranker = PreferringReranker("苹果", fails=True)
    without, (first, second) = await answers(live, None), await answers(live, reranker, 2)
    assert order(first) == order(second) == order(without[0])
    assert first.text == without[0].text
    assert caplog.text.count("the reranking model did not answer") == 1
    assert reranker.calls == 1, "it is left alone for a while after it failed"
