"""Bytes to text, in whatever encoding of Chinese they were saved."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.corpus.encoding import decode, detect, sanitise
from retrieval.errors import CorpusError

NEWS = (
    "国家数据局日前发布通知，要求各地区各部门加强数据资源的统筹管理，提升公共服务水平。"
    "“我们要把实事办好。”负责人说。今年以来，全市共办理3547件，满意率达98.6%。"
)
TRADITIONAL_NEWS = (
    "臺北市政府昨日宣布，將於下個月起調整大眾運輸票價，請民眾留意相關資訊。"
    "市長表示，這項措施預計可以減輕學生的負擔。"
)
ENGLISH = "The library stays open until ten in the evening from next Monday on."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (NEWS, "utf-8"),
        (NEWS, "utf-8-sig"),
        (NEWS, "gb18030"),
        (NEWS * 300, "gb18030"),
        ("你好", "gb18030"),
        ("朱镕基在会上说", "gb18030"),
        ("会上用了😀和€", "gb18030"),
        ("Baoda 会议 2025", "gb18030"),
        (TRADITIONAL_NEWS, "gb18030"),
        (TRADITIONAL_NEWS, "big5"),
        ("標題中文", "big5"),
        (NEWS, "utf-16"),
        ("A short one.", "utf-16"),
        (NEWS, "utf-32"),
    ],
)
def test_the_encoding_is_recognised(text: str, encoding: str) -> None:
    source = f"---\ntitle: Baoda\n---\n{text}"
    assert decode(source.encode(encoding)) == source


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "text", [NEWS, TRADITIONAL_NEWS, ENGLISH, "会议今天开", "# 标题\n\n正文\n"]
)
def test_utf_16_is_read_in_either_order_with_and_without_its_mark(
    encoding: str, mark: str, text: str
) -> None:
    assert decode((mark + text).encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "news"),
    [
        ("utf-8", NEWS),
        ("gb18030", NEWS),
        ("gb18030", TRADITIONAL_NEWS),
        ("big5", TRADITIONAL_NEWS),
        ("utf-16-le", NEWS),
        ("utf-16-be", NEWS),
    ],
)
@pytest.mark.parametrize("length", [8, 20, 200, 2000, 300_000])
def test_pieces_of_any_length_are_read(encoding: str, news: str, length: int) -> None:
    source = news * (length // len(news) + 2)
    random.seed(length)
    for _ in range(40 if length < 1000 else 2):
        start = random.randrange(len(news))
        piece = source[start : start + length]
        assert decode(piece.encode(encoding)) == piece


@pytest.mark.parametrize("cut", range(1, 5))
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_a_sample_cut_inside_a_character_is_recognised(encoding: str, cut: int) -> None:
    sample = (NEWS * 5).encode(encoding)[:-cut]
    assert detect(sample, cut=True) == encoding


def test_utf_8_with_a_few_broken_bytes_is_reported_as_such() -> None:
    broken = (NEWS * 5).encode().replace("，".encode(), b"\xff", 1)
    with pytest.raises(CorpusError, match="not valid utf-8"):
        decode(broken)


@pytest.mark.parametrize(
    "text",
    ["élève à l'école", "Der Bürgermeister fährt heute über Köln nach Hause, wo er wohnt."],
)
def test_other_languages_are_not_taken_for_chinese(text: str) -> None:
    with pytest.raises(CorpusError, match="not text, or in no encoding"):
        decode(text.encode("latin-1"))


@given(st.integers(0, len(NEWS) - 1), st.integers(6, len(NEWS)))
@settings(deadline=None, max_examples=50)
def test_any_piece_of_news_in_gb18030_is_read(start: int, length: int) -> None:
    piece = (NEWS * 2)[start : start + length]
    assert decode(piece.encode("gb18030")) == piece


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)) * 20,
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(128, 256)),
        b"\x00" * 1000,
        b"\x01\x02\x03",
        b"\xff\xfe\x00",
        NEWS.encode()[:-1],
        NEWS.encode().replace("，".encode(), b"\xff", 1),
        "élève à l'école".encode("latin-1"),
    ],
)
def test_what_is_no_text_is_reported(content: bytes) -> None:
    with pytest.raises(CorpusError, match=r"^not "):
        decode(content)


@given(st.text(st.characters(codec=None)))
@settings(deadline=None, max_examples=50)
def test_sanitised_text_can_be_stored_and_keeps_its_length(text: str) -> None:
    sanitised = sanitise(text)
    assert len(sanitised) == len(text)
    assert sanitised.encode().decode() == sanitised
    assert "\x00" not in sanitised


@pytest.mark.parametrize("text", ["a\x00b", r"a\ud800b", r"a\udfffb"])
def test_nul_and_lone_surrogates_are_replaced_one_for_one(text: str) -> None:
    assert sanitise(json.loads(f'"{text}"', strict=False)) == "a\ufffdb"
