"""Answers of every kind, made of the shipped articles without looking for anything."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.corpus import read_corpus
from retrieval.index.articles import article_version
from retrieval.types import (
    Answer,
    Article,
    Citation,
    Loaded,
    NearestArticle,
    Notice,
    Partial,
    Timings,
    Turn,
)
from tests.fakes import FakeEmbedder

_TIMINGS = Timings(1.0, 1.0, 1.0, 3.0)
_LONGEST_SEARCH_SECONDS = 2.0
_A_SENTENCE_SECONDS = 0.7
_SHARES = {"extractive": 8, "llm": 2, "fallback": 1}
"""How frequent each kind is beside a long answer."""

_LONG = 1_000


def made_answers(corpus: Path) -> list[Answer]:
    """Short and long ones, refusals, some of a chat model, some without it for its rest."""
    loaded = (one for one in read_corpus(corpus) if isinstance(one, Loaded))
    articles = [one.article for one in loaded if len(one.article.text) > 400]
    return [made for article in articles for made in _answers_from(article)]


def _answers_from(article: Article) -> list[Answer]:
    quotes = [_citation(article, number, 30) for number in range(1, 4)]
    long = [_citation(article, number, min(len(article.text), 1_500)) for number in range(1, 5)]
    text = "".join(f"{quote.quote}[{quote.number}]。" for quote in quotes)
    quoted = Answer("", text, False, "extractive", _TIMINGS, citations=tuple(quotes))
    return [
        quoted,
        replace(quoted, citations=tuple(long), text="[1]".join(one.quote for one in long)),
        replace(quoted, mode="llm", model="stand-in"),
        replace(quoted, mode="fallback", notice=Notice.MODEL_RESTS),
        Answer(
            "",
            "没有找到。",
            True,
            "extractive",
            _TIMINGS,
            nearest=(NearestArticle(article.id, article.title, article.date),),
        ),
    ]


def _citation(article: Article, number: int, length: int) -> Citation:
    start = min(number * 40, len(article.text) - length)
    return Citation(
        number=number,
        article_id=article.id,
        title=article.title,
        byline=article.byline,
        date=article.date,
        source=article.source,
        field="text",
        start=start,
        end=start + length,
        quote=article.text[start : start + length],
        version=article_version(article),
    )


class QuickAnswerer:
    """Stands in for an Answerer: one of the answers, which begins with the question."""

    embedder = FakeEmbedder()

    def __init__(self, answers: Sequence[Answer], chance: random.Random) -> None:
        self._answers = answers
        self._weights = [_SHARES[one.mode] if len(one.text) < _LONG else 1 for one in answers]
        self._chance = chance

    async def stream(
        self,
        question: str,
        *,
        turns: Sequence[Turn] = (),
        asker: int | None = None,
        stop: asyncio.Event | None = None,
    ) -> AsyncGenerator[Partial | Answer, None]:
        """See Answerer.stream."""
        answer = self._chance.choices(self._answers, self._weights)[0]
        answer = replace(answer, question=question, text=f"{question}:{answer.text}")
        await asyncio.sleep(self._chance.uniform(0, _LONGEST_SEARCH_SECONDS))
        if answer.mode == "llm":
            for written in range(1, len(answer.citations) + 1):
                text = "。".join(answer.text.split("。")[:written])
                yield Partial(text, answer.citations[:written])
                await asyncio.sleep(self._chance.uniform(0, 2 * _A_SENTENCE_SECONDS))
                if stop is not None and stop.is_set():
                    answer = replace(answer, text=text, stopped=True)
                    break
        yield answer

    def close(self) -> None:
        """See Answerer.close."""
