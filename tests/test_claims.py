"""A model's text, cut into claims while it streams."""

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


WORDS = ("甲有 ![名 ](u) 20家 。 “ ” （ ） [1] [ ] - 3.5 他说 ！ [2][3] It 《 》 ……").split()


@given(
    st.lists(st.sampled_from([*WORDS, " ", "\n", "- ", ". "]), max_size=30),
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
)
def test_how_the_text_is_cut_does_not_matter(words: list[str], lengths: list[int]) -> None:
    text = "".join(words)
    reader = ClaimReader()
    streamed: list[Claim] = []
    start = index = 0
    while start < len(text):
        end = start + lengths[index % len(lengths)]
        streamed += reader.feed(text[start:end])
        start, index = end, index + 1
    assert [*streamed, *reader.finish()] == read_claims(text)
