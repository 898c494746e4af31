"""Who did it, who said it, and what English words must have of a Chinese passage."""

import pytest

from retrieval.types import Article
from tests.checked import source, supported


def holds(text: str, claim: str) -> bool:
    return supported(claim, source(Article("a.md", "", text))) is not None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("不合格的摊位会被及时清退。", "不合格的摊位会被消防大队及时清退。"),
        ("渔船被货轮撞翻。", "货轮被渔船撞翻。"),
        ("茶园比果园大。", "果园比茶园大。"),
        ("挪威指出，渔船在风浪中严重受损。", "丹麦指出，渔船在风浪中严重受损。"),
        ("湖南读者黎蔷来信说，茶会又要开始了。", "湖南读者苑荻来信说，茶会又要开始了。"),
    ],
)
def test_what_another_one_did_or_said_is_dropped(text: str, claim: str) -> None:
    assert not holds(text, claim)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("不合格的摊位会被及时清退。", "不合格的摊位会被清退。"),
        ("古镇几乎被山火全部烧毁。", "古镇几乎被全部烧毁。"),
        ("渔船被货轮撞翻。", "货轮撞翻了渔船。"),
        ("挪威指出，渔船在风浪中严重受损。", "挪威表示，渔船在风浪中严重受损。"),
        ("警方逮捕了头目。他名叫阿卜杜 卡里姆。", "警方逮捕了名叫阿卜杜·卡里姆的头目。"),
        ("县法院一审后渔民上诉。二审判决维持原判。", "二审法院维持原判。"),
    ],
)
def test_what_they_did_or_said_is_kept(text: str, claim: str) -> None:
    assert holds(text, claim)


@pytest.mark.parametrize(
    ("claim", "kept"),
    [
        ("The Interior Minister said the storm damaged 20 boats.", True),
        ("The Defence Minister said the storm damaged 20 boats.", False),
        ("The Prime Minister said the storm damaged 20 boats.", False),
        ("On Friday the Interior Minister said the storm damaged 20 boats.", False),
    ],
)
def test_english_offices_and_days_are_those_of_the_passage(claim: str, kept: bool) -> None:
    assert holds("内政部长说，风暴损坏了20艘渔船。", claim) is kept
