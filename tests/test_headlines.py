"""Questions which articles there are, answered by their headlines."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.answering.answerer import Answerer
from retrieval.embedding import LocalEmbedder
from retrieval.types import Article, Field
from tests.fakes import FakeEmbedder
from tests.small import answering, reload, stored

EMBEDDER = LocalEmbedder()
DAY = datetime.date(2024, 12, 1)
_COPIED = (
    "雾岭茶场今年秋天卖出2吨茶叶。茶农们学会了在网上开店,足不出户就能接到订单。"
    "茶场还请来摄影师,替每家茶农拍了照片。"
)
ARTICLES = {
    "bridge": ("老桥修好了", "周远山", "2024-09-03", "河湾日报", "1", "柳溪村的石桥花46万元修好。"),
    "ferry": ("渡口添了新船", "记者周远山", "2024-09-24", "青石晚报", "3", "新船能坐60人。"),
    "choir": (
        "合唱团的夜晚",
        "本报记者 沈亦舟 通讯员 陆小满",
        "2024-09-24",
        "河湾日报",
        "A3",
        "合唱团的志愿者每晚练歌。",
    ),
    "tea": ("茶农上网卖茶", "叶知秋", "2024-11-01", "河湾日报", "1", f"本报讯 {_COPIED}"),
    "tea-copy": ("雾岭茶香", "", "2024-11-02", "青石晚报", "2", f"新华社雾岭电 {_COPIED}"),
    "hill": ("登山队员回来了", "沈亦舟", "2024-11-08", "青石晚报", "3", "队员5月登上了雪峰。"),
    "untitled": ("", "周远山", "2024-11-20", "河湾日报", "2", "果园收了80吨苹果。果农很高兴。"),
    "undated": ("纸伞匠人", "", "", "", "", "匠人陈守一做了一辈子纸伞。"),
}
TITLES = {name: title or "果园收了80吨苹果。" for name, (title, *_) in ARTICLES.items()}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("headlines")
    (root / "articles").mkdir()
    for name, (title, byline, date, source, page, text) in ARTICLES.items():
        front = f'title: "{title}"\nbyline: {byline}\nsource: {source}\npage: "{page}"'
        front += f"\ndate: {date}" if date else ""
        (root / "articles" / f"{name}.md").write_text(f"---\n{front}\n---\n\n{text}\n", "utf-8")
    reload(root / "articles", root / "data", EMBEDDER)
    return root / "data"


@pytest.fixture(scope="module")
def articles(data_dir: Path) -> dict[str, Article]:
    return stored(data_dir)


@pytest.fixture(scope="module")
def answerer(data_dir: Path) -> Iterator[Answerer]:
    with answering(data_dir, EMBEDDER, DAY) as made:
        yield made


SEPTEMBER = "choir ferry bridge"
NOVEMBER = "untitled hill tea-copy"
NOVEMBER_2 = "untitled tea-copy"
BY_ZHOU = "untitled ferry bridge"
ALL = f"{NOVEMBER} {SEPTEMBER} undated"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("9月的报道有哪些", SEPTEMBER),
        ("9月有哪些报道？", SEPTEMBER),
        ("九月份的新聞都有哪些?", SEPTEMBER),
        ("請列出九月的報導", SEPTEMBER),
        ("9月都报道了什么?", SEPTEMBER),
        ("9月的报道", SEPTEMBER),
        ("哪些文章是9月发表的?", SEPTEMBER),
        ("我想看2024年9月的新闻", SEPTEMBER),
        ("9月有报道吗?", SEPTEMBER),
        ("2024年11月发表了哪些文章", NOVEMBER),
        ("上个月有什么新闻?", NOVEMBER),
        ("11月8日以后有哪些报道?", "untitled"),
        ("第3版有什么新闻", "hill ferry"),
        ("A3版有什么新闻", "choir"),
        ("河湾日报第3版有什么新闻", "choir"),
        ("头版都有哪些文章?", "tea bridge"),
        ("头版讲了什么?", "tea bridge"),
        ("第2版说了些什么?", NOVEMBER_2),
        ("第二版講了些什麼", NOVEMBER_2),
        ("第2版主要讲的是什么?", NOVEMBER_2),
        ("第2版的内容是什么?", NOVEMBER_2),
        ("最新的报道是哪篇?", "untitled"),
        ("最新的報導是哪一篇", "untitled"),
        ("最近的一篇报道是什么?", "untitled"),
        ("青石晚报最新的一篇报道是哪篇?", "hill"),
        ("Which is the latest article?", "untitled"),
        ("9月24日第3版登了什么?", "ferry"),
        ("青石晚报有哪些报道", "hill tea-copy ferry"),
        ("《河湾日报》11月都登了哪些文章?", "untitled tea"),
        ("9月河湾日报有哪些报道", "choir bridge"),
        ("有哪些报道", ALL),
        ("最近有什么新闻?", ALL),
        ("所有报道的标题", ALL),
        ("9月有哪些关于志愿者的报道", "choir"),
        ("关于石桥的报道有哪些?", "bridge"),
        ("哪些报道提到了石桥?", "bridge"),
        ("有没有关于茶农的新闻?", "tea-copy"),
        ("青石晚报11月登了哪些关于茶的文章?", "tea-copy"),
        ("9月登的关于石桥的报道有哪些?", "bridge"),
        ("9月的文章标题是什么?", SEPTEMBER),
        ("9月的报道清单", SEPTEMBER),
        ("which articles are from September 2024", SEPTEMBER),
        ("List the articles published in November 2024.", NOVEMBER),
        ("What news do you have from September 2024?", SEPTEMBER),
        ("What stories are on the front page?", "tea bridge"),
        ("Show me all articles", ALL),
    ],
)
async def test_articles_are_listed_by_their_headlines(
    answerer: Answerer, articles: dict[str, Article], question: str, expected: str
) -> None:
    await check_list(answerer, articles, question, expected.split())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("记者周远山写了哪些报道", BY_ZHOU),
        ("周远山写过什么?", BY_ZHOU),
        ("周遠山寫過哪篇報道?", BY_ZHOU),
        ("周远山的报道有哪些?", BY_ZHOU),
        ("有哪些文章是周远山写的?", BY_ZHOU),
        ("周远山9月写了哪些报道?", "ferry bridge"),
        ("周远山写的关于石桥的报道有哪些?", "bridge"),
        ("周远山写了哪些关于石桥的报道?", "bridge"),
        ("通讯员陆小满写过哪些稿件?", "choir"),
        ("沈亦舟有哪些作品?", "hill choir"),
        ("沈亦舟参与了哪些报道?", "hill choir"),
        ("沈亦舟參與採寫過哪些報導?", "hill choir"),
        ("沈亦舟拍过哪些照片?", "hill choir"),
        ("沈亦舟拍过哪些报道的照片?", "hill choir"),
        ("沈亦舟拍的照片有哪些?", "hill choir"),
        ("沈亦舟为哪些报道拍了照片?", "hill choir"),
        ("哪些照片是沈亦舟拍的?", "hill choir"),
        ("What articles did Zhou Yuanshan write?", BY_ZHOU),
        ("Which stories has Shen Yizhou written?", "hill choir"),
    ],
)
async def test_all_that_somebody_wrote_is_listed(
    answerer: Answerer, articles: dict[str, Article], question: str, expected: str
) -> None:
    await check_list(answerer, articles, question, expected.split())


async def check_list(
    answerer: Answerer, articles: dict[str, Article], question: str, expected: list[str]
) -> None:
    """The headlines of these articles, in this order, each a line with its own citation."""
    answer = await answerer.answer(question)
    lines = [f"{TITLES[name]}[{number}]" for number, name in enumerate(expected, start=1)]
    assert answer.text.splitlines() == lines
    assert [one.article_id for one in answer.citations] == [f"{name}.md" for name in expected]
    for one in answer.citations:
        article = articles[one.article_id]
        assert one.field == ("title" if article.title else "text")
        assert getattr(article, one.field)[one.start : one.end] == one.quote


@pytest.mark.parametrize(
    "question",
    [
        "10月有哪些报道?",
        "第9版有什么新闻?",
        "A02版有哪些报道?",
        "9月有哪些关于火箭的报道?",
        "江城日报有哪些报道?",
        "9月和11月有哪些报道?",
        "记者王五写了哪些报道?",
        "王五写过什么?",
        "王五寫了哪些文章?",
        "记者陈守一写了哪些报道?",
        "有多少篇报道?",
        "10月的报道是谁写的?",
        "周远山和王五写了哪些报道?",
        "王五参与了哪些报道?",
        "哪些记者写了报道?",
        "Which articles did Li Ming write?",
        "Which articles are from October 2024?",
    ],
)
async def test_articles_that_there_are_not_are_not_listed(
    answerer: Answerer, question: str
) -> None:
    answer = await answerer.answer(question)
    assert answer.refused, answer.text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("9月的报道里新船能坐多少人?", "60人"),
        ("合唱团有哪些志愿者?", "志愿者"),
        ("9月24日登的报道里新船能坐多少人?", "60人"),
        ("队员几月登上的雪峰?", "5月"),
        ("报道里队员几月登山?", "5月"),
    ],
)
async def test_what_the_articles_say_is_quoted_and_not_listed(
    answerer: Answerer, question: str, words: str
) -> None:
    answer = await answerer.answer(question)
    assert words in answer.text
    assert {one.field for one in answer.citations} == {"text"}


@pytest.mark.parametrize(
    "question",
    [
        "老桥那篇报道是什么时候登的报?",
        "老桥修好了是哪天登的?",
        "《老桥修好了》何时见的报?",
        "老橋那篇文章是幾號的報紙上的?",
    ],
)
async def test_the_day_of_an_article_is_told(answerer: Answerer, question: str) -> None:
    answer = await answerer.answer(question)
    assert answer.text == "2024-09-03[1]"
    assert [one.field for one in answer.citations] == ["date"]


@pytest.mark.parametrize(
    ("question", "field", "expected"),
    [
        ("9月的报道是谁写的?", "byline", SEPTEMBER),
        ("頭版的文章是誰寫的?", "byline", "tea bridge"),
        ("头版的文章作者有哪些?", "byline", "tea bridge"),
        ("周远山跟叶知秋各写了哪些报道?", "byline", "untitled tea ferry bridge"),
        ("周远山和叶知秋分别写了哪些报道?", "byline", "untitled tea ferry bridge"),
        ("葉知秋、沈亦舟寫了哪些報導?", "byline", "hill tea choir"),
        ("周远山写的文章登在哪家报纸?", "source", BY_ZHOU),
        ("头版的文章是哪天登的?", "date", "tea bridge"),
    ],
)
async def test_a_field_is_told_of_each_article_that_is_meant(
    answerer: Answerer,
    articles: dict[str, Article],
    question: str,
    field: Field,
    expected: str,
) -> None:
    answer = await answerer.answer(question)
    names = expected.split()
    values = [getattr(articles[f"{name}.md"], field) for name in names]
    lines = [line.split("[")[0] for line in answer.text.splitlines()]
    assert lines == [f"{TITLES[name]}：{value}" for name, value in zip(names, values, strict=True)]
    assert [one.quote for one in answer.citations if one.field == field] == values


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("周远山写的石桥报道登在哪版?", "page"),
        ("周远山是谁?", "title"),
    ],
)
async def test_an_author_is_shown_only_to_who_asks_for_one(
    answerer: Answerer, question: str, field: str
) -> None:
    answer = await answerer.answer(question)
    assert answer.citations[0].field == field


@pytest.mark.parametrize("question", ["周远山为什么写这篇报道?", "周远山的报道怎么样?"])
async def test_an_author_does_not_answer_why(answerer: Answerer, question: str) -> None:
    answer = await answerer.answer(question)
    assert "byline" not in {one.field for one in answer.citations}


async def test_a_column_is_told_and_cited(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    for name, title, column in (
        ("oars", "划船队夺冠", "体育"),
        ("kites", "风筝飞上天", "《乡间》"),
    ):
        front = f"title: {title}\ncolumn: {column}"
        text = f"---\n{front}\n---\n\n{title},大家都来看。\n"
        (tmp_path / "articles" / f"{name}.md").write_text(text, "utf-8")
    reload(tmp_path / "articles", tmp_path / "data", EMBEDDER)
    with answering(tmp_path / "data", EMBEDDER, DAY) as made:
        one = await made.answer("风筝那篇报道属于哪个栏目?")
        named = await made.answer("《划船队夺冠》这篇报道登在哪个栏目?")
        listed = await made.answer("乡间栏目有哪些报道?")
    assert one.text == "《乡间》[1]"
    assert named.text == "体育[1]"
    assert listed.text == "风筝飞上天[1]"
    assert [(one.citations[0].field, one.citations[0].quote)] == [("column", "《乡间》")]


async def test_at_most_ten_are_listed_the_newest_first(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    for number in range(1, 13):
        front = f"title: 第{number}回\ndate: 2024-05-{number:02}"
        text = "".join(chr(0x4E00 + number * 40 + offset) for offset in range(40))
        (tmp_path / "articles" / f"{number:02}.md").write_text(f"---\n{front}\n---\n\n{text}。\n")
    embedder = FakeEmbedder()
    reload(tmp_path / "articles", tmp_path / "data", embedder)
    with answering(tmp_path / "data", embedder, DAY) as made:
        answer = await made.answer("5月有哪些报道?")
    assert [one.quote for one in answer.citations] == [f"第{at}回" for at in range(12, 2, -1)]
