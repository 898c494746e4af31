"""What of an answer becomes the requirement of a golden question."""

import datetime

import pytest

from bot.desk.golden import golden_id, golden_of
from bot.store import KeptAnswer
from retrieval.evaluation import is_passed
from retrieval.types import Citation, Field

ASKED_AT = datetime.datetime(2026, 3, 5, 17, 30, tzinfo=datetime.UTC)


def cited(*quotes: str, field: Field = "text", article_id: str = "ferry.md") -> list[Citation]:
    return [
        Citation(number, article_id, "渡船", "", "", "", field, 0, len(quote), quote)
        for number, quote in enumerate(quotes, start=1)
    ]


def kept(
    question: str, citations: list[Citation], text: str | None = None, *, refused: bool = False
) -> KeptAnswer:
    said = "\n".join(f"{one.quote}[{one.number}]" for one in citations) if text is None else text
    return KeptAnswer(question, question, said, refused, tuple(citations), ASKED_AT)


@pytest.mark.parametrize(
    ("question", "quotes", "require"),
    [
        ("渡船每天开几班?", ["芦苇湾的渡船每天开16班。"], (("16班",),)),
        ("湾里有多少户人家?", ["全湾共有2347户人家。"], (("2347",),)),
        ("湾里有多少户人家?", ["全湾共有三百余户人家。"], (("三百余户", "300余户"),)),
        ("渡口的面积有多大?", ["渡口占地120亩，有3个码头。"], (("120亩",),)),
        ("渡船票卖了多少张?", ["去年有8艘船，卖了9.5万张渡船票。"], (("9.5万张", "95000张"),)),
        ("渡口什么时候重开?", ["渡口在2026年4月8日重开。"], (("2026年4月8日", "2026-04-08"),)),
        ("渡船的满意率有多高?", ["乘客满意率达到97%。"], (("97%",),)),
        (
            "渡口有哪些服务?",
            ["渡口的服务有行李寄存、自行车租借、夜间照明等。"],
            (("行李寄存",), ("自行车租借",), ("夜间照明",)),
        ),
    ],
)
def test_what_is_asked_for_is_required(
    question: str, quotes: list[str], require: tuple[tuple[str, ...], ...]
) -> None:
    assert golden_of(kept(question, cited(*quotes)), "UTC").require == require


def test_where_nothing_tells_words_that_are_not_the_questions_are_required() -> None:
    golden = golden_of(kept("渡船为什么停开?", cited("渡船停开，因为河面结了厚冰。")), "UTC")
    (group,) = golden.require
    assert any("河面" in one or "冰" in one for one in group)


def test_names_of_a_byline_are_required_one_by_one() -> None:
    quoted = cited("本报记者 丁小满 通讯员 白露", field="byline")
    assert golden_of(kept("渡船那篇报道是谁写的?", quoted), "UTC").require == (
        ("丁小满",),
        ("白露",),
    )


def test_a_figure_that_a_model_wrote_otherwise_counts() -> None:
    answer = kept("渡船票卖了多少张?", cited("卖了95,000张渡船票。"), "卖了 9.5 万张。[1]")
    golden = golden_of(answer, "UTC")
    assert is_passed(golden, answer)


def test_an_answer_in_another_language_is_right_by_its_citation() -> None:
    answer = kept("Why did the ferry stop?", cited("渡船停开，因为河面结冰。"), "It froze. [1]")
    golden = golden_of(answer, "UTC")
    assert (golden.article_id, golden.require) == ("ferry.md", ())
    assert is_passed(golden, answer)


@pytest.mark.parametrize("quotes", [[], ["渡船每天开16班。"]])
def test_a_refusal_is_the_right_answer(quotes: list[str]) -> None:
    answer = kept("船长多大年纪?", cited(*quotes), "文章里没有。", refused=True)
    golden = golden_of(answer, "UTC")
    assert (golden.article_id, golden.require) == (None, ())


@pytest.mark.parametrize(
    ("question", "timezone", "day"),
    [
        ("昨天渡船停了吗?", "UTC", datetime.date(2026, 3, 5)),
        ("昨天渡船停了吗?", "Asia/Shanghai", datetime.date(2026, 3, 6)),
        ("3月2日渡船停了吗?", "UTC", datetime.date(2026, 3, 5)),
        ("2026年3月2日渡船停了吗?", "UTC", None),
        ("渡船每天开几班?", "UTC", None),
        ("Did the ferry stop last week?", "UTC", datetime.date(2026, 3, 5)),
    ],
)
def test_the_day_belongs_to_what_is_counted_from_it(
    question: str, timezone: str, day: datetime.date | None
) -> None:
    assert golden_of(kept(question, cited("渡船停了。")), timezone).asked_at == day


def test_the_question_is_the_one_that_was_looked_up() -> None:
    answer = KeptAnswer("几班?", "渡船每天开几班?", "", True, (), ASKED_AT)
    assert golden_of(answer, "UTC").question == "渡船每天开几班?"
    assert golden_of(answer, "UTC").id == golden_id("渡船每天开几班?")


@pytest.mark.parametrize(
    "quote", ["", "。", "　", "\ud800", "《》", "x" * 5_000, "、、、", "1" * 60]
)
def test_any_quotation_makes_a_question_that_passes(quote: str) -> None:
    for question in ("渡船有哪些?", "渡船多少钱?", "谁开船?", "when?"):
        answer = kept(question, cited(quote))
        assert is_passed(golden_of(answer, "UTC"), answer)
