"""The check between a chat model's text and the reader."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from retrieval.answering.checking import Checker, Source
from retrieval.answering.claims import read_claims
from retrieval.answering.statements import Statement, compose
from retrieval.index.articles import article_version
from retrieval.types import Article, Evidence, Vectors
from tests.checked import EMBEDDER, source

ZIBO = Article(
    "zibo.md",
    "让服务看得见",
    "城南社区联合工会主动联系了20家机构，组成“社区合伙人”联盟。职工之家面积有3000平方米。"
    "网格在2小时内快速处理。现有党员10万余名。",
    byline="本报记者 田国奎",
    date="2025-03-05",
)
JILIN = Article(
    "jilin.md", "共赢圈", "炼油厂党委副书记刘正欣作了部署。吉林石化搭起厂级共建桥梁6对。"
)
DATED = Article(
    "dated.md",
    "石桥修好了",
    "石桥3月2日修好通车。工程去年7月开工。石桥节4月5日至8日举行。参加石桥节的村民占五成。"
    "增长百分之五的是游客。石桥建于一九三二年。",
    date="2025-03-05",
)
UNDATED = Article("undated.md", "石桥修好了", "石桥3月2日修好通车。")
SOURCES = [source(ZIBO), source(JILIN)]


DATED_SOURCES = [source(DATED), source(UNDATED)]


def check(text: str, sources: Sequence[Source], embed: Callable[[str], Vectors]) -> list[Statement]:
    checker = Checker(sources, embed)
    return [one for one in map(checker.check, read_claims(text)) if one is not None]


def checked(text: str) -> list[Statement]:
    return check(text, SOURCES, EMBEDDER.embed_query)


def quotes(text: str) -> list[str]:
    return [one.quote for statement in checked(text) for one in statement.evidence]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("联盟里有20家机构[1]。", "城南社区联合工会主动联系了20家机构，组成“社区合伙人”联盟。"),
        ("联盟里有二十家机构。[1]", "城南社区联合工会主动联系了20家机构，组成“社区合伙人”联盟。"),
        ("职工之家有3,000平方米 [1]", "职工之家面积有3000平方米。"),
        ("职工之家有三千平方米【1】。", "职工之家面积有3000平方米。"),
        ("聯盟裡有20家機構[1]。", "城南社区联合工会主动联系了20家机构，组成“社区合伙人”联盟。"),
        ("党员有十余万名[1]。", "现有党员10万余名。"),
        ("刘正欣是炼油厂党委副书记[2]。", "炼油厂党委副书记刘正欣作了部署。"),
        ("- **6对**厂级共建桥梁 [2]", "吉林石化搭起厂级共建桥梁6对。"),
        ("本报记者田国奎报道了城南社区联合工会[1]。", "本报记者 田国奎"),
        ("2025年3月5日报道：联盟里有20家机构[1]。", "2025-03-05"),
        ("On 5 March 2025 the paper said the alliance has 20 partners [1].", "2025-03-05"),
        ("The alliance has 20 partners [1].", None),
        ("The deputy secretary is Liu Zhengxin and he took part [2].", None),
        ("联盟里有[20家机构](http://evil.example)[1]。", None),
        ("Liu Zhengxin (刘正欣) is a deputy secretary [2].", None),
    ],
)
def test_a_supported_sentence_is_kept_with_the_words_it_rests_on(
    text: str, quote: str | None
) -> None:
    found = quotes(text)
    assert len(found) >= 1
    if quote:
        assert quote in found


@pytest.mark.parametrize(
    "text",
    [
        "联盟里有30家机构[1]。",
        "联盟里有30家机构。",
        "联盟里有30家机构[3]。",
        "职工之家有5000平方米[1]。",
        "网格在两天零3小时内处理[1]。",
        "党员有10亿余名[1]。",
        "王正欣是炼油厂党委副书记[2]。",
        "杭州的联盟里有20家机构[1]。",
        "“邻里中心”联盟里有20家机构[1]。",
        "The alliance has 200 partners [1].",
        "The moon is made of cheese [1].",
        "It was opened by Mao Zedong in Shanghai [1].",
        "职工之家有五千平方米[1]。",
        "职工之家有3000公里[1]。",
        "网格在20小时内快速处理[1]。",
        "联盟里有20家机构，详见http://evil.example[1]。",
        "Liu Zhengxin (刘正新) is a deputy secretary [2].",
        "月亮绕着地球转，太阳很远[1]。",
        "[1]",
        "",
        "[1][2][3]",
        "。。。[1]",
    ],
)
def test_an_unsupported_sentence_is_dropped(text: str) -> None:
    assert checked(text) == []


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("石桥2025年3月2日修好通车[1]。", "石桥3月2日修好通车。"),
        ("石桥3月2日修好通车[1]。", "石桥3月2日修好通车。"),
        ("石桥三月二日修好通车[1]。", "石桥3月2日修好通车。"),
        ("石桥2025年3月修好通车[1]。", "石桥3月2日修好通车。"),
        ("石桥2025年修好通车[1]。", "石桥3月2日修好通车。"),
        ("工程2024年7月开工[1]。", "工程去年7月开工。"),
        ("工程去年7月开工[1]。", "工程去年7月开工。"),
        ("石桥节4月5日举行[1]。", "石桥节4月5日至8日举行。"),
        ("石桥节4月5日至8日举行[1]。", "石桥节4月5日至8日举行。"),
        ("参加石桥节的村民占50%[1]。", "参加石桥节的村民占五成。"),
        ("游客增长5%[1]。", "增长百分之五的是游客。"),
        ("石桥建于1932年[1]。", "石桥建于一九三二年。"),
        ("石桥3月2日修好通车[2]。", "石桥3月2日修好通车。"),
        ("石桥3月2日修好通车[1][2]。", "石桥3月2日修好通车。"),
    ],
)
def test_a_date_or_share_agrees_in_every_spelling(text: str, quote: str) -> None:
    (statement,) = check(text, DATED_SOURCES, EMBEDDER.embed_query)
    assert quote in [one.quote for one in statement.evidence]


@pytest.mark.parametrize(
    "text",
    [
        "石桥2024年3月2日修好通车[1]。",
        "石桥2025年3月3日修好通车[1]。",
        "石桥2024年3月修好通车[1]。",
        "工程2025年7月开工[1]。",
        "石桥节4月5日至9日举行[1]。",
        "石桥节2023年举行[1]。",
        "参加石桥节的村民占40%[1]。",
        "石桥建于1923年[1]。",
    ],
)
def test_another_date_or_share_is_dropped(text: str) -> None:
    assert check(text, DATED_SOURCES, EMBEDDER.embed_query) == []


def test_only_the_sentences_that_hold_are_left() -> None:
    text = "联盟里有20家机构。[1]职工之家有5000平方米。[1]吉林石化搭起厂级共建桥梁6对。[2]"
    assert [one.text for one in checked(text)] == [
        "联盟里有20家机构。",
        "吉林石化搭起厂级共建桥梁6对。",
    ]


def test_a_mark_that_points_nowhere_is_dropped_and_the_valid_one_stays() -> None:
    (statement,) = checked("联盟里有20家机构[7][1]。")
    assert [one.article.id for one in statement.evidence] == ["zibo.md"]


@pytest.mark.parametrize(
    "marks", ["", "[0]", "[3]", "[2]", "[99999999999999999999]", "[2][7]"], ids=repr
)
def test_a_sentence_with_no_or_the_wrong_mark_is_cited_where_it_stands(marks: str) -> None:
    (statement,) = checked(f"联盟里有20家机构{marks}。")
    assert [one.article.id for one in statement.evidence] == ["zibo.md"]


def test_a_day_is_cited_from_the_article_that_tells_its_year() -> None:
    (statement,) = check("石桥2025年3月2日修好通车[2]。", DATED_SOURCES, EMBEDDER.embed_query)
    assert [one.article.id for one in statement.evidence] == ["dated.md"]


def test_figures_may_be_spread_over_two_sources() -> None:
    (statement,) = checked("联盟有20家机构，吉林石化搭起桥梁6对[1][2]。")
    assert [one.article.id for one in statement.evidence] == ["zibo.md", "jilin.md"]


def test_every_quote_is_cut_from_the_article() -> None:
    for statement in checked("联盟里有20家机构[1]。\n厂级共建桥梁有6对[2]。"):
        for evidence in statement.evidence:
            text = getattr(evidence.article, evidence.field)
            assert text[evidence.start : evidence.end] == evidence.quote != ""


def test_the_other_language_is_aligned_by_meaning() -> None:
    asked: list[str] = []

    def embed(text: str) -> Vectors:
        asked.append(text)
        return np.asarray(SOURCES[0].vectors[2])

    (statement,) = check("The grid answers within 2 hours [1].", SOURCES, embed)
    assert statement.evidence[0].quote == "网格在2小时内快速处理。"
    assert asked == ["The grid answers within 2 hours."]


def test_citations_are_numbered_by_first_use_and_shared() -> None:
    first = Evidence(ZIBO, "text", 0, 10)
    second = Evidence(JILIN, "text", 0, 10)
    text, citations = compose(
        [Statement("甲", (second,)), Statement("乙", (first, second)), Statement("丙", (first,))]
    )
    assert text == "甲[1]\n乙[2][1]\n丙[2]"
    assert [(one.number, one.article_id) for one in citations] == [(1, "jilin.md"), (2, "zibo.md")]


def test_marks_in_an_article_cannot_be_taken_for_ours() -> None:
    article = Article("a.md", "", "见[3]和 [12] 。")
    text, citations = compose([Statement(article.text, (Evidence(article, "text", 0, 10),))])
    assert text == "见［3］和 ［12］ 。[1]"
    assert citations[0].quote == "见[3]和 [12]"


def test_a_citation_has_the_address_and_the_version_of_its_article() -> None:
    article = Article("a.md", "渡口", "渡口每天开八班船。", url="https://example.org/ferry")
    _, (citation,) = compose([Statement("每天八班船。", (Evidence(article, "text", 0, 9),))])
    assert citation.url == "https://example.org/ferry"
    assert citation.version == article_version(article)
    changed = dataclasses.replace(article, page="4")
    assert article_version(changed) != citation.version
    assert len(citation.version) == 8
