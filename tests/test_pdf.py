"""PDF files to articles: the text layer, its lines joined as they were written."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.corpus import pdf
from retrieval.corpus.pdf import Line, paragraphs, split_title
from retrieval.types import Article, Loaded, Problem
from tests import documents
from tests.documents import PARAGRAPHS, TITLE

TEXT = "\n\n".join(PARAGRAPHS)


def read(folder: Path, content: bytes) -> list[Loaded | Problem]:
    file = folder / "a.pdf"
    file.write_bytes(content)
    return list(pdf.read(file, "a.pdf"))


def article(folder: Path, content: bytes) -> Article:
    (item,) = read(folder, content)
    assert isinstance(item, Loaded), item
    return item.article


def problem(folder: Path, content: bytes) -> str:
    (item,) = read(folder, content)
    assert isinstance(item, Problem), item
    return item.reason


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("characters", [12, 20, 30])
def test_lines_are_joined_to_the_paragraphs_they_were(
    tmp_path: Path, columns: int, characters: int
) -> None:
    content = documents.pdf(columns=columns, characters=characters)
    assert article(tmp_path, content) == Article(id="a.pdf", title=TITLE, text=TEXT)


def test_indents_written_as_spaces_begin_paragraphs(tmp_path: Path) -> None:
    texts = [f"　　{text}" for text in PARAGRAPHS]
    assert article(tmp_path, documents.pdf(texts, indent=0)).text == TEXT


def test_a_paragraph_that_is_not_indented_begins_after_a_short_line(tmp_path: Path) -> None:
    assert article(tmp_path, documents.pdf(indent=0, characters=26)).text == TEXT


def test_a_paragraph_goes_on_over_pages_and_page_numbers_are_left_out() -> None:
    upper = [Line("前一页的最后一行还没有", 60, 270, 60, 10), Line("- 1 -", 300, 320, 30, 10)]
    lower = [Line("2", 300, 305, 800, 10), Line("写完。", 60, 90, 770, 10)]
    lines = [line for page in (upper, lower) for line in pdf._without_page_number(page)]
    assert list(paragraphs(lines)) == ["前一页的最后一行还没有写完。"]


def test_a_page_that_is_only_a_number_is_kept() -> None:
    assert len(pdf._without_page_number([Line("2025", 0, 9, 0, 9)])) == 1


def test_a_latin_word_broken_by_a_hyphen_is_made_whole(tmp_path: Path) -> None:
    texts = ["The library stays open until ten in the even-", "ing on working days."]
    found = article(tmp_path, documents.pdf(texts, characters=200, indent=0)).text
    assert found == "The library stays open until ten in the evening on working days."


def test_the_largest_line_is_the_title() -> None:
    small = [Line(f"第{n}行", 0, 100, 500 - 20 * n, 10) for n in range(5)]
    large = [Line("大字", 0, 100, 700, 20), Line("标题", 0, 100, 670, 20)]
    assert split_title([[*large, *small]]) == ("大字标题", small)
    assert split_title([[small[0], *large, *small[1:]]]) == ("大字标题", small)
    assert split_title([[], [*large, *small]]) == ("大字标题", small)


def test_without_a_clearly_larger_line_there_is_no_title() -> None:
    lines = [Line(f"第{n}行", 0, 100, 500 - 20 * n, 10 + n % 2) for n in range(6)]
    assert split_title([lines]) == ("", lines)


def test_a_title_in_two_places_is_none() -> None:
    large = [Line("大字", 0, 100, 700, 20), Line("又一处", 0, 100, 300, 20)]
    small = [Line("正文正文正文正文", 0, 100, 500 - n, 10) for n in range(5)]
    assert split_title([[large[0], *small, large[1]]])[0] == ""


@pytest.mark.parametrize("pages", [1, 3])
def test_a_scanned_file_is_reported(tmp_path: Path, pages: int) -> None:
    reason = "scanned: there is no text layer; run OCR on it first"
    assert problem(tmp_path, documents.empty_pdf(pages)) == reason


def test_a_password_is_reported(tmp_path: Path) -> None:
    content = documents.pdf(password="secret")
    assert problem(tmp_path, content) == "protected by a password; save it without one"


def test_a_file_that_anyone_may_open_but_not_change_is_read(tmp_path: Path) -> None:
    assert article(tmp_path, documents.pdf(password="")).text == TEXT


def test_too_many_pages_are_reported_at_once(tmp_path: Path) -> None:
    content = documents.empty_pdf(10_000)
    reason = "has 10,000 pages, at most 500 are read; split it"
    assert problem(tmp_path, content) == reason


def test_as_many_pages_as_are_allowed_are_read(tmp_path: Path) -> None:
    content = documents.pdf(["这一页只有一行字，比标题长些。"], pages=pdf.MAX_PAGES)
    assert article(tmp_path, content).text.count("一行字") == pdf.MAX_PAGES


def test_too_much_text_is_reported(tmp_path: Path) -> None:
    content = documents.pdf(["长" * 5000], pages=134, characters=5001)
    assert problem(tmp_path, content) == "article over 2 MB; split it"


def test_characters_that_would_be_lost_are_reported(tmp_path: Path) -> None:
    content = documents.pdf(["今天的天气", "。", "明天下雨。"])
    reason = "its fonts are not in the file; save it again as PDF with fonts embedded"
    assert problem(tmp_path, content) == reason


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_reported(tmp_path: Path, share: float) -> None:
    content = documents.pdf()
    cut = content[: int(len(content) * share)]
    assert problem(tmp_path, cut).startswith("cut off: its end is missing")


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.4\n%%EOF", b"rubbish %%EOF", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>%%EOF"],
)
def test_what_is_no_pdf_is_reported(tmp_path: Path, content: bytes) -> None:
    assert re.match("not a PDF|cut off", problem(tmp_path, content))


def test_pages_that_hold_each_other_do_not_hang_the_reader(tmp_path: Path) -> None:
    content = documents.pdf().replace(b"/Kids [ ", b"/Kids [ 5 0 R ")
    assert read(tmp_path, content)


def test_a_missing_extra_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pypdfium2", None)
    assert problem(tmp_path, b"") == "PDF files need an extra: install baoda[pdf]"


_lines = st.builds(
    Line,
    text=st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=20),
    left=st.floats(0, 600),
    right=st.floats(0, 600),
    bottom=st.floats(0, 800),
    height=st.floats(0, 50),
)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\x02\xad\u2010-]", "", text)


@given(st.lists(_lines, max_size=30))
def test_no_character_is_lost_between_lines(lines: list[Line]) -> None:
    joined = "".join(paragraphs(lines))
    assert squeezed(joined) == squeezed("".join(line.text for line in lines))


@given(st.lists(st.lists(_lines, max_size=8), min_size=1, max_size=3).filter(any))
def test_the_title_and_the_other_lines_are_all_lines(pages: list[list[Line]]) -> None:
    title, lines = split_title(pages)
    everything = "".join(line.text for page in pages for line in page)
    found = title + "".join(line.text for line in lines)
    assert sorted(squeezed(found)) == sorted(squeezed(everything))
