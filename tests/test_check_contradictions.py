"""What a passage denies, turns round or leaves open is not said of it."""

import pytest

from retrieval.types import Article
from tests.checked import quotes, source, supported


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("村委会没有批准采砂申请。", "村委会批准了采砂申请。"),
        ("村委会批准了采砂申请。", "村委会没有批准采砂申请。"),
        ("村委会批准了采砂申请。", "村委会驳回了采砂申请。"),
        ("茶园今年的产量比往年增长两成。", "茶园今年的产量比往年下降两成。"),
        ("茶园今年的产量高于往年。", "茶园今年的产量低于往年。"),
        ("落选并不等于失败。", "落选就等于失败。"),
        ("报名费可以免除，参观免费。", "参观需要收费。"),
        ("龙舟赛上，河东队战胜了河西队。", "龙舟赛上，河西队战胜了河东队。"),
        ("课堂由“单向讲授”变成了“双向问答”。", "课堂由“双向问答”变成了“单向讲授”。"),
        ("列车由东山开往西岭。", "列车由西岭开往东山。"),
        ("茶厂计划在河边建一座仓库。", "茶厂已经在河边建成一座仓库。"),
        ("评上先进的人可能会得到奖金。", "评上先进的人必然会得到奖金。"),
        ("茶会在上午举行。", "茶会在傍晚举行。"),
        ("茶农每月开一次会。", "茶农每周开一次会。"),
        ("全部16间教室都已修好。", "16间教室没有全部修好。"),
        ("读者程秋写信来问，专家罗敏作了回答。", "读者罗敏写信来问。"),
    ],
)
def test_the_contrary_is_dropped(text: str, claim: str) -> None:
    assert supported(claim, source(Article("a.md", "", text))) is None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("村委会没有批准采砂申请。", "采砂申请没有得到村委会批准。"),
        ("落选并不等于失败。", "落选并不意味着失败。"),
        ("来喝茶的不少是老人。", "来喝茶的有不少是老人。"),
        ("茶园不仅产茶，还办民宿。", "茶园产茶，也办民宿。"),
        ("办好茶厂，离不开规矩。", "茶厂要办好，离不开规矩。"),
        ("茶厂拒绝了这笔订单。", "茶厂没有接受这笔订单。"),
        ("茶园不再使用农药，而是采用生物防治。", "茶园采用生物防治，取代了农药。"),
        ("茶厂计划在河边建一座仓库。", "茶厂计划在河边建仓库。"),
        ("该不该评奖，并没有标准答案。", "该不该评奖没有标准答案。"),
        ("龙舟赛上，河东队战胜了河西队。", "河西队在龙舟赛上被河东队战胜。"),
        ("茶园今年的产量比往年增长两成。", "茶园今年增产20%。"),
    ],
)
def test_the_same_in_other_words_is_kept(text: str, claim: str) -> None:
    assert quotes(supported(claim, source(Article("a.md", "", text)))) == [text]


TEA = source(Article("tea.md", "", "镇里选派150名技术员到茶园，他们每天记录数据。"))
ASKED = "镇里选派了500名技术员到茶园吗?"


@pytest.mark.parametrize(
    "claim",
    [
        "镇里选派的不是500名，而是150名技术员。",
        "镇里选派了150名技术员到茶园，而不是500名。",
        "报道没有说500名，说的是150名技术员。",
    ],
)
def test_a_false_premise_may_be_denied(claim: str) -> None:
    assert quotes(supported(claim, TEA, question=ASKED)) == [
        "镇里选派150名技术员到茶园，他们每天记录数据。"
    ]


@pytest.mark.parametrize(
    ("claim", "question"),
    [
        ("镇里选派的不是600名，而是150名技术员。", ASKED),
        ("镇里选派的不是500名，而是180名技术员。", ASKED),
        ("镇里选派的不是500名，而是150名技术员。", ""),
        ("镇里选派的不是150名技术员。", "镇里选派了150名技术员吗?"),
        ("报道没有说500名。", ASKED),
    ],
)
def test_what_is_denied_must_be_of_the_question_and_the_rest_of_the_passage(
    claim: str, question: str
) -> None:
    assert supported(claim, TEA, question=question) is None


def test_a_contradiction_of_the_cited_passage_is_not_cited_to_another() -> None:
    denying = source(Article("a.md", "", "村委会没有批准采砂申请。"))
    other = source(Article("b.md", "", "去年村委会批准了采砂申请。"))
    assert supported("村委会批准了采砂申请。", denying, other) is None


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("The town sent 150 technicians to the tea gardens.", True),
        ("The town sent one hundred and sixty technicians to the tea gardens.", False),
        ("The town did not send 150 technicians to the tea gardens.", False),
        ("The town sent 150 technicians to the tea gardens, not 500.", True),
    ],
)
def test_english_claims_are_held_against_chinese_passages(claim: str, holds: bool) -> None:
    asked = "Did the town send 500 technicians to the tea gardens?"
    assert (supported(claim, TEA, question=asked) is not None) == holds
