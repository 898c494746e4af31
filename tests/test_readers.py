"""Readers who ask without pause while generation after generation is published."""

import asyncio
import datetime
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from retrieval.answering.answerer import Answerer
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from tests.fakes import FakeEmbedder
from tests.small import reload, write

PUBLISHES = 20
READERS = 3
QUESTION = "城北图书馆每天开放多少小时?"


@dataclass(frozen=True)
class Seen:
    hours: int
    began: float


def test_no_error_and_nothing_older_than_the_generation_just_left(tmp_path: Path) -> None:
    corpus, data_dir = tmp_path / "corpus", tmp_path / "data"
    corpus.mkdir()
    for number in range(30):
        write(corpus / f"{number}.md", f"第{number}篇", f"这是第{number}篇文章的正文。" * 9)

    def publish(hours: int) -> float:
        write(corpus / "library.md", "图书馆", f"城北图书馆每天开放{hours}小时。馆内有5万册书。")
        reload(corpus, data_dir)
        return time.monotonic()

    published = {1: publish(1)}
    live = LiveCollection(Generations(data_dir), embedding="fake")
    live.follow()
    answerer = Answerer(live=live, embedder=FakeEmbedder(), writer=None, today=datetime.date.today)
    seen: list[Seen] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                began = time.monotonic()
                answer = asyncio.run(answerer.answer(QUESTION))
                (citation,) = answer.citations
                assert citation.article_id == "library.md"
                seen.append(Seen(int(citation.quote.split("开放")[1].split("小时")[0]), began))
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        for hours in range(2, PUBLISHES + 2):
            published[hours] = publish(hours)
        time.sleep(2)
    finally:
        done.set()
        for reader in readers:
            reader.join()
        answerer.close()
    assert not errors, errors[0]
    assert len(seen) > 5 * PUBLISHES
    for one in seen:
        live_then = max(hours for hours, at in published.items() if at <= one.began)
        assert one.hours >= live_then - 1, "an article of a generation older than the one just left"
    assert max(one.hours for one in seen) == PUBLISHES + 1
    assert {one.hours for one in seen} >= set(range(PUBLISHES - 5, PUBLISHES + 2))
