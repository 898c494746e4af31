"""Questions that ask for a field of an article, and those about what it says that do not."""

import pytest

from retrieval.questions.question import read_question


@pytest.mark.parametrize(
    "question",
    [
        "这篇报道是什么时候登的报?",
        "这篇报道是什么时候发表的?",
        "修桥那篇报道哪天登的",
        "修桥的報導何時見的報?",
        "果园那篇文章是几号的报纸上的",
        "那则消息什么时候上的报?",
        "老桥的消息几月几号登的报?",
        "修桥的事是哪天的报纸登的?",
        "老桥修好了是哪天登的?",
        "《老桥修好了》何时见的报",
        "“老桥修好了”发表于哪一天?",
        "关于《老桥》的文章是哪一天出的",
        "那条新闻是什么时候发的?",
        "这篇稿子刊登的日期",
        "文章发表时间",
        "When was the article about the bridge published?",
    ],
)
def test_the_day_of_an_article_is_asked_for(question: str) -> None:
    assert read_question(question).field == "date"


@pytest.mark.parametrize(
    "question",
    [
        "队员什么时候登山?",
        "报道里队员什么时候登的山?",
        "那篇报道说队员哪天登上了雪峰?",
        "这座山他哪天登的?",
        "他们何时攀登雪峰?",
        "旅客什么时候登机?",
        "报道里说旅客什么时候登机?",
        "居民什么时候登记的?",
        "文章里居民是几号登记的?",
        "他哪天登上了头版?",
        "新闻里台风何时登陆?",
        "文章里说他何时登门拜访?",
        "茶场什么时候刊登的广告?",
        "报道中的灯会是什么时候发生的?",
        "消息说比赛几号报名?",
        "新闻发布会是哪天开的?",
        "新船的发布时间是什么时候?",
        "镇长什么时候发表讲话?",
        "他的小说什么时候出版?",
        "2024年11月发表了哪些文章?",
    ],
)
def test_days_of_what_happened_are_none_of_an_article(question: str) -> None:
    assert read_question(question).field != "date"


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("记者张三写过什么?", "byline"),
        ("张三写了哪些报道?", "byline"),
        ("記者張三寫了哪些文章?", "byline"),
        ("记者在信里写了什么?", None),
        ("张三参与采写了哪些报道?", "byline"),
        ("镇长写了什么?", None),
        ("镇长参与了哪些活动?", None),
        ("9月有哪些报道?", None),
    ],
)
def test_what_a_reporter_wrote_is_known_by_bylines(question: str, field: str | None) -> None:
    assert read_question(question).field == field


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("修桥那篇报道属于哪个栏目?", "column"),
        ("《老桥修好了》這篇報導屬於哪個專欄?", "column"),
        ("《老桥修好了》登在哪个栏目?", "column"),
        ("修桥的消息是什么栏目的?", "column"),
        ("哪个栏目刊登了修桥的消息?", "column"),
        ("修桥那篇报道的栏目是什么?", "column"),
        ("Which column is the article about the bridge in?", "column"),
        ("他主持哪个栏目?", None),
        ("电视台哪个栏目最受欢迎?", None),
        ("给专栏写信的是谁?", None),
        ("体育栏目有哪些报道?", None),
    ],
)
def test_the_column_of_an_article_is_asked_for(question: str, field: str | None) -> None:
    assert read_question(question).field == field
