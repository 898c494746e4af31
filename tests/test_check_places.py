"""A figure, date or name of a claim has to stand in the passage where the claim puts it."""

import pytest

from retrieval.types import Article
from tests.checked import quotes, source, supported

HARBOUR = source(
    Article(
        "harbour.md",
        "青云港扩建码头",
        "青云港去年共设立值班岗38个、流动服务站46个。港口先后组建了10支抢修队和12个宣讲小组。"
        "调度员陈立新负责夜间排班，维修班长周海燕负责吊车保养。"
        "港口1998年建成渡轮码头，2016年建成货运码头。"
        "渡轮在南岸停靠6分钟，工人要在6分钟里检查16个舱门。"
        "港口联合会与20家企业结成“蓝湾伙伴”联盟。医务室为36家商户的员工体检。"
        "夜校开设“海图课”，周末还有“浪花剧社”的演出。货轮B206/7由青云港开往云台港。",
        date="2025-03-05",
    )
)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("港口设立了46个流动服务站。", "青云港去年共设立值班岗38个、流动服务站46个。"),
        (
            "流动服务站有四十六个，值班岗有三十八个。",
            "青云港去年共设立值班岗38个、流动服务站46个。",
        ),
        (
            "港口组建了10支抢修队、12个宣讲小组。",
            "港口先后组建了10支抢修队和12个宣讲小组。",
        ),
        (
            "负责夜间排班的是调度员陈立新。",
            "调度员陈立新负责夜间排班，维修班长周海燕负责吊车保养。",
        ),
        ("2016年，港口建成货运码头。", "港口1998年建成渡轮码头，2016年建成货运码头。"),
        ("工人6分钟内要检查16个舱门。", "渡轮在南岸停靠6分钟，工人要在6分钟里检查16个舱门。"),
        ("20家企业加入了“蓝湾伙伴”联盟。", "港口联合会与20家企业结成“蓝湾伙伴”联盟。"),
        ("货轮B206/7从青云港开往云台港。", "货轮B206/7由青云港开往云台港。"),
    ],
)
def test_what_stands_in_its_place_is_quoted(claim: str, quote: str) -> None:
    assert quotes(supported(claim, HARBOUR)) == [quote]


@pytest.mark.parametrize(
    "claim",
    [
        "港口设立了38个流动服务站。",
        "港口设立了46个值班岗、38个流动服务站。",
        "港口组建了12支抢修队和10个宣讲小组。",
        "负责夜间排班的是周海燕。",
        "陈立新负责吊车保养。",
        "1998年，港口建成货运码头。",
        "工人要在16分钟里检查6个舱门。",
        "36家企业结成“蓝湾伙伴”联盟。",
        "渡轮在南岸停靠6小时。",
        "夜校开设“浪花剧社”。",
        "货轮B207/7由青云港开往云台港。",
        "货轮B206/7由云台港开往青云港。",
        "港口联合会与20家企业结成“蓝海伙伴”联盟。",
        "调度员陈立心负责夜间排班。",
        "东门港去年设立值班岗38个。",
    ],
)
def test_what_stands_in_another_place_or_nowhere_is_dropped(claim: str) -> None:
    assert supported(claim, HARBOUR) is None


def test_a_claim_from_two_sentences_is_quoted_from_both() -> None:
    claim = "港口与20家企业结成“蓝湾伙伴”联盟，工人要在6分钟里检查16个舱门。"
    assert quotes(supported(claim, HARBOUR)) == [
        "渡轮在南岸停靠6分钟，工人要在6分钟里检查16个舱门。港口联合会与20家企业结成“蓝湾伙伴”联盟。"
    ]


def test_sentences_apart_are_two_quotes() -> None:
    claim = "青云港设立值班岗38个，医务室为36家商户的员工体检。"
    assert sorted(quotes(supported(claim, HARBOUR))) == [
        "医务室为36家商户的员工体检。",
        "青云港去年共设立值班岗38个、流动服务站46个。",
    ]


def test_of_a_long_sentence_the_clauses_that_hold_the_claim_are_quoted() -> None:
    long = (
        "这座老港口经历了风浪，" * 12
        + "新来的调度员把码头的灯全部换成了节能灯，一共换了420盏，"
        + "港湾里的老船长们都说夜里看得更清楚了，" * 6
        + "大家很高兴。"
    )
    (quote,) = quotes(supported("调度员一共换了420盏节能灯。", source(Article("a.md", "", long))))
    assert quote == "新来的调度员把码头的灯全部换成了节能灯，一共换了420盏"


@pytest.mark.parametrize(
    ("text", "claim", "holds"),
    [
        ("港口现有职工3547人。", "港口有职工3,547人。", True),
        ("港口现有职工十余万人。", "港口有职工10万多人。", True),
        ("近2万名旅客乘船过江。", "近两万名旅客乘船过江。", True),
        ("近2万名旅客乘船过江。", "超过2万名旅客乘船过江。", False),
        ("旅客的满意率达到100%。", "旅客满意率为百分之百。", True),
        ("旅客的满意率达到100%。", "旅客满意率为98%。", False),
        ("港口每年评一次先进班组。", "港口每年评1次先进班组。", True),
        ("渡轮下午6点30分起航。", "渡轮18时30分起航。", True),
        ("节能让成本降低三分之一。", "节能让成本降低三分之二。", False),
        ("港口名列全省第一。", "港口名列全省第二。", False),
        ("甲班、乙班和丙班轮流值守。", "甲班、乙班和丙班三个班轮流值守。", True),
        ("港务局等五部门发布通知。", "港务局等八部门发布通知。", False),
    ],
)
def test_figures_agree_in_every_spelling(text: str, claim: str, holds: bool) -> None:
    statement = supported(claim, source(Article("a.md", "", text)))
    assert (statement is not None) == holds


def test_a_short_answer_is_read_with_its_question() -> None:
    question = "有多少家企业加入了联盟?"
    assert quotes(supported("20家。", HARBOUR, question=question)) == [
        "港口联合会与20家企业结成“蓝湾伙伴”联盟。"
    ]
    assert supported("36家。", HARBOUR, question=question) is None
