"""Sentences and clauses: where they end, and that none of the text is lost between them."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.sentences import split_clauses, split_sentences
from retrieval.types import Span

ALPHABET = "字他说道Ab1 \n\t\r\u3000。！？!?….,，、；;：:“”‘’（）()《》「」【】\"'—"
texts = st.text(ALPHABET, max_size=60) | st.text(max_size=30)


def sentences(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


def clauses(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_clauses(text, Span(0, len(text)))]


@given(texts)
@settings(deadline=None, max_examples=300)
def test_nothing_but_white_space_lies_between_sentences(text: str) -> None:
    end = 0
    for span in split_sentences(text):
        assert end <= span.start < span.end <= len(text)
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@given(texts)
@settings(deadline=None, max_examples=200)
def test_sentences_have_no_white_space_around_them(text: str) -> None:
    assert all(sentence == sentence.strip() for sentence in sentences(text))


@given(texts)
@settings(deadline=None, max_examples=200)
def test_clauses_put_together_are_the_sentence(text: str) -> None:
    for span in split_sentences(text):
        pieces = split_clauses(text, span)
        assert all(piece.start < piece.end for piece in pieces)
        assert [span.start, *(piece.end for piece in pieces)] == [
            *(piece.start for piece in pieces),
            span.end,
        ]


@pytest.mark.parametrize(
    "parts",
    [
        ["甲说完了。", "乙也说完了！", "真的吗？", "好"],
        ["真的吗？！", "太好了！！！", "是的。"],
        ["He came. ", "She left! ", "Why? ", "So"],
        ["Hello world!", "Next one."],
        ["等等…… ", "他走了。"],
        ["Wait... ", "What?"],
        ["甲。\u3000\u3000", "乙。"],
    ],
)
def test_a_sentence_ends_at_its_mark(parts: list[str]) -> None:
    assert sentences("".join(parts)) == [part.strip() for part in parts]


@pytest.mark.parametrize(
    "parts",
    [
        ["他说：“来吧。”", "我去了。"],
        ["「好。」", "下句。"],
        ["（这是注。）", "正文。"],
        ["甲。）", "乙。"],
        ["“你说‘好。’”", "下句。"],
        ['He said "Go." ', "Then he left."],
        ["（见“附录。”）", "下句。"],
    ],
)
def test_closing_marks_stay_with_their_sentence(parts: list[str]) -> None:
    assert sentences("".join(parts)) == [part.strip() for part in parts]


@pytest.mark.parametrize(
    "parts",
    [
        ["“好。”他说。", "“行。”她说。"],
        ["“我们要把实事办好。”负责人王军介绍说。", "今年很好。"],
        ["“好！”工会主席感慨。", "下句。"],
        ["「好。」他說。", "下句。"],
    ],
)
def test_who_said_it_stays_with_the_quotation(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


def test_a_new_sentence_may_follow_a_quotation() -> None:
    assert sentences("“好。”会议随后结束。") == ["“好。”", "会议随后结束。"]


@pytest.mark.parametrize(
    "text",
    [
        "他说：“甲。乙！丙。”",
        "甲（乙。丙）丁。",
        "（甲。乙。）",
        "发布《怎么办？》一文。",
        "《你好！》是书。",
    ],
)
def test_a_short_quotation_bracket_or_title_is_not_cut(text: str) -> None:
    assert sentences(text) == [text]


def test_a_long_quotation_is_cut_at_the_sentences_inside_it() -> None:
    first, second = "“" + "甲" * 100 + "。", "乙" * 100 + "。”"
    assert sentences(first + second) == [first, second]


@pytest.mark.parametrize("text", ["“没有结尾。后面。", "（没有结尾。后面。", "没有开头。”后面。"])
def test_a_quotation_left_open_does_not_swallow_the_rest(text: str) -> None:
    assert sentences(text)[-1] == "后面。"


@pytest.mark.parametrize(
    "text",
    [
        "增长3.5%。",
        "Mr. Smith came.",
        "Dr. Li of St. Mary met Prof. Wu.",
        "The U.S. economy grew.",
        "Apples, pears etc. were sold.",
        "No. 5 is open.",
        "See e.g. the report.",
        "At www.example.com it is.",
        "他说……然后走了。",
        "“嗯……”他说。",
        "Wait...what",
        "Version 1.2.3 is out.",
    ],
)
def test_a_point_within_a_sentence_does_not_end_it(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    "text", ["1. 第一条。\n2. 第二条。", "1. First item.\n12. Second.", " 3. 甲。\n 4. 乙。"]
)
def test_the_number_of_a_list_item_stays_with_it(text: str) -> None:
    assert sentences(text) == [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize(
    "lines",
    [
        ["标题没有句号", "正文。"],
        ["A headline", "The text."],
        ["甲。", "", "乙。"],
        ["职工之家：", "", "乙。"],
        ["甲，\r", "乙。"],
    ],
)
def test_a_line_that_stands_alone_is_a_sentence(lines: list[str]) -> None:
    assert sentences("\n".join(lines)) == [line.strip() for line in lines if line]


@pytest.mark.parametrize("text", ["行一，\n行二。", "the line goes\non here.", "甲、\n乙、\n丙。"])
def test_a_line_that_goes_on_is_joined_with_the_next(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000\t"])
def test_white_space_holds_no_sentence(text: str) -> None:
    assert sentences(text) == []


@pytest.mark.parametrize(
    "parts",
    [
        ["甲，", "乙、", "丙；", "丁：", "戊。"],
        ["One, ", "two; ", "three: ", "four."],
        ["他说：", "“来，", "走，”", "就走。"],
        ["共1,000人，", "3:00开会，", "散会。"],
        ["，，", "甲，"],
        ["没有逗号"],
    ],
)
def test_a_clause_ends_at_a_comma_that_is_not_in_a_number(parts: list[str]) -> None:
    assert [clause.strip() for clause in clauses("".join(parts))] == [
        part.strip() for part in parts
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "字",
        "“",
        "（",
        "。",
        ".",
        "…",
        "”",
        '"',
        "“字",
        "“。",
        "。”",
        ".a",
        "，\n",
        "（“字。",
        "1. ",
    ],
)
@pytest.mark.parametrize("ending", ["", "a"])
def test_a_long_row_of_the_same_is_split(piece: str, ending: str) -> None:
    text = piece * (100_000 // len(piece)) + ending
    assert split_sentences(text)[-1].end == len(text.rstrip())


@pytest.mark.parametrize("text", ["“" * 10_000 + "字" * 10_000, "字，" * 9_000, "字" * 1_001])
def test_text_without_full_stops_is_cut_to_what_can_be_quoted(text: str) -> None:
    pieces = sentences(text)
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= 400


@pytest.mark.parametrize("piece", ["字", "，", "，”", "字，"])
def test_a_long_sentence_is_split_into_clauses(piece: str) -> None:
    assert "".join(clauses(piece * 100_000)) == piece * 100_000


@given(st.lists(st.sampled_from("“”‘’（）。字"), max_size=40).map("".join))
@example("‘“’”。")
@example("（“）”。")
@settings(deadline=None, max_examples=200)
def test_crossed_quotations_and_brackets_lose_nothing(text: str) -> None:
    assert "".join(sentences(text)) == text
