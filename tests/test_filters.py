"""Questions that confine themselves to some articles, and many more that do not."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.filters.publication import Filter
from retrieval.filters.understanding import matching, narrowed, understood
from retrieval.index.articles import ArticleStore
from retrieval.index.collection import Collection
from retrieval.index.generations import Generations
from retrieval.questions.question import read_question
from retrieval.search import search
from tests.fakes import FakeEmbedder
from tests.small import reload

TODAY = datetime.date(2025, 6, 18)
EMBEDDER = FakeEmbedder()
ARTICLES = {
    "lanterns.md": """---
title: 灯会照亮柳溪河两岸
column: 夜色
byline: 本报记者 沈亦舟 通讯员 陆小满
date: 2025-03-05
source: 河湾日报
page: "01"
---

柳溪河边挂起了800盏花灯。
""",
    "ferry.md": """---
title: 老渡口添了“新船”
column: 《水乡夜色》
byline: 周远山
date: 2024-07-12
source: 《青石晚报》
page: A3
---

青石渡口的新船能坐60人。
""",
    "tea.md": """---
title: 茶农学会了网上卖茶
byline: 河湾日报全媒体记者 叶知秋 摄
date: 2025-03-20
source: 河湾日报
page: 第3版
---

雾岭的茶农今年卖出2吨春茶。
""",
    "letter.md": """---
title: 果园来信
kicker: 丰收时节
---

果园今年收了80吨苹果。
""",
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    root = tmp_path_factory.mktemp("filters")
    opened = collection_of(root, ARTICLES)
    yield opened
    opened.close()


def collection_of(root: Path, articles: dict[str, str]) -> Collection:
    (root / "articles").mkdir()
    for name, text in articles.items():
        (root / "articles" / name).write_text(text, "utf-8")
    reload(root / "articles", root / "data", EMBEDDER)
    generations = Generations(root / "data")
    live = generations.require_live()
    return Collection(generations.folder(live), generations.manifest(live))


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def days(first: str, last: str | None = None) -> Filter:
    return Filter(first=day(first), last=day(last or first))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("去年7月的报道里说新船能坐多少人?", days("2024-07-01", "2024-07-31")),
        ("去年七月的新聞說了什麼?", days("2024-07-01", "2024-07-31")),
        ("2025年3月发表的文章提到多少盏花灯?", days("2025-03-01", "2025-03-31")),
        ("3月5日刊登的灯会报道里有多少盏灯?", days("2025-03-05")),
        ("3月5日见报的那篇说了什么?", days("2025-03-05")),
        ("3月5日的报纸讲了什么灯会?", days("2025-03-05")),
        ("3月5日报道的灯会有多少盏灯?", days("2025-03-05")),
        ("刊登于2025年3月20日的茶农报道", days("2025-03-20")),
        ("上周的报道有哪些?", days("2025-06-09", "2025-06-15")),
        ("昨天的报纸说了什么?", days("2025-06-17")),
        ("3月5日那天的报纸登了什么?", days("2025-03-05")),
        ("3月1日至3月10日的报道", days("2025-03-01", "2025-03-10")),
        ("2024年以前的报道提到过渡口吗?", Filter(last=day("2023-12-31"))),
        ("3月5日登的讲了什么?", days("2025-03-05")),
        ("3月5日登的报道讲了什么?", days("2025-03-05")),
        ("3月5日登在头版的是什么?", Filter(day("2025-03-05"), day("2025-03-05"), page="1")),
        ("3月有哪些报道?", days("2025-03-01", "2025-03-31")),
        ("三月份都登了哪些報導?", days("2025-03-01", "2025-03-31")),
        ("3月都报道了什么?", days("2025-03-01", "2025-03-31")),
        ("哪些文章是3月发表的?", days("2025-03-01", "2025-03-31")),
        ("3月有哪些关于茶农的报道?", days("2025-03-01", "2025-03-31")),
        ("2025年3月5日以后有哪些报道?", Filter(first=day("2025-03-06"))),
        ("周远山写了什么?", Filter(byline="周远山")),
        ("周遠山寫過哪篇報道?", Filter(byline="周远山")),
        ("有哪些报道是沈亦舟写的?", Filter(byline="沈亦舟")),
        ("周远山和沈亦舟写了哪些报道?", Filter(byline="周远山、沈亦舟")),
        ("周遠山與沈亦舟分別寫了哪些報導?", Filter(byline="周远山、沈亦舟")),
        ("有哪些报道是周远山、陆小满和沈亦舟写的?", Filter(byline="周远山、陆小满、沈亦舟")),
        ("周远山和沈亦舟写的报道里有什么?", Filter(byline="周远山、沈亦舟")),
        ("周远山参与了哪些报道?", Filter(byline="周远山")),
        ("叶知秋拍过哪些报道的照片?", Filter(byline="叶知秋")),
        ("第3版说了些什么?", Filter(page="3")),
        ("第三版講了什麼?", Filter(page="3")),
        ("第3版的照片是谁拍的?", Filter(page="3")),
        ("河湾日报有哪些报道?", Filter(source="河湾日报")),
        ("第3版有什么新闻?", Filter(page="3")),
        ("夜色栏目有哪些报道?", Filter(column="夜色")),
        ("《夜色》欄目登了什麼?", Filter(column="夜色")),
        ("《水乡夜色》栏目有哪些文章?", Filter(column="水乡夜色")),
        ("水乡夜色专栏的报道说新船能坐多少人?", Filter(column="水乡夜色")),
        ("栏目《夜色》登了哪些文章?", Filter(column="夜色")),
        (
            "河湾日报夜色栏目3月有哪些报道?",
            Filter(day("2025-03-01"), day("2025-03-31"), source="河湾日报", column="夜色"),
        ),
        ("3版有哪些文章?", Filter(page="3")),
        ("头版有什么?", Filter(page="1")),
        (
            "河湾日报3月头版有哪些报道?",
            Filter(day("2025-03-01"), day("2025-03-31"), source="河湾日报", page="1"),
        ),
        (
            "去年7月周远山写了哪些报道?",
            Filter(day("2024-07-01"), day("2024-07-31"), byline="周远山"),
        ),
        ("What articles came out in July 2024?", days("2024-07-01", "2024-07-31")),
        ("What did Zhou Yuanshan write?", Filter(byline="周远山")),
        ("articles from last week about lanterns", days("2025-06-09", "2025-06-15")),
        (
            "Which article published in March 2025 mentions tea?",
            days("2025-03-01", "2025-03-31"),
        ),
        ("What did last month's newspaper say about tea?", days("2025-05-01", "2025-05-31")),
        ("周远山写的报道里新船能坐多少人?", Filter(byline="周远山")),
        ("周遠山采寫的渡口新船能坐多少人?", Filter(byline="周远山")),
        ("记者沈亦舟的文章提到多少盏花灯?", Filter(byline="沈亦舟")),
        ("沈亦舟报道的灯会挂了多少盏花灯?", Filter(byline="沈亦舟")),
        ("叶知秋拍的照片里有什么?", Filter(byline="叶知秋")),
        ("How many people fit in the article by Zhou Yuanshan?", Filter(byline="周远山")),
        ("the story written by Yuanshan Zhou", Filter(byline="周远山")),
        ("《河湾日报》的报道里卖出多少春茶?", Filter(source="河湾日报")),
        ("河湾日报报道了多少盏花灯?", Filter(source="河湾日报")),
        ("据河湾日报报道,茶农卖出了多少茶?", Filter(source="河湾日报")),
        ("头版的文章说了什么?", Filter(page="1")),
        ("第3版的文章说了什么?", Filter(page="3")),
        ("第三版的报道说了什么?", Filter(page="3")),
        ("登在A3版的文章说了什么?", Filter(page="a3")),
        ("What does the article on page 3 say?", Filter(page="3")),
        ("What does the front-page story say?", Filter(page="1")),
        ("《灯会照亮柳溪河两岸》这篇报道里有多少盏灯?", Filter(title="灯会照亮柳溪河两岸")),
        ("“果园来信”那篇文章说收了多少苹果?", Filter(title="果园来信")),
        ("《老渡口添了“新船”》一文说了什么?", Filter(title="老渡口添了新船")),
        ("题为“茶农学会了网上卖茶”的报道说了什么?", Filter(title="茶农学会了网上卖茶")),
        ("《丰收时节 果园来信》这篇报道说了什么?", Filter(title="果园来信")),
        ("“茶农网上卖茶”这篇稿子是谁写的?", Filter(title="茶农学会了网上卖茶")),
        ("《网上卖茶》这篇报道说了什么?", Filter(title="茶农学会了网上卖茶")),
        ("《灯会,照亮柳溪河两岸!》这篇讲了什么?", Filter(title="灯会照亮柳溪河两岸")),
        ("《红楼梦》这篇文章是谁写的?", Filter(title="红楼梦")),
        (
            "3月5日《河湾日报》头版的报道说了什么?",
            Filter(day("2025-03-05"), day("2025-03-05"), source="河湾日报", page="1"),
        ),
    ],
)
def test_words_about_publication_are_understood(
    collection: Collection, question: str, expected: Filter
) -> None:
    assert understood(read_question(question, TODAY), collection.articles) == expected


@pytest.mark.parametrize(
    "question",
    [
        "3月5日发生了什么?",
        "去年7月的活动有多少人参加?",
        "2024年排名第几?",
        "2025年3月举办的灯会有多少盏灯?",
        "3月5日的新闻发布会上说了什么?",
        "去年7月发表的讲话强调了什么?",
        "2024年发布的白皮书说了什么?",
        "2023年出版的小说是谁写的?",
        "去年7月的消息人士是谁?",
        "关于去年7月的报道有哪些?",
        "回顾去年7月的报道是哪篇?",
        "去年的文章征集活动收到多少稿件?",
        "提到去年7月的报道有哪些?",
        "有哪些关于去年7月的报道?",
        "有哪些采访周远山的照片?",
        "有哪些报道提到周远山?",
        "3月和5月有哪些报道?",
        "周远山和王五写了哪些报道?",
        "3月5日有什么?",
        "3月5日登山的有谁?",
        "3月5日登的山有多高?",
        "3月5日登的这座山有多高?",
        "3月5日登的是什么山?",
        "3月5日登记了多少人?",
        "3月5日登上雪峰的新闻人物是谁?",
        "3月5日登机的旅客说了什么消息?",
        "近年来的报道怎么说?",
        "最近的报道说了什么?",
        "今年以来收了多少苹果?",
        "2024年新闻奖给了谁?",
        "3月5日和3月6日的报道有什么不同?",
        "图书馆那篇报道是谁写的?",
        "这篇报道是什么时候发表的?",
        "老桥那篇报道登在第几版?",
        "灯会登在哪家报纸?",
        "周远山是谁?",
        "周远山写的小说叫什么?",
        "关于周远山的报道有哪些?",
        "张三写的报道说了什么?",
        "谁写的文章?",
        "河湾日报社在哪里?",
        "关于河湾日报的报道",
        "《江城日报》的报道里有什么?",
        "《红楼梦》那篇文章是谁写的?",
        "《红楼梦》是谁写的?",
        "夜色栏目的主持人是谁?",
        "给《夜色》栏目写信的是谁?",
        "科技栏目有哪些报道?",
        "夜色里有哪些报道?",
        "鲁迅在《药》这篇文章里写了谁?",
        "校长在《新楼启用》一文中说了什么?",
        "《背影》这篇课文讲了什么?",
        "题为《新时代》的讲话说了什么?",
        "《渡口》这篇报道讲了什么?",
        "《丰收时节》这篇报道讲了什么?",
        "《江城日报》报道了什么?",
        "《现代汉语词典》第3版收了多少字?",
        "第3版教材什么时候用?",
        "《现代汉语词典》第3版讲了什么?",
        "周远山参与了哪些活动?",
        "他登上了哪家报纸的头版?",
        "果园来信说收了多少苹果?",
        "“新船”能坐多少人?",
        "“花灯”那篇报道说了什么?",
        "What happened in March 2025?",
        "How many people came last week?",
        "Which book was published in 2024?",
        "When was the article published?",
        "Who is Zhou Yuanshan?",
        "Which novel was written by Zhou Yuanshan?",
        "What is on page 3 of the law?",
        "",
        "???",
    ],
)
def test_words_about_events_are_no_filter(collection: Collection, question: str) -> None:
    assert understood(read_question(question, TODAY), collection.articles) is None


@pytest.mark.parametrize(
    "question",
    [
        "《白石镇小学新楼启用》这篇报道讲了什么?",
        "《白石鎮小學新樓啟用》這篇報導講了什麼?",
        "《白石镇小学新楼启用》一文讲了什么?",
        "《白石镇小学新楼启用》这篇讲了什么?",
        "《白石镇小学新楼启用》那篇文章是谁写的?",
        "《白石镇小学新楼启用》这条新闻是哪天登的?",
        "〈白石鎮小學新樓啟用〉這則消息說了什麼?",
        "「白石鎮小學新樓啟用」這篇報導講了什麼?",
        "记者在《白石镇小学新楼启用》这篇报道里说了什么?",
        "题为《白石镇小学新楼启用》的报道讲了什么?",
        "报道《白石镇小学新楼启用》讲了什么?",
        "这篇报道《白石镇小学新楼启用》讲了什么?",
    ],
)
def test_a_title_that_no_article_has_matches_none(collection: Collection, question: str) -> None:
    found = narrowed(read_question(question, TODAY), collection.articles)
    assert found.chunks == frozenset()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (days("2025-03-01", "2025-03-31"), {"lanterns.md", "tea.md"}),
        (days("2025-03-05"), {"lanterns.md"}),
        (Filter(first=day("2025-03-06")), {"tea.md"}),
        (Filter(last=day("2025-03-05")), {"lanterns.md", "ferry.md"}),
        (days("2020-01-01"), set()),
        (Filter(byline="陆小满"), {"lanterns.md"}),
        (Filter(byline="小满"), set()),
        (Filter(byline="陆小满、叶知秋"), {"lanterns.md", "tea.md"}),
        (Filter(source="河湾日报"), {"lanterns.md", "tea.md"}),
        (Filter(page="1"), {"lanterns.md"}),
        (Filter(page="3"), {"tea.md"}),
        (Filter(page="a3"), {"ferry.md"}),
        (Filter(page="3", source="《青石晚报》"), {"ferry.md"}),
        (Filter(page="a1"), set()),
        (Filter(page="b3"), set()),
        (Filter(column="夜色"), {"lanterns.md"}),
        (Filter(column="水乡夜色"), {"ferry.md"}),
        (Filter(title="果园来信"), {"letter.md"}),
        (Filter(source="河湾日报", page="3"), {"tea.md"}),
        (Filter(), set(ARTICLES)),
    ],
)
def test_all_that_a_filter_names_must_match(
    collection: Collection, wanted: Filter, expected: set[str]
) -> None:
    ordinals = matching(wanted, collection.articles)
    chunks = collection.articles.chunks(sorted(ordinals))
    assert {chunk.article_id for chunk in chunks.values()} == expected


def test_what_is_searched_for_is_said_without_the_words_of_the_filter(
    collection: Collection,
) -> None:
    asked = read_question("去年7月的报道里说新船能坐多少人?", TODAY)
    found = narrowed(asked, collection.articles)
    assert found.asked.text == found.asked.folded == "里说新船能坐多少人?"
    assert found.asked.kinds == asked.kinds
    assert found.chunks is not None
    vector = EMBEDDER.embed_query(found.asked.text)
    passages = search(collection, found.asked, vector, 10, among=found.chunks)
    assert [one.chunk.article_id for one in passages] == ["ferry.md"]


@pytest.mark.parametrize(
    "question",
    ["去年7月的报道说了什么?", "2020年的报道里花灯有多少?", "“网上卖茶”这篇报道出自哪位记者?"],
)
def test_a_question_that_says_nothing_else_or_matches_nothing_stays_whole(
    collection: Collection, question: str
) -> None:
    asked = read_question(question, TODAY)
    found = narrowed(asked, collection.articles)
    assert found.asked == asked
    assert found.chunks is not None


@pytest.mark.parametrize(
    ("pages", "named", "expected"),
    [
        (("3", "A5"), "3", {"3"}),
        (("3", "A5"), "a3", set()),
        (("3", "A5"), "5", {"A5"}),
        (("A03", "A5"), "3", {"A03"}),
        (("03版", "5"), "a3", {"03版"}),
        (("03版", "A03版"), "a3", {"A03版"}),
        (("03版", "A03版"), "3", {"03版"}),
        (("1", "A01", "头版"), "1", {"1", "A01", "头版"}),
        (("1", "A01"), "a1", {"A01"}),
        (("B3", "3"), "b3", {"B3"}),
    ],
)
def test_a_page_of_the_main_section_is_meant_by_its_number_where_there_is_no_other(
    tmp_path: Path, pages: tuple[str, ...], named: str, expected: set[str]
) -> None:
    articles = {
        f"{number}.md": f'---\ntitle: 灯会之{number}\npage: "{page}"\n---\n\n第{number}盏灯亮了。\n'
        for number, page in enumerate(pages)
    }
    opened = collection_of(tmp_path, articles)
    try:
        chunks = opened.articles.chunks(sorted(matching(Filter(page=named), opened.articles)))
        stored = opened.articles.articles([chunk.article_id for chunk in chunks.values()])
        assert {article.page for article in stored.values()} == expected
    finally:
        opened.close()


def test_no_day_is_understood_where_no_article_has_one(tmp_path: Path) -> None:
    opened = collection_of(tmp_path, {"letter.md": ARTICLES["letter.md"]})
    try:
        articles: ArticleStore = opened.articles
        assert understood(read_question("去年7月的报道说了什么?", TODAY), articles) is None
        assert understood(read_question("头版的文章说了什么?", TODAY), articles) is None
    finally:
        opened.close()
