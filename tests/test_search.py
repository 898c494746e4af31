"""Search and quoting over a small collection of our own: real Chroma, the real model."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from retrieval.questions.question import read_question
from retrieval.search import search
from retrieval.types import Answer
from tests.small import reload

EMBEDDER = LocalEmbedder()
ARTICLES = {
    "library.md": """---
title: 图书馆里的周末课堂
kicker: 河湾镇开放阅览室
byline: 本报记者 沈亦舟 通讯员 陆小满
date: 2025-03-05
source: 河湾日报
page: "4"
---

河湾镇图书馆新添了320册图书。每个周末，镇图书馆开两堂课。馆长叶知秋说，来听课的多是附近的孩子。
""",
    "bridge.md": """---
title: 老桥修好了
byline: 周远山
date: 2024-11-20
---

柳溪村的石桥修好了，花了46万元。石桥长38米，建于1932年。修桥的是柳溪村的12名石匠。
""",
    "orchard.md": """---
title: 果园来信
---

果园今年收了80吨苹果。
""",
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("small")
    (root / "articles").mkdir()
    for name, text in ARTICLES.items():
        (root / "articles" / name).write_text(text, "utf-8")
    reload(root / "articles", root / "data", EMBEDDER)
    return root / "data"


@pytest.fixture
def live(data_dir: Path) -> Iterator[LiveCollection]:
    collection = LiveCollection(Generations(data_dir), embedding=EMBEDDER.fingerprint)
    yield collection
    collection.close()


@pytest.fixture
def answerer(live: LiveCollection) -> Iterator[Answerer]:
    made = Answerer(
        live=live,
        embedder=EMBEDDER,
        writer=None,
        today=lambda: datetime.date(2025, 6, 1),
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("question", "article_id"),
    [
        ("周末课堂", "library.md"),
        ("開放閱覽室", "library.md"),
        ("沈亦舟", "library.md"),
        ("2025年3月5日的报道", "library.md"),
        ("2024-11-20", "bridge.md"),
        ("周远山写的报道", "bridge.md"),
        ("what did Zhou Yuanshan write", "bridge.md"),
        ("Liuxi", "bridge.md"),
        ("４６万元", "bridge.md"),
    ],
)
def test_titles_bylines_dates_and_names_are_findable(
    live: LiveCollection, question: str, article_id: str
) -> None:
    with live.use() as collection:
        found = search(collection, read_question(question), EMBEDDER.embed_query(question), 10)
    assert found[0].chunk.article_id == article_id
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize(
    ("question", "field", "answer"),
    [
        ("图书馆那篇报道是谁写的?", "byline", "本报记者 沈亦舟 通讯员 陆小满[1]"),
        ("写周末课堂的记者叫什么名字", "byline", "本报记者 沈亦舟 通讯员 陆小满[1]"),
        ("老桥那篇文章的标题是什么?", "title", "老桥修好了[1]"),
        ("关于图书馆的报道是哪天登的?", "date", "2025-03-05[1]"),
        ("图书馆周末课堂的报道在第几版?", "page", "4[1]"),
        ("图书馆周末课堂登在哪家报纸?", "source", "河湾日报[1]"),
    ],
)
async def test_questions_about_an_article_are_answered_from_its_fields(
    answerer: Answerer, question: str, field: str, answer: str
) -> None:
    given = await answerer.answer(question)
    assert given.text == answer
    (citation,) = given.citations
    assert citation.field == field


@pytest.mark.parametrize("question", ["周远山是谁?", "周遠山是誰?", "周远山是干什么的?"])
async def test_a_person_of_a_byline_is_known_by_the_article(
    answerer: Answerer, question: str
) -> None:
    answer = await answerer.answer(question)
    assert answer.text == "老桥修好了[1]\n周远山[2]"
    assert [one.field for one in answer.citations] == ["title", "byline"]


@pytest.mark.parametrize(
    "question",
    [
        "果园那篇报道是谁写的?",
        "老桥那篇报道登在第几版?",
        "红楼梦是谁写的?",
        "关于火星的报道是哪天登的?",
        "Who wrote Hamlet?",
    ],
)
async def test_a_field_that_is_not_there_is_not_made_up(answerer: Answerer, question: str) -> None:
    answer = await answerer.answer(question)
    assert answer.refused
    assert answer.mode == "extractive"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("河湾镇图书馆新添了多少册图书?", "320册"),
        ("柳溪村修石桥花了多少钱?", "46万元"),
        ("石橋有多長?", "38米"),
        ("柳溪村的石桥是哪年建的?", "1932年"),
        ("果园收了多少吨苹果", "80吨"),
    ],
)
async def test_the_sentence_that_holds_what_is_asked_for_is_quoted(
    answerer: Answerer, question: str, words: str
) -> None:
    answer = await answerer.answer(question)
    assert words in answer.text
    assert words in "".join(citation.quote for citation in answer.citations)


@pytest.mark.parametrize(
    "question",
    [
        "果园收苹果花了多少钱?",
        "柳溪村的石桥2019年修好了吗?",
        "上海市的石桥花了多少钱?",
        "石匠的年龄是多少?",
        "量子计算机是什么?",
        "😀",
        "???",
    ],
)
async def test_what_the_articles_do_not_say_is_refused(answerer: Answerer, question: str) -> None:
    answer = await answerer.answer(question)
    assert answer.refused, answer.text
    assert {one.article_id for one in answer.nearest} == set(ARTICLES)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("火星有多大?", "文章里没有说到这个问题的答案。"),
        ("火星離我們有多遠?", "文章裡沒有說到這個問題的答案。"),
        ("How large is Mars?", "The articles do not answer this question."),
    ],
)
async def test_a_refusal_is_in_the_language_of_the_question(
    answerer: Answerer, question: str, text: str
) -> None:
    answer: Answer = await answerer.answer(question)
    assert answer.text == text
