"""A model's text, cut into claims while it streams."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.claims import Claim, ClaimReader, read_claims


def pieces(*texts: str) -> list[list[Claim]]:
    reader = ClaimReader()
    return [*(reader.feed(text) for text in texts), reader.finish()]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("甲有20家[1]。", [("甲有20家。", (1,))]),
        ("甲有20家。[1][3]乙有3家。[2]", [("甲有20家。", (1, 3)), ("乙有3家。", (2,))]),
        ("甲有20家。 [1, 3] 乙有3家【2】。", [("甲有20家。", (1, 3)), ("乙有3家。", (2,))]),
        ("甲有20家。[^1]", [("甲有20家。", (1,))]),
        ("- **甲**有20家 [1]\n2. 乙有3家 ［2］", [("甲有20家", (1,)), ("乙有3家", (2,))]),
        ("# 甲\n见[名单](http://x.example/a)[1]。", [("甲", ()), ("见名单。", (1,))]),
        (
            "It has 6 lanes ![lanes](https://x.example/p?u=1) [1].",
            [("It has 6 lanes lanes.", (1,))],
        ),
        ("详情见 tg://resolve?domain=x [1]。", [("详情见 tg://resolve\ue000domain=x。", (1,))]),
        *(
            (f"甲有20家{mark}。", [("甲有20家。", numbers)])
            for mark, numbers in {
                "（1）": (1,),
                "(1)": (1,),
                "¹": (1,),
                "①": (1,),
                "[来源1]": (1,),
                "[来源：1]": (1,),
                "[段落1]": (1,),
                "〔1〕": (1,),
                "{1}": (1,),
                "[#1]": (1,),
                "[1;2]": (1, 2),
                "[1-3]": (1, 2, 3),
                "[1–2]": (1, 2),
                "[1]~[3]": (1, 2, 3),
                "[1]、[3]": (1, 3),
                "[-1]": (1,),
                r"\[1\]": (1,),
                "[1](http://evil.example)": (1,),
                "[[1]](http://evil.example)": (1,),
                "（见[1]）": (1,),
                "(来源：[1])": (1,),
                "[passage 1]": (1,),
                "【1†source】": (1,),
                "[citation:1]": (1,),
                "<sup>1</sup>": (1,),
            }.items()
        ),
        ("（1）甲有20家[2]。", [("（1）甲有20家。", (2,))]),
        ("甲（2025）有20家[2]。", [("甲（2025）有20家。", (2,))]),
        ("甲有20家[1] 乙有3家[2] 丙有", [("甲有20家", (1,)), ("乙有3家", (2,)), ("丙有", ())]),
        ("The alliance [1] has 20 [2].", [("The alliance has 20.", (1, 2))]),
        ("> 回答：甲有20家[1]。", [("甲有20家。", (1,))]),
        ("| 甲 | 20家 | [1] |\n|---|---|", [("甲 20家", (1,))]),
        ("\ud83d甲\x00有\u202e20\u200b家[1]。", [("\ufffd甲有20家。", (1,))]),
        ("他说：“好。很好。”[1]", [("他说：“好。很好。”", (1,))]),
        ("“好。”他说。[1]“行。”", [("“好。”他说。", (1,)), ("“行。”", ())]),
        (
            "It costs 3.5 yuan [1]. It is new. [2]",
            [("It costs 3.5 yuan.", (1,)), ("It is new.", (2,))],
        ),
        ("[1][2]", []),
        ("。。。[1]", []),
        ("甲[99999999999999999999]。", [("甲。", ())]),
    ],
)
def test_sentences_with_their_numbers(text: str, claims: list[tuple[str, tuple[int, ...]]]) -> None:
    assert [(one.text, one.numbers) for one in read_claims(text)] == claims
    letters = ClaimReader()
    streamed = [claim for letter in text for claim in letters.feed(letter)]
    assert [*streamed, *letters.finish()] == read_claims(text)


def test_a_sentence_is_given_out_when_the_next_begins() -> None:
    first, second, third, last = pieces("甲有20家。", "[1", "]乙有")
    assert (first, second) == ([], [])
    assert third == [Claim("甲有20家。", (1,))]
    assert last == [Claim("乙有", ())]


def test_a_sentence_with_its_marks_need_not_be_waited_for() -> None:
    reader = ClaimReader()
    assert (reader.feed("甲有20家。"), reader.is_settled) == ([], False)
    assert (reader.feed("[1]"), reader.is_settled) == ([], True)
    assert reader.settle() == [Claim("甲有20家。", (1,))]
    assert reader.feed("[") == reader.feed("2]") == reader.feed(" [3") == []
    assert (reader.feed("]乙有3家[2]。"), reader.is_settled) == ([], True)
    assert reader.settle() == [Claim("乙有3家。", (2,))]
    assert reader.finish() == []


def test_an_open_quotation_is_waited_for() -> None:
    reader = ClaimReader()
    reader.feed("他说：“甲有20家[1]。")
    assert not reader.is_settled


SENTENCES = (
    "甲有20家[1]。",
    "乙有3.5万名（2025年）。[2][3]",
    "他说：“好。很好。”[2]",
    "“行。”他说[3]。",
    "见![名](http://x.example/a?b=1)[1]。",
    "It has 3.5 [1]. ",
    "\n- **丙**有3家 [2]\n",
    "《丁》！[来源1]",
    "戊……[1-3]\n",
)
WORDS = "甲有 ![名](u) 20家 。 “ ” （ ） [1] 3.5 他说 ！ [2][3] It 《 》 …… “行。”".split()


def cut(text: str, lengths: list[int]) -> list[Claim]:
    """The claims of a text that comes in pieces of these lengths, again and again."""
    reader = ClaimReader()
    claims: list[Claim] = []
    for length in itertools.cycle(lengths):
        if not text:
            return [*claims, *reader.finish()]
        claims += reader.feed(text[:length])
        text = text[length:]
    raise AssertionError


@given(
    st.lists(st.sampled_from(SENTENCES), max_size=8),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
)
def test_how_the_text_is_cut_does_not_matter(sentences: list[str], lengths: list[int]) -> None:
    text = "".join(sentences)
    assert cut(text, lengths) == read_claims(text)


@given(
    st.lists(st.sampled_from([*WORDS, " ", "\n", "- ", ". "]), max_size=30),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
)
def test_nothing_is_lost_of_any_text(words: list[str], lengths: list[int]) -> None:
    def letters(claims: list[Claim]) -> str:
        return "".join(letter for one in claims for letter in one.text if letter.isalnum())

    text = "".join(words)
    assert letters(cut(text, lengths)) == letters(read_claims(text))
