"""Newer reports, reports that disagree, and reports carried twice, as the Answerer answers them."""

import datetime
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.answering.checking import Source
from retrieval.answering.language import NO_ANSWER
from retrieval.answering.model.brief import Brief
from retrieval.answering.model.thinking import Piece
from retrieval.embedding import LocalEmbedder
from retrieval.index.collection import LiveCollection
from retrieval.index.generations import Generations
from retrieval.questions.question import read_question
from retrieval.types import Strictness, Usage
from tests.small import reload

EMBEDDER = LocalEmbedder()
_REPORT = (
    "雾岭茶场今年春天卖出2吨茶叶。茶农们学会了在网上开店,足不出户就能接到订单。"
    "茶场还请来摄影师,替每家茶农拍了照片。"
)
ARTICLES = {
    "library-old.md": ("图书馆换了新馆长", "2023-04-02", "河湾镇图书馆的馆长是叶知秋。", ""),
    "library-new.md": ("图书馆迎来新主人", "2025-02-11", "河湾镇图书馆的馆长是陆小满。", ""),
    "fire-early.md": ("粮仓深夜起火", "2025-01-08", "柳溪村粮仓火灾造成12人受伤。", "河湾日报"),
    "fire-late.md": (
        "粮仓火灾有了新消息",
        "2025-01-10",
        "柳溪村粮仓火灾造成15人受伤。",
        "青石晚报",
    ),
    "tea-one.md": ("茶农上网卖茶", "2025-04-01", f"本报讯 记者周远山 {_REPORT}", "河湾日报"),
    "tea-two.md": (
        "雾岭茶香飘上网",
        "2025-04-02",
        f"新华社雾岭4月2日电(记者沈亦舟){_REPORT}",
        "青石晚报",
    ),
    "bridge.md": ("老桥修好了", "2024-11-20", "柳溪村的石桥修好了,花了46万元。", "河湾日报"),
    "park-early.md": ("公园", "2025-01-08", "和平公园的改造花了30万元。", "河湾日报"),
    "park-late.md": ("公园账目", "2025-01-10", "和平公园的改造花了50万元。", "青石晚报"),
    "ferry.md": ("渡口的新船", "", "青石渡口的新船能坐60人。", ""),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("conflicts")
    (root / "articles").mkdir()
    for name, (title, date, text, source) in ARTICLES.items():
        front = f"title: {title}\nsource: {source}" + (f"\ndate: {date}" if date else "")
        (root / "articles" / name).write_text(f"---\n{front}\n---\n\n{text}\n", "utf-8")
    reload(root / "articles", root / "data", EMBEDDER)
    return root / "data"


class RecordingWriter:
    """Says that there is no answer, and keeps what it was given to write from."""

    name = "recording"
    usage = Usage(0, 0)

    def __init__(self) -> None:
        self.sources: Sequence[Source] = ()

    def fit(self, sources: Sequence[Source]) -> tuple[Source, ...]:
        return tuple(sources)

    def draft(self, brief: Brief) -> Self:
        self.sources = brief.sources
        return self

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        yield Piece(NO_ANSWER)


@pytest.fixture
def live(data_dir: Path) -> Iterator[LiveCollection]:
    collection = LiveCollection(Generations(data_dir), embedding=EMBEDDER.fingerprint)
    yield collection
    collection.close()


@pytest.fixture
def writer() -> RecordingWriter:
    return RecordingWriter()


@pytest.fixture
def answerer(live: LiveCollection) -> Iterator[Answerer]:
    made = Answerer(
        live=live, embedder=EMBEDDER, writer=None, today=lambda: datetime.date(2025, 6, 1)
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("question", "present"),
    [
        ("目前有多少党员?", True),
        ("现任馆长是谁?", True),
        ("最新的数字是多少?", True),
        ("至今卖了多少吨茶?", True),
        ("Who is the current director?", True),
        ("How many members are there now?", True),
        ("项目前期花了多少钱?", False),
        ("花灯出现在哪里?", False),
        ("体现在哪些方面?", False),
        ("2023年的馆长是谁?", False),
        ("Do you know the director?", False),
        ("What was known in 2023?", False),
    ],
)
def test_a_question_asks_for_the_present_or_not(question: str, present: bool) -> None:
    assert read_question(question).present is present


@pytest.mark.parametrize(
    "question",
    ["河湾镇图书馆现任馆长是谁?", "河湾镇图书馆目前的馆长是谁?", "現在河灣鎮圖書館的館長是誰?"],
)
async def test_who_asks_for_the_present_reads_the_newer_report_first(
    answerer: Answerer, question: str
) -> None:
    answer = await answerer.answer(question)
    assert not answer.refused
    assert answer.citations[0].article_id == "library-new.md"
    assert answer.text.startswith("河湾镇图书馆的馆长是陆小满。[1]")
    dates = [one.date for one in answer.citations]
    assert dates == sorted(dates, reverse=True)


async def test_reports_that_name_different_figures_are_both_quoted_newer_first(
    answerer: Answerer,
) -> None:
    answer = await answerer.answer("柳溪村粮仓火灾造成多少人受伤?")
    assert [one.article_id for one in answer.citations] == ["fire-late.md", "fire-early.md"]
    assert [one.date for one in answer.citations] == ["2025-01-10", "2025-01-08"]
    assert answer.text.splitlines() == [
        "柳溪村粮仓火灾造成15人受伤。[1]",
        "柳溪村粮仓火灾造成12人受伤。[2]",
    ]


async def test_a_name_that_only_looks_joined_does_not_hide_that_reports_differ(
    answerer: Answerer,
) -> None:
    answer = await answerer.answer("和平公园的改造花了多少钱?")
    assert [one.article_id for one in answer.citations] == ["park-late.md", "park-early.md"]


async def test_a_present_day_question_about_figures_that_differ_names_both(
    answerer: Answerer,
) -> None:
    answer = await answerer.answer("柳溪村粮仓火灾目前造成多少人受伤?")
    assert [one.date for one in answer.citations] == ["2025-01-10", "2025-01-08"]


async def test_a_statement_carried_by_two_papers_is_quoted_once(answerer: Answerer) -> None:
    answer = await answerer.answer("雾岭茶场今年春天卖出多少吨茶叶?")
    assert answer.text.count("2吨") == 1
    found = {one.chunk.article_id for one in answer.passages}
    assert {"tea-one.md", "tea-two.md"} <= found


async def test_an_answer_without_a_rival_stays_as_it_was(answerer: Answerer) -> None:
    answer = await answerer.answer("柳溪村修石桥花了多少钱?")
    assert [one.article_id for one in answer.citations] == ["bridge.md"]


async def test_copies_are_offered_once(live: LiveCollection) -> None:
    made = Answerer(
        live=live,
        embedder=EMBEDDER,
        writer=None,
        today=lambda: datetime.date(2025, 6, 1),
        strictness=Strictness.STRICT,
    )
    answer = await made.answer("雾岭茶场的熊猫几岁?")
    made.close()
    assert answer.refused, answer.text
    names = [one.article_id for one in answer.nearest]
    assert len(names) == 3
    assert len({"tea-one.md", "tea-two.md"} & set(names)) == 1


async def test_a_day_on_which_nothing_was_printed_is_refused_with_what_is_nearest(
    answerer: Answerer,
) -> None:
    answer = await answerer.answer("2019年3月5日的报道说柳溪村粮仓火灾造成多少人受伤?")
    assert answer.refused, answer.text
    assert {"fire-early.md", "fire-late.md"} <= {one.article_id for one in answer.nearest}
    assert answer.passages


@pytest.mark.parametrize(
    ("question", "article_id"),
    [
        ("2025年1月8日的报道说柳溪村粮仓火灾造成多少人受伤?", "fire-early.md"),
        ("1月10日的报纸说柳溪村粮仓火灾造成多少人受伤?", "fire-late.md"),
        ("《河湾日报》的报道说柳溪村粮仓火灾造成多少人受伤?", "fire-early.md"),
        ("《粮仓深夜起火》这篇报道说多少人受伤?", "fire-early.md"),
    ],
)
async def test_only_the_articles_asked_about_answer(
    answerer: Answerer, question: str, article_id: str
) -> None:
    answer = await answerer.answer(question)
    assert [one.article_id for one in answer.citations] == [article_id]


async def test_a_chat_model_is_given_each_report_once(
    live: LiveCollection, writer: RecordingWriter
) -> None:
    made = Answerer(
        live=live, embedder=EMBEDDER, writer=writer, today=lambda: datetime.date(2025, 6, 1)
    )
    await made.answer("雾岭茶场今年春天卖出多少吨茶叶?")
    made.close()
    given = [source.article.id for source in writer.sources]
    assert len({"tea-one.md", "tea-two.md"} & set(given)) == 1
    assert "bridge.md" in given
