"""What the tests of the store keep in it."""

import datetime
from pathlib import Path

from bot.store import Exchange, Store
from bot.store.address import in_folder
from retrieval.types import Answer, Citation, NearestArticle, Timings, Usage

MORNING = datetime.datetime(2026, 3, 5, 8, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
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


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime.datetime:
        return self.now


def open_store(
    folder: Path, clock: Clock | None = None, *, retention: datetime.timedelta = 90 * DAY
) -> Store:
    return Store.open(in_folder(folder), retention=retention, clock=clock or Clock())


def exchange(
    question: str = "新桥何时通车？",
    *,
    at: datetime.datetime = MORNING,
    took: datetime.timedelta = MINUTE / 60,
    front: str = "telegram",
    chat_id: int = 7,
    topic_id: int | None = None,
    standalone: str | None = None,
) -> Exchange:
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
    return Exchange(
        front=front,
        chat_id=chat_id,
        topic_id=topic_id,
        asker_id=1001,
        answer=answer,
        asked_at=at,
        answered_at=at + took,
    )


def questions(store: Store, chat_id: int = 7, topic_id: int | None = None) -> list[str]:
    return [turn.question for turn in store.turns("telegram", chat_id, topic_id, 10)]
