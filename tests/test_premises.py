"""Questions that take for granted what is not so."""

import datetime
from collections.abc import Iterator

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from tests.small import answering, reload

EMBEDDER = LocalEmbedder()


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    root = tmp_path_factory.mktemp("premises")
    (root / "articles").mkdir()
    (root / "articles" / "race.md").write_text(
        "---\ntitle: 柳溪村获龙舟赛第二名\ndate: 2024-06-12\n---\n\n"
        "2024年，柳溪村龙舟队在全县龙舟赛中排名第二。比赛有十二支队伍参加。\n",
        "utf-8",
    )
    (root / "articles" / "orchard.md").write_text(
        "---\ntitle: 果园来信\n---\n\n果园今年收了80吨苹果。明年要种梨树。\n", "utf-8"
    )
    (root / "articles" / "metro.md").write_text(
        "---\ntitle: 河湾地铁2号线通车\ndate: 2024-09-03\n---\n\n"
        "河湾市地铁2号线3日通车，全长21公里，首日运送旅客5万人次。"
        "列车在终点站停车6分钟，由段长王新民带人检查车门。\n",
        "utf-8",
    )
    reload(root / "articles", root / "data", EMBEDDER)
    with answering(root / "data", EMBEDDER, datetime.date(2025, 6, 1)) as made:
        yield made


async def test_the_year_that_is_reported_is_answered(answerer: Answerer) -> None:
    answer = await answerer.answer("柳溪村龙舟队2024年在全县龙舟赛中排名第几?")
    assert not answer.refused
    assert "排名第二" in answer.text


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ("柳溪村龙舟队2022年在全县龙舟赛中排名第几?", "文章里没有说到这个问题的答案；说到的是："),
        ("柳溪村龍舟隊2022年在全縣龍舟賽中排名第幾?", "文章裡沒有說到這個問題的答案；說到的是："),
    ],
)
async def test_another_year_is_refused_with_what_is_said(
    answerer: Answerer, question: str, refusal: str
) -> None:
    answer = await answerer.answer(question)
    assert answer.refused
    assert answer.text.startswith(refusal)
    assert "2024年" in answer.text
    assert answer.citations[0].article_id == "race.md"
    assert answer.text.endswith("[1]")
    assert answer.nearest


async def test_what_has_nothing_to_do_with_it_is_refused_plainly(answerer: Answerer) -> None:
    answer = await answerer.answer("2022年的火星车叫什么名字?")
    assert answer.refused
    assert answer.text == "文章里没有说到这个问题的答案。"
    assert not answer.citations


@pytest.mark.parametrize(
    "question",
    [
        "河湾市地铁3号线全长多少公里?",
        "列车在终点站停车9分钟,由谁检查车门?",
        "段长赵长河在河湾市做什么?",
        "郑小燕在河湾市地铁说了什么?",
        "河湾市地铁的票价是多少元?",
        "柳溪村龙舟队的队长叫什么名字?",
        "果园的收购价是多少钱一斤?",
    ],
)
async def test_what_is_taken_for_granted_and_not_said_is_refused(
    answerer: Answerer, question: str
) -> None:
    assert (await answerer.answer(question)).refused


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("河湾市地铁2号线全长多少公里?", "21公里"),
        ("河湾市地铁二号线全长多少公里?", "21公里"),
        ("列车在终点站停车6分钟,由谁检查车门?", "王新民"),
        ("段长王新民在河湾市做什么?", "检查车门"),
        ("检查车门的段长叫什么名字?", "王新民"),
    ],
)
async def test_what_is_said_is_answered(answerer: Answerer, question: str, said: str) -> None:
    answer = await answerer.answer(question)
    assert not answer.refused
    assert said in answer.text


async def test_another_line_is_refused_with_what_is_said(answerer: Answerer) -> None:
    answer = await answerer.answer("河湾市地铁3号线全长多少公里?")
    assert "2号线" in answer.text
    assert answer.citations
