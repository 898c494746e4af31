"""What is sent is read whatever its name, or refused with a reason; nothing is written, ever."""

import io
import json
import os
import re
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from retrieval.corpus.isolation import IsolatedReader, Limits
from retrieval.incoming import (
    Upload,
    child_reader,
    read_upload,
    read_upload_with,
    shown_name,
)
from retrieval.incoming.limits import LIMITS
from tests import documents
from tests.documents import PARAGRAPHS, TITLE, page, paragraph, paragraphs
from tests.hostile import REASONS, STRAY, TEXT, UPLOADS, packed

MANY = Limits(seconds=LIMITS.seconds, memory_bytes=150_000_000)
"""For one child that reads a hundred uploads; the bot has a fresh one for each."""

MAX_PEAK_BYTES = 240_000_000
BODY = "\n\n".join(PARAGRAPHS)
LINE = json.dumps({"title": TITLE, "text": BODY}, ensure_ascii=False) + "\n"
GOOD: dict[str, bytes] = {
    ".txt": TEXT.encode(),
    ".md": f"---\ntitle: {TITLE}\n---\n{BODY}\n".encode(),
    ".html": page(f"<h1>{TITLE}</h1>{paragraphs()}").encode(),
    ".pdf": documents.pdf(),
    ".docx": documents.docx(paragraph(TITLE, "1") + "".join(map(paragraph, PARAGRAPHS))),
    ".jsonl": LINE.encode(),
}
SLOW = ("PDF whose drawing loops", "zip bomb below the ratio")
TRICKS = [pytest.param(each, marks=pytest.mark.long) if each in SLOW else each for each in UPLOADS]


class Desk:
    """Reads uploads in one child for all; what kills it costs only itself."""

    def __init__(self, reader: IsolatedReader, folder: Path) -> None:
        self._reader = reader
        self.file = folder / "upload"

    def read(self, content: bytes, name: str) -> Upload:
        self.file.write_bytes(content)
        return read_upload_with(self._reader, self.file, name)

    def refusal(self, content: bytes, name: str) -> str:
        upload = self.read(content, name)
        assert not upload.articles
        (problem,) = upload.problems
        assert problem.lost
        return problem.reason

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that the child has had; None where the system does not say."""
        child = self._reader._child
        status = Path(f"/proc/{child._process.pid if child else 0}/status")
        if not status.exists():
            return None
        match = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert match is not None
        return int(match[1]) * 1024


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with closing(child_reader(MANY)) as reader:
        yield Desk(reader, tmp_path_factory.mktemp("desk"))


def strays(*folders: Path) -> list[Path]:
    return [found for folder in folders for found in folder.glob(f"*{STRAY}*")]


@pytest.mark.parametrize("trick", TRICKS)
def test_a_hostile_upload_is_refused_with_a_reason(desk: Desk, trick: str) -> None:
    name, content = UPLOADS[trick]()
    began = time.monotonic()
    reason = desk.refusal(content, name)
    assert REASONS[trick] in reason
    assert time.monotonic() - began < 10
    assert "\n" not in reason
    assert list(desk.file.parent.iterdir()) == [desk.file]
    assert not strays(desk.file.parent.parent, Path("/tmp"), Path.cwd(), Path("/"))
    peak = desk.peak_bytes
    assert peak is None or peak < MAX_PEAK_BYTES


def test_every_hostile_upload_has_its_reason() -> None:
    assert REASONS.keys() == UPLOADS.keys()


@pytest.mark.parametrize("name", ["a{}", "A.B.{}", "", "附件", "a{}.unknown"])
@pytest.mark.parametrize("suffix", GOOD)
def test_every_format_is_told_by_its_content(desk: Desk, suffix: str, name: str) -> None:
    upload = desk.read(GOOD[suffix], name.format(suffix))
    (article,) = upload.articles
    assert (article.title, article.text) == (TITLE, BODY)
    assert upload.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "big5", "utf-16"])
@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_text_of_any_encoding_is_read(desk: Desk, suffix: str, encoding: str) -> None:
    source = GOOD[suffix].decode()
    body, title = BODY, TITLE
    if encoding == "big5":
        title, body = (
            "圖書館延長開放時間",
            "市圖書館昨天起延長開放時間，週末讀者可以看書到晚上十點。",
        )
        source = {
            ".txt": f"{title}\n\n{body}\n",
            ".md": f"---\ntitle: {title}\n---\n{body}\n",
            ".html": page(f"<h1>{title}</h1>{paragraphs([body])}", f"<title>{title}</title>"),
        }[suffix]
    (article,) = desk.read(source.encode(encoding), "a" + suffix).articles
    assert (article.title, article.text) == (title, body)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        *(("a.txt", start) for start in ("BM", "GIF8", "ID3", "MZ", "BZh", "{注意}", "---\n\n")),
        ("a.md", '<div align="center">\n\n'),
        ("a.html", f"<!--{'长' * 30_000}-->\n<p>"),
        ("a.html", "<p>"),
    ],
)
def test_an_article_may_begin_as_it_likes(desk: Desk, name: str, start: str) -> None:
    (article,) = desk.read(f"{start}{BODY}\n".encode(), name).articles
    assert PARAGRAPHS[-1] in article.text


class _Pipe(io.RawIOBase):
    """Where a packer cannot go back to, so that sizes follow their members."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.content += bytes(piece)
        return len(piece)


def test_an_archive_may_be_packed_in_one_go_and_have_a_comment(desk: Desk) -> None:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", GOOD[".txt"])
        archive.writestr("b.docx", GOOD[".docx"])
        with archive.open("c.pdf", "w", force_zip64=True) as member:
            member.write(GOOD[".pdf"])
        archive.comment = b"week 12"
    assert len(desk.read(pipe.content, "a.zip").articles) == 3


def test_a_newspaper_page_gives_its_articles(desk: Desk) -> None:
    printed = Path(__file__).parent / "pages" / "yunxi.txt"
    upload = desk.read(printed.read_bytes(), "第5版.txt")
    assert len(upload.articles) > 1


def test_an_archive_gives_the_articles_of_its_files(desk: Desk) -> None:
    content = packed(*((f"本周/{n}{suffix}", GOOD[suffix]) for n, suffix in enumerate(GOOD)))
    upload = desk.read(content, "本周.zip")
    assert [article.text for article in upload.articles] == [BODY] * len(GOOD)
    assert upload.problems == ()


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ("会议记录.txt", "新馆开放.txt")),
        ("utf-8", ("会议记录.txt", "新馆开放.txt")),
        ("big5", ("會議記錄.txt", "新館開放.txt")),
    ],
)
def test_chinese_names_in_an_archive_are_read(
    desk: Desk, encoding: str, names: tuple[str, ...]
) -> None:
    """As Windows packs them: bytes of its own encoding, not marked as UTF-8."""
    stand_ins = [chr(65 + n) * len(name.encode(encoding)) for n, name in enumerate(names)]
    content = packed(*((stand_in, GOOD[".txt"]) for stand_in in stand_ins))
    for stand_in, name in zip(stand_ins, names, strict=True):
        content = content.replace(stand_in.encode(), name.encode(encoding))
    upload = desk.read(content, "a.zip")
    assert [article.id for article in upload.articles] == [f"a.zip/{name}" for name in names]


def test_names_marked_as_utf_8_are_read(desk: Desk) -> None:
    (article,) = desk.read(packed(("会议.txt", GOOD[".txt"])), "a.zip").articles
    assert article.id == "a.zip/会议.txt"


def test_a_name_that_says_here_leads_nowhere(desk: Desk) -> None:
    assert len(desk.read(packed(("./a.txt", GOOD[".txt"])), "a.zip").articles) == 1


def test_what_a_system_puts_into_archives_is_passed_over_in_silence(desk: Desk) -> None:
    doubles = [(f"__MACOSX/._{number}.txt", bytes(100)) for number in range(150)]
    others = [(name, b"\x00") for name in (".DS_Store", "x/.DS_Store", "Thumbs.db", "desktop.ini")]
    upload = desk.read(packed(("x/", b""), *doubles, *others, ("x/a.txt", GOOD[".txt"])), "a.zip")
    assert len(upload.articles) == 1
    assert upload.problems == ()


def test_what_is_no_article_in_an_archive_is_told_and_the_rest_read(desk: Desk) -> None:
    members = {
        "a.txt": GOOD[".txt"],
        "b.png": b"\x89PNG\r\n\x1a\n" + bytes(99),
        "c.txt": GOOD[".pdf"],
        "d.docx": b"PK\x03\x04" + bytes(99),
        "README.md": GOOD[".md"],
        ".git/x.md": GOOD[".md"],
        "e.md": GOOD[".md"],
    }
    upload = desk.read(packed(*members.items()), "a.zip")
    assert [article.id for article in upload.articles] == ["a.zip/a.txt", "a.zip/e.md"]
    assert [(problem.file, problem.reason, problem.lost) for problem in upload.problems] == [
        ("a.zip/b.png", "a PNG picture cannot be read; save the article as text", True),
        ("a.zip/c.txt", "not .txt but a PDF; name it .pdf", True),
        ("a.zip/d.docx", "a damaged zip archive; pack it again as .zip", True),
        ("a.zip/README.md", "left out: by its name it is no article", False),
        ("a.zip/.git/x.md", "left out: by its name it is no article", False),
    ]


@pytest.mark.parametrize("trick", ["zip slip in Word", "PDF with a zip behind"])
def test_one_hostile_file_in_an_archive_refuses_all_of_it(desk: Desk, trick: str) -> None:
    name, content = UPLOADS[trick]()
    reason = desk.refusal(packed(("b.txt", GOOD[".txt"]), (name, content)), "a.zip")
    assert reason.startswith(f"{name}: ")
    assert REASONS[trick] in reason


def test_remarks_on_an_article_come_with_it(desk: Desk) -> None:
    content = "---\ndate: 明天\n---\n今天开会，来了三个人。\n".encode()
    upload = desk.read(content, "a.md")
    assert len(upload.articles) == 1
    assert [problem.lost for problem in upload.problems] == [False, False]


def test_lines_that_are_no_articles_are_told_with_their_number(desk: Desk) -> None:
    upload = desk.read((LINE + '{"id": "x"}\n' + LINE).encode(), "a.jsonl")
    assert len(upload.articles) == 2
    (problem,) = upload.problems
    assert (problem.line, problem.reason) == (2, "the field text is missing or is not a string")


def test_a_word_file_with_photographs_is_read(desk: Desk) -> None:
    photograph = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + os.urandom(6_000_000)
    content = documents.docx(
        paragraph(TITLE, "1") + "".join(map(paragraph, PARAGRAPHS)),
        parts={"word/media/image1.jpeg": photograph},
    )
    assert len(desk.read(content, "a.docx").articles) == 1


def test_an_upload_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    content = page("<p>一段话。</p>" * 80_000).encode()
    with closing(child_reader(Limits(seconds=2, memory_bytes=LIMITS.memory_bytes))) as reader:
        slow = Desk(reader, tmp_path)
        began = time.monotonic()
        assert "took longer than 2 s" in slow.refusal(content, "a.html")
        assert time.monotonic() - began < 10


def test_an_upload_has_a_child_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    file = tmp_path / "upload"
    file.write_bytes(GOOD[".md"])
    assert len(read_upload(file, "a.md").articles) == 1
    name, content = UPLOADS["PDF bomb"]()
    file.write_bytes(content)
    assert "its reader crashed" in read_upload(file, name).problems[0].reason
    file.write_bytes(GOOD[".md"])
    assert len(read_upload(file, "a.md").articles) == 1


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc to count children")
def test_uploads_sent_together_are_read_one_after_another(tmp_path: Path) -> None:
    file = tmp_path / "upload"
    file.write_bytes(GOOD[".md"])
    most = before = children()
    with ThreadPoolExecutor(3) as pool:
        uploads = [pool.submit(read_upload, file, "a.md") for _ in range(3)]
        while not all(upload.done() for upload in uploads):
            most = max(most, children())
            time.sleep(0.01)
    assert [len(upload.result().articles) for upload in uploads] == [1, 1, 1]
    assert most == before + 1


def children() -> int:
    """How many processes read uploads for this one."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            command = process.joinpath("cmdline").read_bytes()
            count += int(parent) == os.getpid() and b"retrieval.incoming.child" in command
    return count


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = read_upload(tmp_path / "none", "a.txt").problems
    assert problem.reason.startswith("cannot be read: No such file")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("会议.txt", "会议.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\文章\\会议.txt", "会议.txt"),
        ("a\n\u202eb.txt", "a\ufffd\ufffdb.txt"),
        ("", "file"),
        ("///", "file"),
        ("..", "file"),
        (".txt", ".txt"),
        ("  a   b.txt ", "a b.txt"),
        ("长" * 10_000 + ".txt", "长" * 30 + "…" + "长" * 25 + ".txt"),
    ],
)
def test_a_name_is_shown_safely(name: str, shown: str) -> None:
    assert shown_name(name) == shown
