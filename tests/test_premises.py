"""Questions that take for granted what is not so."""

import datetime
from collections.abc import Iterator

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from tests.small import reload

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
    reload(root / "articles", root / "data", EMBEDDER)
    live = LiveCollection(Generations(root / "data"), embedding=EMBEDDER.fingerprint)
    made = Answerer(
        live=live, embedder=EMBEDDER, writer=None, today=lambda: datetime.date(2025, 6, 1)
    )
    yield made
    made.close()


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
