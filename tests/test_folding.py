"""Folding: one form for all spellings, and the way back to the original."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.folding import fold, fold_with_origins, is_traditional

any_text = st.text(st.characters(codec=None), max_size=40)
simplified_text = st.text("国家数据局发布通知，要求各地区。ABC abc１２３ﬁ①％（）\n", max_size=40)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("，（）％！", ",()%!"),
        ("ﾊﾞｵﾀﾞ", "ハ\u3099オタ\u3099"),
        ("ﬁﬂ㎡①½℃", "fiflm211⁄2°c"),
        ("Straße ÉCOLE", "straße école"),
        ("資料庫裡的後來", "资料库里的后来"),
        ("新碶街道", "新碶街道"),
        ("。“”《》", "。“”《》"),
        ("\u3000", " "),
        ("İ", "i\u0307"),
        ("", ""),
        ("a\x00國", "a\x00国"),
    ],
)
def test_spellings_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_full_and_half_width_traditional_and_simplified_fold_to_the_same() -> None:
    assert fold("ＧＤＰ增長３．５％，廣東") == fold("gdp增长3.5%,广东")


@pytest.mark.parametrize("text", ["\ud800", "國\udfff", "a\ud83d"])
def test_a_lone_surrogate_is_folded_to_one_storable_character(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert folded.encode()


@given(any_text)
@settings(deadline=None, max_examples=200)
def test_every_folded_character_has_its_origin_in_order(text: str) -> None:
    folded = fold_with_origins(text)
    assert folded.text == fold(text)
    assert len(folded.origins) == len(folded.text)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= origin < len(text) for origin in folded.origins)


@given(any_text.filter(bool))
@settings(deadline=None, max_examples=100)
def test_the_whole_folded_text_is_the_whole_original(text: str) -> None:
    folded = fold_with_origins(text)
    span = folded.original(0, len(folded.text))
    assert (span.start, span.end) == (0, len(text))


@given(simplified_text.filter(bool), st.data())
@settings(deadline=None, max_examples=200)
def test_the_original_of_a_slice_folds_to_that_slice(text: str, data: st.DataObject) -> None:
    folded = fold_with_origins(text)
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    span = folded.original(start, end)
    assert folded.text[start:end] in fold(text[span.start : span.end])
    if len(folded.text) == len(text):
        assert fold(text[span.start : span.end]) == folded.text[start:end]


def test_a_character_folded_to_several_is_taken_whole() -> None:
    folded = fold_with_origins("共５㎡。")
    assert folded.text == "共5m2。"
    span = folded.original(2, 3)
    assert "共５㎡。"[span.start : span.end] == "㎡"


@given(simplified_text)
@settings(deadline=None, max_examples=100)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(any_text)
@settings(deadline=None, max_examples=100)
def test_folded_text_has_the_length_of_its_compatibility_form(text: str) -> None:
    forms = [unicodedata.normalize("NFKC", character).lower() for character in text]
    assert len(fold(text)) == len("".join(forms))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("裡面", True),
        ("国家與", True),
        ("里面", False),
        ("新闻", False),
        ("abc", False),
        ("", False),
    ],
)
def test_traditional_text_is_told_from_simplified(text: str, expected: bool) -> None:
    assert is_traditional(text) is expected


def test_a_long_text_is_folded_whole() -> None:
    assert fold("國家ＡＢ" * 50_000) == "国家ab" * 50_000
