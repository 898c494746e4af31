"""What the tests of the store keep in it."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.store import Delivered, DeliveredPurpose, Exchange, Store, Taken
from bot.store.address import in_folder
from retrieval.types import Answer, Citation, NearestArticle, Timings, Usage

MORNING = datetime.datetime(2026, 3, 5, 8, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
NOWHERE = Path("/dev/null/data")
LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
CITATION = Citation(
    number=1,
    article_id="桥.md",
    title="“新桥”通车",
    byline="本报记者 甲",
    date="2026-03-04",
    source="测试报",
    field="text",
    start=3,
    end=9,
    quote="三月四日通车",
)


IN_A_FILE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""Of what a test of `store` says about files alone."""


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime.datetime:
        return self.now


def open_store(
    place: Path | sa.URL,
    clock: Clock | None = None,
    *,
    retention: datetime.timedelta = 90 * DAY,
    data_dir: Path = NOWHERE,
) -> Store:
    """In a folder or at an address; `data_dir` is where a server's database would be copied to."""
    return Store.open(
        _address(place), data_dir=data_dir, retention=retention, clock=clock or Clock()
    )


def _address(place: Path | sa.URL) -> sa.URL:
    return in_folder(place) if isinstance(place, Path) else place


def exchange(
    question: str = "新桥何时通车？",
    *,
    at: datetime.datetime = MORNING,
    took: datetime.timedelta = MINUTE / 60,
    front: str = "telegram",
    chat_id: int = 7,
    topic_id: int | None = None,
    standalone: str | None = None,
    asker_id: int | None = 1001,
    **more: Any,
) -> Exchange:
    """`more`: fields of the answer."""
    answer = Answer(
        question=question,
        text=f"{question}的回答[1]",
        refused=False,
        mode="llm",
        timings_ms=Timings(1.5, 2.5, 0.5, 4.5),
        citations=(CITATION,),
        nearest=(NearestArticle("路.md", "新路", "2026-03-01"),),
        standalone=standalone or question,
        generation="20260305-1",
        model="stub",
        usage=Usage(120, 30),
        withheld=1,
    )
    answer = replace(answer, **more)
    return Exchange(
        front=front,
        chat_id=chat_id,
        topic_id=topic_id,
        asker_id=asker_id,
        answer=answer,
        asked_at=at,
        answered_at=at + took,
    )


def questions(store: Store, chat_id: int = 7, topic_id: int | None = None) -> list[str]:
    return [turn.question for turn in store.turns("telegram", chat_id, topic_id, 10)]


def taken(
    update_id: int,
    payload: dict[str, object] | None = None,
    *,
    chat_id: int = 7,
    user_id: int = 1001,
) -> Taken:
    return Taken(update_id, chat_id, None, user_id, payload or {"text": "问"})


def take(store: Store, update_id: int, payload: dict[str, object] | None = None) -> bool:
    return bool(store.take([taken(update_id, payload)]))


def pending(store: Store) -> list[int]:
    return [one.update_id for one in store.pending(LONG_AGO)]


def delivered(
    message_id: int,
    *,
    chat_id: int = 7,
    question_id: int | None = 100,
    answer_id: int | None = None,
    position: int = 0,
    purpose: DeliveredPurpose = "answer",
) -> Delivered:
    return Delivered(chat_id, message_id, question_id, answer_id, position, purpose)


def rows(place: Path | sa.URL, query: str) -> list[tuple[object, ...]]:
    """What a query finds in a database, past the store."""
    engine = sa.create_engine(_address(place), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]
