"""False premises, reports that disagree, and articles that say what is not so elsewhere."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.wiring import make_answerer
from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from tests.model_server import StubModelServer
from tests.personas import number_of
from tests.small import reload

DAY = datetime.date(2025, 6, 1)
ARTICLES = {
    "bridge.md": (
        "title: 石塘镇新桥通车\ndate: 2025-03-05",
        "石塘镇新桥4日通车，全长320米，总投资1.2亿元。大桥由石塘镇建设公司承建，工期18个月。",
    ),
    "fire-early.md": (
        "title: 粮仓深夜起火\ndate: 2025-04-02",
        "石塘镇东门粮仓火灾造成3人受伤，大火在1日深夜被扑灭。消防队员用了两个小时。",
    ),
    "fire-late.md": (
        "title: 粮仓火灾续报\ndate: 2025-04-04",
        "石塘镇东门粮仓火灾造成5人受伤，镇政府3日通报了情况。起火原因是线路老化。",
    ),
    "moon.md": (
        "title: 登月纪念展开幕\ndate: 2025-05-10",
        "登月纪念展在石塘镇文化馆开幕。展览介绍说，1969年首位踏上月球的航天员是加加林。",
    ),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arguing")
    (folder / "articles").mkdir()
    for name, (head, text) in ARTICLES.items():
        (folder / "articles" / name).write_text(f"---\n{head}\n---\n\n{text}\n", "utf-8")
    reload(folder / "articles", folder / "data", LocalEmbedder())
    return folder / "data"


@pytest.fixture
def answerer(server: StubModelServer, data_dir: Path) -> Iterator[Answerer]:
    made = make_answerer(
        Settings(data_dir=data_dir, openai_base_url=server.base_url, chat_model="stub-model")
    )
    yield made
    made.close()


def saying(sentence: str, words: str) -> Callable[[dict[str, object]], str]:
    """A model that says the sentence with the number of the passage that holds the words."""

    def reply(body: dict[str, object]) -> str:
        return f"{sentence}[{number_of(body, words)}]"

    return reply


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("石塘镇新桥为什么要花2亿元?", "新桥总投资不是2亿元，而是1.2亿元。"),
        ("石塘镇新桥为什么要花2亿元?", "报道说的不是2亿元：新桥总投资1.2亿元。"),
        ("Why did the bridge of Shitang (石塘) take 30 months?", "It took 18 months, not 30."),
    ],
)
async def test_a_false_premise_is_corrected_with_a_citation(
    server: StubModelServer, answerer: Answerer, question: str, sentence: str
) -> None:
    server.respond_with(saying(sentence, "320米"))
    answer = await answerer.answer(question, asked_at=DAY)
    if not server.requests:
        assert answer.refused, "no model is asked where nothing answers"
        return
    assert (answer.text, answer.mode) == (f"{sentence}[1]", "llm")
    assert answer.citations[0].article_id == "bridge.md"


async def test_a_correction_may_not_bring_in_what_nobody_said(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.respond_with(saying("新桥总投资不是3亿元，而是1.2亿元。", "320米"))
    answer = await answerer.answer("石塘镇新桥总投资多少?", asked_at=DAY)
    assert server.requests
    assert "3亿元" not in answer.text


async def test_nothing_answerable_means_no_model_call(
    server: StubModelServer, answerer: Answerer
) -> None:
    answer = await answerer.answer("珠穆朗玛峰有多高?", asked_at=DAY)
    assert (answer.refused, answer.mode, server.requests) == (True, "extractive", [])


async def test_reports_that_disagree_are_both_given_with_their_dates(
    server: StubModelServer, answerer: Answerer
) -> None:
    server.respond_with(saying("石塘镇东门粮仓火灾造成5人受伤。", "5人受伤"))
    answer = await answerer.answer("石塘镇东门粮仓火灾造成几人受伤?", asked_at=DAY)
    assert server.requests
    assert answer.mode == "llm"
    assert answer.text.startswith("石塘镇东门粮仓火灾造成5人受伤。[1]")
    assert "3人受伤" in answer.text
    assert "2025-04-02" in answer.text
    assert {one.article_id for one in answer.citations} == {"fire-early.md", "fire-late.md"}


async def test_a_model_that_gives_both_reports_is_not_repeated(
    server: StubModelServer, answerer: Answerer
) -> None:
    def both(body: dict[str, object]) -> str:
        late = saying("4月4日的报道说火灾造成5人受伤。", "5人受伤")(body)
        early = saying("4月2日的报道说造成3人受伤。", "3人受伤")(body)
        return late + early

    server.respond_with(both)
    answer = await answerer.answer("石塘镇东门粮仓火灾造成几人受伤?", asked_at=DAY)
    assert answer.mode == "llm", answer.fault
    assert len(answer.text.splitlines()) == 2


async def test_what_the_article_says_is_reported_whatever_the_model_knows(
    server: StubModelServer, answerer: Answerer
) -> None:
    question = "1969年首位踏上月球的航天员是谁?"
    server.respond_with(saying("1969年首位踏上月球的航天员是阿姆斯特朗。", "加加林"))
    answer = await answerer.answer(question, asked_at=DAY)
    assert server.requests
    assert (answer.mode, answer.refused) == ("fallback", False)
    assert "阿姆斯特朗" not in answer.text
    assert "加加林" in answer.text


async def test_nothing_is_added_to_what_the_article_says(
    server: StubModelServer, answerer: Answerer
) -> None:
    true = "1969年首位踏上月球的航天员是加加林。"
    server.respond_with(
        lambda body: saying(true, "加加林")(body) + saying("实际上应是阿姆斯特朗。", "加加林")(body)
    )
    answer = await answerer.answer("1969年首位踏上月球的航天员是谁?", asked_at=DAY)
    assert (answer.text, answer.mode) == (f"{true}[1]", "llm")
