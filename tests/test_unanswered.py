"""Questions with several parts of which the articles answer only some."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.results import answer_object
from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from tests.small import answering, reload, write

EMBEDDER = LocalEmbedder()
ARTICLES = {
    "bridge.md": ("柳溪村的石桥", "柳溪村的石桥是石匠王大山修的。石桥花了46万元，长30米。"),
    "people.md": ("柳溪村的人口", "柳溪村有1200人。村里的小学有80名学生。"),
    "towns.md": ("两个镇的人口", "青石镇有3000人，雾岭镇有4000人。"),
    "tea.md": ("雾岭的茶", "雾岭茶场2024年卖出2吨茶叶。茶场有12名工人。"),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unanswered")
    (root / "articles").mkdir()
    for name, (title, text) in ARTICLES.items():
        write(root / "articles" / name, title, text)
    reload(root / "articles", root / "data", EMBEDDER)
    return root / "data"


@pytest.fixture
def answerer(data_dir: Path) -> Iterator[Answerer]:
    with answering(data_dir, EMBEDDER, datetime.date(2025, 6, 1)) as made:
        yield made


@pytest.mark.parametrize(
    ("question", "said", "unanswered"),
    [
        ("柳溪村和月牙镇分别有多少人?", "1200", ("月牙镇有多少人?",)),
        ("月牙镇和柳溪村分别有多少人?", "1200", ("月牙镇有多少人?",)),
        (
            "雾岭茶场2024年和2019年各卖出多少吨茶叶?",
            "2吨",
            ("雾岭茶场2019年卖出多少吨茶叶?",),
        ),
        ("柳溪村的石桥是谁修的，花了多少钱?", "王大山", ()),
        ("青石镇和雾岭镇分别有多少人?", "3000", ()),
        ("柳溪村有多少人?", "1200", ()),
    ],
)
async def test_parts_that_the_articles_leave_open_are_named(
    answerer: Answerer, question: str, said: str, unanswered: tuple[str, ...]
) -> None:
    answer = await answerer.answer(question)
    assert said in answer.text
    assert answer.unanswered == unanswered


async def test_a_refusal_names_no_parts(answerer: Answerer) -> None:
    answer = await answerer.answer("鲸鱼和海豚分别能潜多深?")
    assert answer.refused
    assert answer.unanswered == ()


async def test_the_object_for_programs_has_no_field_more(answerer: Answerer) -> None:
    answer = await answerer.answer("柳溪村和月牙镇分别有多少人?")
    assert set(answer_object(answer)) == {
        *("id", "question", "answer", "refused", "mode"),
        *("citations", "passages", "nearest", "timings_ms"),
    }
    assert list(answer_object(answer)["citations"][0]) == [
        *("number", "article_id", "title", "byline", "date", "source"),
        *("field", "start", "end", "quote"),
    ]
    assert all(line.endswith("]") for line in answer.text.splitlines())


@pytest.mark.parametrize(
    "question", ["什么时候?", "有多少名?", "多少钱?", "他是谁?", "When?", "Why?"]
)
async def test_a_question_that_names_nothing_is_refused(answerer: Answerer, question: str) -> None:
    assert (await answerer.answer(question)).refused


@pytest.mark.parametrize("question", ["王大山修了什么?", "那王大山修了什么?", "茶呢，卖出几吨?"])
async def test_one_that_names_something_is_looked_up(answerer: Answerer, question: str) -> None:
    assert not (await answerer.answer(question)).refused
