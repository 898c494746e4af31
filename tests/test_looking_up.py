"""Articles for some words, and answers quoted at once: over the shipped corpus and small ones."""

import asyncio
import datetime
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.answering.quoting.finding import Finder
from retrieval.answering.quoting.matching import look_up
from retrieval.embedding import Embedders, LocalEmbedder
from retrieval.errors import ModelUnavailableError, NoCollectionError, QuestionError
from retrieval.index.articles import article_version
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from retrieval.types import Match, Strictness, Vectors
from tests.conftest import CORPUS
from tests.fakes import FakeEmbedder
from tests.small import answering, reload, stored, write

TODAY = datetime.date(2026, 1, 1)
LONG = (CORPUS / "xinlu-pingyou.md").read_text("utf-8")[200:2_200]
QUESTIONS = [
    "刘正欣是谁？",
    "“六联”包括哪些内容，徐州东站停车几分钟？",
    "《红领志愿暖寒冬》谁拍的",
    "東城區有多少黨員？",
    "Who is Liu Zhengxin?",
    "梅西进过几个世界杯进球？",
]


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture(scope="module")
def answerer(corpus_data_dir: Path, embedder: LocalEmbedder) -> Iterator[Answerer]:
    with answering(corpus_data_dir, embedder, TODAY) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A data folder with an index of a few articles."""
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder / "bridge.md", "柳溪村修好老石桥", "柳溪村的桥长38米，上个月重新通车。")
    write(folder / "mention.md", "乡间见闻", "记者路过老石桥，老石桥边有人钓鱼，老石桥上有人卖瓜。")
    write(
        folder / "long.md", "果园丰收", f"果园收了80吨苹果，{'村民说个个都很甜，' * 40}大家笑了。"
    )
    reload(folder, tmp_path / "data")
    return tmp_path / "data"


def files(matches: tuple[Match, ...]) -> list[str]:
    return [match.article_id for match in matches]


@pytest.mark.parametrize(
    ("words", "article"),
    [
        ("春运", "xuzhou-chunyun-xianfenggang.md"),
        ("流動黨課", "shenzhen-liudong-dangke.md"),
        ("尹晓燕", "ningbo-hongling-zhiyuan.md"),
        ("员工福利", "xinlu-pingyou.md"),
        ("志愿者打扫河边", "ningbo-hongling-zhiyuan.md"),
        ("Ningbo volunteers", "ningbo-hongling-zhiyuan.md"),
        ("Liu Zhengxin", "jilin-shihua-jiedui.md"),
        ("D122/3次", "xuzhou-chunyun-xianfenggang.md"),
        ("书", "zibo-zhigong-zhijia.md"),
        (LONG, "xinlu-pingyou.md"),
    ],
)
async def test_words_find_their_article_first(answerer: Answerer, words: str, article: str) -> None:
    assert files(await answerer.look_up(words))[0] == article


@pytest.mark.parametrize(
    "words",
    [
        "量子计算机",
        "世界杯冠军是谁",
        "火锅底料配方",
        "特朗普關稅",
        "我爱吃苹果",
        "今天天气怎么样",
        "龘",
        "的",
        "？！。……",
        "😀",
        "asdf qwer zxcv",
        "Einstein relativity",
        "how are you",
        "The quick brown fox jumps over the lazy dog. " * 40,
    ],
)
async def test_words_that_nothing_has_to_do_with_find_nothing(
    answerer: Answerer, words: str
) -> None:
    assert await answerer.look_up(words) == ()


async def test_passages_are_cut_out_of_their_articles(
    answerer: Answerer, corpus_data_dir: Path
) -> None:
    articles = stored(corpus_data_dir)
    for words in ("工会", "党", "志愿者"):
        matches = await answerer.look_up(words)
        assert len(set(files(matches))) == len(matches)
        for match in matches:
            article = articles[match.article_id]
            assert match.passage == getattr(article, match.field)[match.start : match.end]
            assert 0 < len(match.passage) <= 200
            assert match.version == article_version(article)
            assert (match.title, match.byline) == (article.title, article.byline)


async def test_the_passage_holds_the_words(answerer: Answerer) -> None:
    (match,) = await answerer.look_up("钢卷尺")
    assert "钢卷尺" in match.passage
    assert match.passage.endswith("。")


async def test_a_title_that_holds_the_words_comes_before_a_text_that_repeats_them(
    small: Path,
) -> None:
    with answering(small, FakeEmbedder(), TODAY) as answerer:
        assert files(await answerer.look_up("老石桥"))[:2] == ["bridge.md", "mention.md"]
        assert files(await answerer.look_up("石桥 柳溪"))[0] == "bridge.md"


async def test_of_a_sentence_too_long_the_passage_is_a_part(small: Path) -> None:
    with answering(small, FakeEmbedder(), TODAY) as answerer:
        match = (await answerer.look_up("果园的苹果"))[0]
    assert match.article_id == "long.md"
    assert "80吨苹果" in match.passage
    assert len(match.passage) <= 200


async def test_at_most_fifty_articles_are_found(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    for number in range(60):
        write(tmp_path / "articles" / f"{number}.md", f"简讯{number}", f"第{number}天的简讯。")
    reload(tmp_path / "articles", tmp_path / "data")
    with answering(tmp_path / "data", FakeEmbedder(), TODAY) as answerer:
        assert len(set(files(await answerer.look_up("简讯")))) == 50


async def test_words_are_refused_as_questions_are(answerer: Answerer) -> None:
    for words in ("", " \n", "长" * 2_001):
        with pytest.raises(QuestionError):
            await answerer.look_up(words)
        with pytest.raises(QuestionError):
            await answerer.quote(words)


async def test_nothing_is_looked_up_before_the_first_index(tmp_path: Path) -> None:
    with answering(tmp_path, FakeEmbedder(), TODAY) as answerer:
        assert answerer.generation() is None
        with pytest.raises(NoCollectionError):
            await answerer.look_up("石桥")
        with pytest.raises(NoCollectionError):
            await answerer.quote("石桥多长？")


class SilentEmbedder(FakeEmbedder):
    """A server that is down."""

    def embed_query(self, text: str) -> Vectors:
        raise ModelUnavailableError("the embedding model did not answer")


async def test_a_silent_embedding_model_is_told(small: Path) -> None:
    with answering(small, SilentEmbedder(), TODAY) as answerer:
        with pytest.raises(ModelUnavailableError):
            await answerer.look_up("石桥")
        with pytest.raises(ModelUnavailableError):
            await answerer.quote("石桥多长？")


@pytest.mark.parametrize("question", QUESTIONS)
async def test_what_is_quoted_is_the_extractive_answer(answerer: Answerer, question: str) -> None:
    answer = await answerer.answer(question)
    quoted = await answerer.quote(question)
    assert replace(quoted.answer, timings_ms=answer.timings_ms) == answer
    cited = list(dict.fromkeys(one.article_id for one in answer.citations))
    assert files(quoted.matches)[: len(cited)] == cited
    assert len(set(files(quoted.matches))) == len(quoted.matches) <= 10


async def test_the_passage_of_a_cited_article_is_what_is_quoted(answerer: Answerer) -> None:
    quoted = await answerer.quote("程莹为什么写信？")
    assert quoted.matches[0].passage == quoted.answer.citations[0].quote


async def test_a_question_about_something_else_has_no_articles(answerer: Answerer) -> None:
    quoted = await answerer.quote("红烧肉怎么做才不腻？")
    assert quoted.answer.refused
    assert quoted.matches == ()


async def test_the_generation_is_that_of_the_next_answer(tmp_path: Path, small: Path) -> None:
    with answering(small, FakeEmbedder(), TODAY) as answerer:
        first = (await answerer.quote("石桥多长？")).answer.generation
        assert answerer.generation() == first
        reload(tmp_path / "articles", small, full=True)
        second = answerer.generation()
        assert second != first
        assert (await answerer.quote("石桥多长？")).answer.generation == second


async def test_the_generation_is_the_former_while_the_new_one_cannot_be_used(
    tmp_path: Path, small: Path
) -> None:
    with answering(small, FakeEmbedder(), TODAY) as answerer:
        first = (await answerer.quote("石桥多长？")).answer.generation
        reload(tmp_path / "articles", small, FakeEmbedder("another"), full=True)
        assert (await answerer.quote("石桥多长？")).answer.generation == first
        assert answerer.generation() == first
        reload(tmp_path / "articles", small, full=True)
        again = (await answerer.quote("石桥多长？")).answer.generation
        assert answerer.generation() == again != first


class HeldEmbedder(FakeEmbedder):
    """Keeps the thread of a question that says 慢 waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def embed_query(self, text: str) -> Vectors:
        if "慢" in text:
            self.begun.set()
            self.let_go.wait(10)
        return super().embed_query(text)


async def test_what_is_looked_up_does_not_wait_for_a_question(small: Path) -> None:
    embedder = HeldEmbedder()
    with answering(small, embedder, TODAY) as answerer:
        slow = asyncio.create_task(answerer.answer("慢车几点到？"))
        assert await asyncio.to_thread(embedder.begun.wait, 10)
        assert files(await answerer.look_up("老石桥"))[0] == "bridge.md"
        assert (await answerer.quote("柳溪村的桥长多少米？")).matches
        assert not slow.done()
        embedder.let_go.set()
        await slow


def test_four_threads_find_what_one_finds(corpus_data_dir: Path) -> None:
    embedder = LocalEmbedder()
    live = LiveCollection(Generations(corpus_data_dir), embedding=embedder.fingerprint)
    finder = Finder(
        live=live, embedders=Embedders(embedder), strictness=Strictness.BALANCED, reranker=None
    )
    words = ["工会", "流動黨課", "Liu Zhengxin", "ﬁle 党员", "量子计算机", "红领志愿"]

    def find(question: str) -> object:
        return finder.quote(question, TODAY, most=10)

    def search(text: str) -> object:
        with live.use() as collection:
            return look_up(collection, embedder, text, TODAY)

    work = [
        *((find, question) for question in QUESTIONS[:4]),
        *((search, text) for text in words),
    ]
    with ThreadPoolExecutor(4) as threads:
        at_once = [threads.submit(do, text) for _ in range(2) for do, text in work]
        found = [one.result() for one in at_once]
    one_by_one = [do(text) for do, text in work]
    live.close()
    assert found == list(itertools.chain.from_iterable(itertools.repeat(one_by_one, 2)))
