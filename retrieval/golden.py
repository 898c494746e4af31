"""The golden questions, asked of a generation."""

import asyncio
import datetime
from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from retrieval.answering.answerer import Answerer
from retrieval.evaluation import GoldenQuestion, is_passed
from retrieval.index.collection import Collections
from retrieval.index.generations import Golden
from retrieval.types import Answer, Embedder


def ask_each(
    questions: Sequence[GoldenQuestion], collections: Collections, embedder: Embedder
) -> Generator[tuple[GoldenQuestion, Answer], None, None]:
    """Each question with its answer, without a chat model; closes the collections at the end.

    Raises CollectionError and ModelUnavailableError.
    """
    answerer = Answerer(
        live=collections,
        embedder=embedder,
        writer=None,
        today=lambda: datetime.datetime.now(datetime.UTC).date(),
    )
    with closing(answerer), asyncio.Runner() as runner:
        for one in questions:
            yield one, runner.run(answerer.answer(one.question, asked_at=one.asked_at))


def ask_golden(
    questions: Sequence[GoldenQuestion],
    collections: Collections,
    embedder: Embedder,
    asked: Callable[[int, tuple[str, ...]], None],
) -> Golden:
    """Which of the questions are answered as they should be, without a chat model.

    `asked` is told after each how many were asked, and which of them failed. Raises
    CollectionError and ModelUnavailableError.
    """
    passed: list[str] = []
    failed: list[str] = []
    with closing(ask_each(questions, collections, embedder)) as answers:
        for number, (one, answer) in enumerate(answers, start=1):
            (passed if is_passed(one, answer) else failed).append(one.id)
            asked(number, tuple(failed))
    return Golden(tuple(passed), tuple(failed))


def complaint_about(
    golden: Golden, before: Golden | None, *, min_share: float, max_drop: float
) -> str | None:
    """Why a generation with these results should not be published, None if it may.

    Of the results before only the questions count that were asked both times.
    """
    right = len(golden.passed)
    if right < min_share * golden.total:
        return (
            f"{right} of {golden.total} golden questions are answered as they should be, "
            f"fewer than GOLDEN_MIN_SHARE={min_share:g} asks for"
        )
    if before is None:
        return None
    common = {*golden.passed, *golden.failed} & {*before.passed, *before.failed}
    lost = len(common.intersection(before.passed)) - len(common.intersection(golden.passed))
    if lost > max_drop * len(common):
        return (
            f"of {len(common)} golden questions {lost} fewer than before are answered as they "
            f"should be, more than GOLDEN_MAX_DROP={max_drop:g} allows"
        )
    return None
