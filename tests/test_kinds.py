"""What questions ask for, and what sentences hold."""

import pytest

from retrieval.folding import fold
from retrieval.questions.kinds import Kind, asked_kinds, find_held, holds
from retrieval.questions.question import asked_for, is_chinese, read_question


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("东城区有多少名党员?", {Kind.PEOPLE}),
        ("活动来了多少旅客?", {Kind.PEOPLE}),
        ("建立了多少个党员责任区?", {Kind.NUMBER}),
        ("門票多少錢?", {Kind.MONEY}),
        ("多久要有回应?", {Kind.DURATION}),
        ("多久办一回读书会?", {Kind.FREQUENCY, Kind.DURATION}),
        ("活动几点开始?", {Kind.CLOCK, Kind.NUMBER} - {Kind.NUMBER}),
        ("他今年多大年纪?", {Kind.AGE}),
        ("一周年纪念活动在哪里举行?", {Kind.PLACE}),
        ("占比是多少?", {Kind.SHARE}),
        ("答复率有多高?", {Kind.SHARE}),
        ("面馆每天卖多少碗面?", {Kind.NUMBER}),
        ("排名第几?", {Kind.RANK}),
        ("哪年建成的?", {Kind.DATE}),
        ("面积有多大?", {Kind.AREA, Kind.MEASURE}),
        ("石桥有多长?", {Kind.LENGTH}),
        ("用了多少吨钢材?", {Kind.WEIGHT}),
        ("下了多少毫米的雨?", {Kind.LENGTH}),
        ("他有多高兴?", {Kind.ANY}),
        ("王新民是谁?", {Kind.ANY}),
        ("村主任是谁?", {Kind.PERSON, Kind.NAMED}),
        ("谁是厂长?", {Kind.PERSON, Kind.NAMED}),
        ("为什么要测量?", {Kind.REASON}),
        ("有哪些功能区?", {Kind.LIST}),
        ("how many people came?", {Kind.PEOPLE}),
        ("How many vanguard posts were set up?", {Kind.NUMBER}),
        ("How much does it cost?", {Kind.MONEY}),
        ("When was it built?", {Kind.DATE}),
        ("厂长叫什么名字?", {Kind.PERSON, Kind.NAMED}),
        ("记者姓什么?", {Kind.PERSON, Kind.NAMED}),
        ("这条街叫什么名字?", {Kind.PERSON}),
        ("校长是什么时候上任的?", {Kind.DATE}),
        ("在哪些方面有进展?", {Kind.LIST}),
        ("在展馆能看到哪些书?", {Kind.LIST}),
        ("他在哪工作?", {Kind.PLACE}),
        ("口号是哪几句?", {Kind.LIST}),
        ("车停的那几分钟里要做什么?", {Kind.ANY}),
        ("给了什么评价?", {Kind.ANY}),
        ("门票价格是多少?", {Kind.MONEY}),
        ("利率下调了多少个基点?", {Kind.SHARE}),
        ("它好看吗?", {Kind.ANY}),
        ("", {Kind.ANY}),
    ],
)
def test_kinds_asked_for(question: str, kinds: set[Kind]) -> None:
    assert set(asked_kinds(fold(question))) == kinds


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("现有党员10万余名。", Kind.PEOPLE),
        ("花了三十五万元。", Kind.MONEY),
        ("接件答复率达到100%。", Kind.SHARE),
        ("石桥长38米。", Kind.MEASURE),
        ("网格在2小时内处理。", Kind.DURATION),
        ("每月举办读书会。", Kind.FREQUENCY),
        ("傍晚六点多开讲。", Kind.CLOCK),
        ("建于1932年。", Kind.DATE),
        ("周五晚发生。", Kind.DATE),
        ("冬至那天正午没有影子。", Kind.DATE),
        ("段长王新民介绍。", Kind.NAMED),
        ("位居全市第一。", Kind.RANK),
        ("副书记刘正欣说。", Kind.PERSON),
        ("操作工小刘坐上了新座椅。", Kind.PERSON),
        ("在北山街道举办。", Kind.PLACE),
        ("因为天气很好。", Kind.REASON),
        ("有书屋、餐厅。", Kind.LIST),
        ("随便什么。", Kind.ANY),
    ],
)
def test_kinds_held(sentence: str, kind: Kind) -> None:
    assert holds(fold(sentence), kind)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("社区居民在集市上置办年货。", Kind.PEOPLE),
        ("早餐营养丰富。", Kind.MONEY),
        ("搭起桥梁6对。", Kind.MEASURE),
        ("工会很忙。", Kind.FREQUENCY),
        ("春天来了。", Kind.AGE),
    ],
)
def test_kinds_not_held(sentence: str, kind: Kind) -> None:
    assert not holds(fold(sentence), kind)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("这篇报道是谁写的?", "byline"),
        ("《红领志愿暖寒冬》谁拍的", "byline"),
        ("Who took the photo?", "byline"),
        ("这条新闻的标题叫什么?", "title"),
        ("文章是什么时候发表的?", "date"),
        ("登在第几版?", "page"),
        ("哪家报纸登的?", "source"),
        ("这篇报道的引题是什么?", "kicker"),
        ("小说的作者是谁?", None),
        ("考试题目由谁拟定?", None),
        ("大桥的资金来源是什么?", None),
        ("谁是厂长?", None),
        ("活动什么时候开始?", None),
        ("记者参观了什么?", None),
    ],
)
def test_fields_asked_for(question: str, field: str | None) -> None:
    assert read_question(question).field == field


def test_the_word_after_which_names_what_is_asked_for() -> None:
    assert "城市" in asked_for("暖冬集市在哪个城市举办?")


@pytest.mark.parametrize(
    ("text", "chinese"),
    [("东城区", True), ("Who?", False), ("D122/3次列车", True), ("APP 是什么", True), ("😀", True)],
)
def test_the_language_is_told_by_its_letters(text: str, chinese: bool) -> None:
    assert is_chinese(text) is chinese


@pytest.mark.parametrize(
    ("sentence", "kind", "named"),
    [
        ("这是村里的一项创新。", Kind.NUMBER, False),
        ("办了两起案件。", Kind.NUMBER, True),
        ("电话:5550123。", Kind.NUMBER, True),
        ("它在唐朝建成。", Kind.DATE, True),
        ("石匠把桥修好了。", Kind.DATE, False),
        ("铁路公寓段的党员来了。", Kind.NAMED, False),
        ("厂长常文海说。", Kind.NAMED, True),
        ("弗里德里希·席勒来了。", Kind.NAMED, True),
    ],
)
def test_a_sentence_names_a_thing_of_the_kind(sentence: str, kind: Kind, named: bool) -> None:
    assert bool(find_held(fold(sentence), [kind], "")) is named
