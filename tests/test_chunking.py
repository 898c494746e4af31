"""Chunks: cut exactly, sized in tokens, ending where sentences end."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.chunking import MAX_TOKENS, MIN_TOKENS, chunk_article, embedded_text
from retrieval.embedding import LocalEmbedder
from retrieval.headings import heading_above
from retrieval.sentences import split_sentences
from retrieval.tokens import estimate_tokens
from retrieval.types import Article, Chunk
from tests.conftest import CORPUS

Counter = Callable[[str], int]

CHINESE = (
    "近年来，徐州机务段党委坚持把服务职工作为工作的出发点和落脚点，推动党建与业务深度融合。"
    "“我们要把实事办好。”党委书记说。在铁路小区，职工之家的门口排起了长队，有人来理发，有人来量血压！"
    "截至10月底，共办理3547件，满意率达98.6%。"
)
ENGLISH = (
    "The union opened a new home for railway workers on Monday. It has a library, a gym and a "
    'kitchen, said Mr. Wang, who runs it. "We listened first," he added. About 3,500 people came! '
)
EMOJI = "职工们都说好😀👍🏽👨‍👩‍👧‍👦！大家🎉🎉🎉一起庆祝，热闹极了🧨。"
RARE = "𠮷野家与龘龖之间，有犇羴鱻淼焱垚，亦有㊣㍿ﷺ等字。𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ẞ ǅ Ω，皆可读也。"


def article(text: str, **fields: str) -> Article:
    return Article("a.md", **({"title": "标题"} | fields), text=text)


def characters(text: str) -> int:
    return len("".join(text.split()))


def check_cuts(text: str, chunks: Sequence[Chunk]) -> None:
    end = 0
    for position, chunk in enumerate(chunks):
        assert chunk.position == position
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.start < chunk.end
        assert not text[end : chunk.start].strip()
        end = chunk.end
    assert not text[end:].strip()


def check_sizes(chunks: Sequence[Chunk], count_tokens: Counter) -> None:
    sizes = [count_tokens(chunk.text) for chunk in chunks]
    assert all(MIN_TOKENS <= size <= MAX_TOKENS for size in sizes[:-1])
    assert all(size <= MAX_TOKENS for size in sizes[-1:])


prose = st.lists(
    st.sampled_from(
        ["字", "句子", "，", "。", "！", "“", "”", "（", "）", "word", ". ", "\n", "3.5"]
    )
    | st.sampled_from(["字" * 40 + "，", "字" * 90 + "。", "a longer clause, ", "The end. "])
    | st.sampled_from(["没有标点" * 80, "x" * 700, "😀", "\u3000"]),
    max_size=60,
).map("".join)


@given(prose | st.text(max_size=200))
@settings(deadline=None, max_examples=150)
def test_chunks_cut_their_text_exactly_and_leave_out_only_white_space(text: str) -> None:
    check_cuts(text, chunk_article(article(text), estimate_tokens))


@pytest.mark.parametrize("count_tokens", [estimate_tokens, characters])
@given(text=prose)
@settings(deadline=None, max_examples=150)
def test_all_chunks_but_the_last_are_of_the_right_size(count_tokens: Counter, text: str) -> None:
    check_sizes(chunk_article(article(text), count_tokens), count_tokens)


def test_a_last_character_that_no_longer_fits_is_a_chunk_of_its_own() -> None:
    text = f"{'字' * 90}。{'字' * 90}。字句子3.53.5{'没有标点' * 160}，字"
    check_sizes(chunk_article(article(text), estimate_tokens), estimate_tokens)


@given(st.lists(st.integers(1, 90), max_size=60))
@settings(deadline=None, max_examples=100)
def test_chunks_end_where_sentences_end_when_these_are_short(lengths: list[int]) -> None:
    text = "".join("字" * length + "。" for length in lengths)
    ends = {span.end for span in split_sentences(text)}
    assert all(chunk.end in ends for chunk in chunk_article(article(text), characters))


def test_a_sentence_too_long_is_cut_at_a_comma() -> None:
    text = "，".join(["字" * 59] * 10) + "。"
    chunks = chunk_article(article(text), characters)
    assert [len(chunk.text) for chunk in chunks] == [240, 240, 120]
    assert all(chunk.text[-1] == "，" for chunk in chunks[:-1])


def test_a_sentence_is_cut_at_a_comma_where_it_would_leave_a_chunk_too_small() -> None:
    text = "字" * 99 + "。" + "字" * 79 + "，" + "字" * 99 + "。"
    chunks = chunk_article(article(text), characters)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [(0, 180), (180, 280)]


def test_text_without_any_mark_is_cut_between_characters() -> None:
    chunks = chunk_article(article("字" * 1000), characters)
    assert "".join(chunk.text for chunk in chunks) == "字" * 1000
    check_sizes(chunks, characters)


def test_a_sentence_just_within_bounds_is_one_chunk() -> None:
    first, second = "字" * (MAX_TOKENS - 1) + "。", "字" * 10 + "。"
    chunks = chunk_article(article(first + second), characters)
    assert [chunk.text for chunk in chunks] == [first, second]


def test_a_sentence_one_token_over_is_cut() -> None:
    chunks = chunk_article(article("字" * MAX_TOKENS + "。"), characters)
    assert len(chunks) == 2


def test_a_short_article_is_one_chunk() -> None:
    text = "甲。\n\n乙。"
    assert chunk_article(article(text), characters) == [Chunk("a.md", 0, 0, len(text), text)]


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_article_without_text_has_no_chunks(text: str) -> None:
    assert chunk_article(article(text), characters) == []


def test_chunks_are_the_same_every_time() -> None:
    first, second = (chunk_article(article(CHINESE * 20), estimate_tokens) for _ in range(2))
    assert first == second
    assert [chunk.id for chunk in first] == [f"a.md:{n}" for n in range(len(first))]


def embedded(one: Article) -> list[str]:
    return [embedded_text(one, chunk) for chunk in chunk_article(one, characters)]


def test_the_heading_is_embedded_and_no_part_of_a_chunk() -> None:
    long = article(CHINESE * 10, title="标题在此", kicker="引题")
    for chunk in chunk_article(long, characters):
        assert "标题在此" not in chunk.text
        assert embedded_text(long, chunk) == f"引题 标题在此\n{chunk.text}"


def test_without_a_heading_only_the_text_is_embedded() -> None:
    assert embedded(article("正文", title="")) == ["正文"]


def test_a_kicker_alone_is_a_heading() -> None:
    assert embedded(article("正文", title="", kicker="引题")) == ["引题\n正文"]


def test_a_long_heading_is_cut() -> None:
    assert embedded(article("正文", title="题" * 500)) == ["题" * 100 + "\n正文"]


def test_a_chunk_is_embedded_with_the_sub_heading_it_is_under() -> None:
    parts = f"第一部分\n\n{CHINESE * 10}\n\n第二部分\n\n{CHINESE * 10}"
    texts = embedded(article(parts, title=""))
    assert texts[0].startswith("第一部分\n\n")
    assert all(text.startswith(("第一部分\n", "第二部分\n")) for text in texts)
    assert texts[1].count("第一部分") == 1
    assert texts[-1].startswith("第二部分\n")


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("小标题\n正文在这里，比较长。末", "小标题"),
        ("小标题。\n正文在这里，比较长。末", ""),
        ("这一行太长，\n正文在这里，比较长。末", ""),
        ("小标题\n短\n末", ""),
        ("甲\n正文一，比较长。\n\n乙\n正文二，也长。末", "乙"),
        ("末", ""),
        ("", ""),
    ],
)
def test_sub_headings(text: str, heading: str) -> None:
    assert heading_above(text, len(text)) == heading


def test_where_a_sub_heading_begins_no_other_stands_above() -> None:
    text = "甲\n正文一，比较长。\n\n乙\n正文二，也长。"
    assert heading_above(text, text.index("乙")) == ""
    assert heading_above(text, text.index("乙") - 2) == "甲"


def test_a_long_text_without_any_mark_is_chunked() -> None:
    text = "字" * 300_000
    check_cuts(text, chunk_article(article(text), estimate_tokens))


@pytest.fixture(scope="module")
def local() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.mark.parametrize(
    "text",
    [
        CHINESE * 12,
        ENGLISH * 12,
        EMOJI * 30,
        RARE * 20,
        (CHINESE + "\n\n" + ENGLISH + EMOJI + RARE + "\n") * 5,
        CHINESE.replace("。", "，").replace("！", "，") * 8,
        "没有标点的一段话" * 200,
        "word " * 1500,
        "1,234.5 " * 300,
        "".join(path.read_text("utf-8") for path in sorted(CORPUS.glob("*.md"))),
    ],
    ids=["zh", "en", "emoji", "rare", "mixed", "commas", "bare zh", "bare en", "numbers", "corpus"],
)
def test_chunks_are_of_the_right_size_for_the_bundled_model(
    local: LocalEmbedder, text: str
) -> None:
    chunks = chunk_article(article(text), local.count_tokens)
    check_cuts(text, chunks)
    check_sizes(chunks, local.count_tokens)
