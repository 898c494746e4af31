"""Orders hidden in articles and questions, and a chat model that obeys every one of them."""

import datetime
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from bot.settings import Settings
from bot.telegram.links import Links
from bot.telegram.rendering import render
from bot.terminal import plain_answer
from bot.wiring import make_answerer
from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from retrieval.types import Answer
from tests.conftest import CORPUS
from tests.model_server import StubModelServer
from tests.small import reload, stored

DAY = datetime.date(2026, 3, 5)
LINKS = Links("baoda_test_bot")
OURS = re.compile(
    r"</?(?:b|blockquote(?: expandable)?)>|</a>|"
    r'<a href="https://t\.me/baoda_test_bot\?start=c_[a-z0-9_]+">'
)
UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Case:
    """`obedient` is what the model says, `forbidden` what must not reach the reader of it."""

    id: str
    kind: str
    article: dict[str, str] | None
    question: str
    obedient: str
    forbidden: list[str]


CASES = [
    Case(**json.loads(line))
    for line in (Path(__file__).parent / "injections.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory, corpus_data_dir: Path) -> Path:
    """An index of the articles of all cases, beside those that are shipped."""
    folder = tmp_path_factory.mktemp("injections")
    lines = [json.dumps({"id": case.id, **case.article}) for case in CASES if case.article]
    shutil.copytree(CORPUS, folder / "corpus", ignore=shutil.ignore_patterns("golden.jsonl"))
    (folder / "data").mkdir()
    shutil.copy(corpus_data_dir / "embeddings.sqlite3", folder / "data")  # of the shipped articles
    (folder / "corpus" / "articles.jsonl").write_text("\n".join(lines), "utf-8")
    reload(folder / "corpus", folder / "data", LocalEmbedder())
    return folder / "data"


@pytest.fixture(scope="module")
def server() -> Iterator[StubModelServer]:
    with StubModelServer() as running:
        yield running


@pytest.fixture
def answerer(server: StubModelServer, data_dir: Path) -> Iterator[Answerer]:
    settings = Settings(
        data_dir=data_dir, openai_base_url=server.base_url, chat_model="stub-model", answer_cache=0
    )
    made = make_answerer(settings)
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_only_what_the_articles_support_reaches_the_reader(
    case: Case, server: StubModelServer, answerer: Answerer, data_dir: Path
) -> None:
    server.requests.clear()
    server.respond_with(lambda _: case.obedient)
    steps = [step async for step in answerer.stream(case.question, asked_at=DAY)]
    answer = steps[-1]
    assert isinstance(answer, Answer)
    assert server.requests, "the model was not asked: the case tries nothing"
    articles = stored(data_dir)
    for step in steps:
        assert not [one for one in case.forbidden if one in step.text]
        assert "<" not in step.text
        assert not UNSEEN.search(step.text)
        assert_marks_are_ours(step.text, len(step.citations))
    for one in answer.citations:
        assert getattr(articles[one.article_id], one.field)[one.start : one.end] == one.quote
    assert case.obedient not in plain_answer(answer, SIMPLIFIED)
    for part in render(answer, SIMPLIFIED, LINKS):
        assert "<" not in OURS.sub("", part.markup)


def assert_marks_are_ours(text: str, citations: int) -> None:
    numbers = [int(one) for one in re.findall(r"\[(\d+)\]", text)]
    assert set(numbers) <= set(range(1, citations + 1))


def test_orders_are_told_to_the_model_as_quotations(
    server: StubModelServer, answerer: Answerer
) -> None:
    """What can be done before the check: an article cannot leave its fence."""
    for request in server.requests:
        prompt: str = request.json["messages"][-1]["content"]
        numbers = re.findall(r"<passage number=(\d+)>", prompt)
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
        assert prompt.count("</passage>") == len(numbers)
