"""Any file of any suffix: read whole and unchanged, or reported with what to do."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.corpus import formats
from retrieval.corpus.files import CHANGED, read_whole
from retrieval.corpus.formats import SUFFIXES, FileReader
from retrieval.corpus.lines import join, join_all, unwrap
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem
from tests import documents
from tests.documents import PARAGRAPHS, TITLE, page, paragraph, paragraphs

TEXT = "\n\n".join(PARAGRAPHS)
GOOD: dict[str, bytes] = {
    ".txt": f"{TITLE}\n\n{TEXT}\n".encode(),
    ".md": f"# {TITLE}\n\n{TEXT}\n".encode(),
    ".html": page(f"<h1>{TITLE}</h1>{paragraphs()}").encode(),
    ".htm": page(f"<h1>{TITLE}</h1>{paragraphs()}").encode("gb18030"),
    ".pdf": documents.pdf(),
    ".docx": documents.docx(paragraph(TITLE, "1") + "".join(map(paragraph, PARAGRAPHS))),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[FileReader]:
    with closing(FileReader()) as reader:
        yield reader


def read(reader: FileReader, folder: Path, name: str, content: bytes) -> list[Loaded | Problem]:
    file = folder / name
    file.write_bytes(content)
    return list(reader.read(file, name))


def problem(items: list[Loaded | Problem]) -> str:
    (item,) = items
    assert isinstance(item, Problem), item
    assert item.lost
    return item.reason


@pytest.mark.parametrize("suffix", GOOD)
@pytest.mark.parametrize("change_case", [str.lower, str.upper])
def test_the_same_article_is_read_from_every_format(
    reader: FileReader, tmp_path: Path, suffix: str, change_case: type[str]
) -> None:
    name = "a" + change_case(suffix)
    (item,) = read(reader, tmp_path, name, GOOD[suffix])
    assert isinstance(item, Loaded), item
    assert (item.article.id, item.article.title, item.article.text) == (name, TITLE, TEXT)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.docx", GOOD[".pdf"], "not .docx but a PDF file; name it .pdf"),
        ("a.pdf", GOOD[".docx"], "not .pdf but a Word or zip file; name it .docx"),
        ("a.md", GOOD[".docx"], "not .md but a Word or zip file; name it .docx"),
        ("a.jsonl", GOOD[".pdf"], "not .jsonl but a PDF file; name it .pdf"),
        ("a.html", b"\x89PNG\r\n\x1a\n", "not .html but a PNG file; remove it or save it as .html"),
        ("a.html", b"\xff\xd8\xff\xe0", "not .html but a JPEG file; remove it or save it as .html"),
        ("a.pdf", GOOD[".html"], "cut off: its end is missing"),
        ("a.docx", GOOD[".html"], "not a Word file"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + bytes(100), "an old Word file"),
    ],
)
def test_content_that_is_not_what_the_suffix_says_is_reported(
    reader: FileReader, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    assert problem(read(reader, tmp_path, name, content)).startswith(reason)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - {".jsonl"}))
def test_an_empty_file_is_reported(reader: FileReader, tmp_path: Path, suffix: str) -> None:
    assert problem(read(reader, tmp_path, f"a{suffix}", b""))


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_pipe_is_not_waited_for(reader: FileReader, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    os.mkfifo(file)
    assert problem(list(reader.read(file, "a"))) == "not a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_file_that_may_not_be_read_is_reported(
    reader: FileReader, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(GOOD.get(suffix, b"{}"))
    file.chmod(0)
    assert problem(list(reader.read(file, "a"))) == "cannot be read: Permission denied"


# Files that change


def rewriting(file: Path, times: int, reading: formats.Reader) -> formats.Reader:
    """A reader during whose first `times` readings somebody else saves the file."""
    left = [times]

    def read(path: Path, name: str) -> Iterator[Loaded | Problem]:
        yield from reading(path, name)
        if left[0]:
            left[0] -= 1
            file.write_bytes(file.read_bytes() + "\n\n又一段。".encode())

    return read


@pytest.mark.parametrize("times", [1, 2])
def test_an_article_saved_while_it_is_read_is_read_again_once(
    reader: FileReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    file = tmp_path / "a.md"
    file.write_bytes(GOOD[".md"])
    monkeypatch.setitem(formats._WHOLE, ".md", rewriting(file, times, formats._WHOLE[".md"]))
    (item,) = reader.read(file, "a.md")
    if times == 1:
        assert isinstance(item, Loaded)
        assert item.article.text.endswith("又一段。")
    else:
        assert item == Problem("a.md", CHANGED)


def line(text: str) -> bytes:
    return f'{{"id": "{text}", "title": "", "text": "{text}"}}\n'.encode()


def ids(items: list[Loaded | Problem]) -> list[str]:
    return [item.article.id for item in items if isinstance(item, Loaded)]


def test_lines_added_while_a_file_is_read_are_left_for_the_next_time(
    reader: FileReader, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line("一") + line("二"))
    reading = reader.read(file, "a.jsonl")
    items = [next(reading)]
    with file.open("ab") as stream:
        stream.write(line("三"))
    items += reading
    assert ids(items) == ["一", "二"]
    assert items[-1] == Problem("a.jsonl", CHANGED)


def test_a_line_that_was_half_written_at_first_is_not_read_by_halves(
    reader: FileReader, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(line("一") + line("二")[:-8])
    reading = reader.read(file, "a.jsonl")
    items = [next(reading)]
    with file.open("ab") as stream:
        stream.write(line("二")[-8:])
    items += reading
    assert ids(items) == ["一"]
    assert [item.line for item in items if isinstance(item, Problem)] == [2, None]


@pytest.mark.parametrize("size", [0, 30_000, 60_000])
def test_a_file_written_anew_while_it_is_read_gives_no_line_of_the_new_one(
    reader: FileReader, tmp_path: Path, size: int
) -> None:
    file = tmp_path / "a.jsonl"
    old = b"".join(line(f"旧{n}") for n in range(2_000))
    file.write_bytes(old)
    reading = reader.read(file, "a.jsonl")
    items = [next(reading)]
    file.write_bytes(b"".join(line(f"新{n}") for n in range(2_000))[:size])
    items += reading
    assert all(article_id.startswith("旧") for article_id in ids(items))
    assert items[-1] == Problem("a.jsonl", CHANGED)


def test_a_file_that_grows_without_end_is_not_read_without_end(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a" * 11)
    with pytest.raises(CorpusError, match="over 0 MB"):
        read_whole(file, 10)


def test_one_reader_may_be_used_in_another_thread(reader: FileReader, tmp_path: Path) -> None:
    found: list[Loaded | Problem] = []
    thread = threading.Thread(
        target=lambda: found.extend(read(reader, tmp_path, "a.pdf", GOOD[".pdf"]))
    )
    thread.start()
    thread.join()
    assert len(ids(found)) == 1


def test_a_reader_that_needed_no_child_starts_none(tmp_path: Path) -> None:
    with closing(FileReader()) as reader:
        read(reader, tmp_path, "a.md", GOOD[".md"])
        read(reader, tmp_path, "a.jsonl", line("一"))
        assert reader._isolated._child is None


# Lines to running text


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("读者", "可以", "读者可以"),
        ("读者 ", " 可以", "读者可以"),
        ("读者，", "可以", "读者，可以"),
        ("说", "“好”", "说“好”"),
        ("用", "Python", "用Python"),
        ("Python", "写的", "Python写的"),
        ("two", "words", "two words"),
        ("even-", "ing", "evening"),
        ("COVID-", "19", "COVID- 19"),
        ("3-", "5", "3- 5"),
        ("", "甲", "甲"),
        ("甲", "", "甲"),
    ],
)
def test_two_lines_are_joined(first: str, second: str, joined: str) -> None:
    assert join(first, second) == joined


def solid(text: str) -> str:
    return re.sub(r"[\s\xad\u2010-]", "", text)


@given(st.lists(st.text()))
def test_joining_loses_nothing_but_space_and_hyphens(lines: list[str]) -> None:
    assert solid(join_all(lines)) == solid("".join(lines))


@given(st.text("甲乙“”，a b\n\r\t."))
def test_unwrapping_loses_nothing_but_space(text: str) -> None:
    unwrapped = unwrap(text)
    assert "".join(unwrapped.split()) == "".join(text.split())
    assert "\n" not in unwrapped
    assert unwrap(unwrapped) == unwrapped


@given(st.lists(st.text("甲乙丙，。", min_size=1), min_size=1))
def test_chinese_is_joined_without_a_space(lines: list[str]) -> None:
    assert join_all(lines) == unwrap("\n".join(lines)) == "".join(lines)


@pytest.mark.parametrize("suffix", sorted(GOOD))
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damage_is_reported_and_crashes_no_reader(
    reader: FileReader, tmp_path: Path, suffix: str, data: st.DataObject
) -> None:
    content = bytearray(GOOD[suffix])
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content)))
        content[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    items = read(reader, tmp_path, f"a{suffix}", bytes(content))
    assert items
    assert not [item for item in items if isinstance(item, Problem) and "crash" in item.reason]
