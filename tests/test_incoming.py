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
from tests.hostile import STRAY, TEXT, UPLOADS, packed

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
REASONS = {
    "zip slip": "../../baoda-stray.txt would be written outside of its folder; pack it again",
    "zip slip inside a folder": "outside of its folder",
    "zip slip with backslashes": "outside of its folder",
    "absolute name": "outside of its folder",
    "drive letter": "outside of its folder",
    "symlink": "is a link or a device, no file",
    "device": "is a link or a device, no file",
    "pipe": "is a link or a device, no file",
    "control characters in a member's name": "holds control characters or is too long",
    "line end in a member's name": "holds control characters or is too long",
    "NUL in a member's name": "holds control characters or is too long",
    "other direction in a member's name": "holds control characters or is too long",
    "long name of a member": "holds control characters or is too long",
    "two members of one name": "two of its files have the same name",
    "zip bomb": "unpacks to 1,049 MB, at most 10 are read",
    "zip bomb in many members": "is packed too tightly to be an article",
    "zip bomb below the ratio": "unpacks to 81 MB, at most 50 are read",
    "size that lies": "a.txt is damaged",
    "size that boasts": "does not have the size it states",
    "overlapping members": "two of its files share their bytes",
    "member inside a member": "two of its files share their bytes",
    "nested archive": "0.zip is an archive inside the archive; send its files themselves",
    "deeply nested archives": "49.zip is an archive inside the archive",
    "nested archive of another name": "b.txt is an archive inside the archive",
    "nested gzip": "b.txt.gz is an archive inside the archive",
    "a million entries": "over 20 MB",
    "a million entries by word": "says that it has 65,535 files or more",
    "300,000 entries": "says that it has 37,856 files",
    "300,000 entries that say five": "its list of files is too long",
    "nine entries that say two": "its list of files and their number disagree",
    "a hundred and one files": "holds 101 files, at most 100 are read",
    "encrypted member": "protected by a password; pack it without one",
    "unknown packing": "packed in a way not read here",
    "wrong checksum": "a.txt is damaged",
    "archive cut off": "a damaged zip archive",
    "empty archive": "holds no file that can be read",
    "tar": "a tar archive cannot be read; pack it as .zip",
    "tar named zip": "a tar archive cannot be read",
    "RAR": "a RAR archive cannot be read",
    "PDF with a zip behind": "an archive is hidden in it",
    "PDF with a zip behind and an end": "an archive is hidden in it",
    "zip behind a text": "an archive is hidden in it",
    "zip behind a page": "an archive is hidden in it",
    "zip behind a GIF": "a GIF picture cannot be read",
    "zip behind a program": "a program cannot be read",
    "page behind a zip": "a zip archive with something else after its end",
    "page in a zip's comment": "a zip archive with something else after its end",
    "zip before a zip": "a zip archive with something else in front of it",
    "PDF behind a text": "a PDF is hidden in it",
    "PDF behind a page": "a PDF is hidden in it",
    "page in a PDF": "a web page is hidden in it",
    "PDF named txt": "not .txt but a PDF; name it .pdf",
    "Word named pdf": "not .pdf but a Word file; name it .docx",
    "zip named docx": "not .docx but a zip archive; name it .zip",
    "page named txt": "not .txt but a web page; name it .html",
    "text named pdf": "not .pdf but plain text; name it .txt",
    "picture named md": "a PNG picture cannot be read; save the article as text",
    "program named txt": "a program cannot be read",
    "text named exe": "not .exe but plain text; name it .txt",
    "old Word": "an old or protected Office file cannot be read; save it as .docx",
    "RTF": "an RTF file cannot be read; save it as .docx or .pdf",
    "script": "a program cannot be read",
    "noise": "not text",
    "NUL bytes": "not text",
    "nothing": "empty",
    "path as a name": "its name leads to another folder; rename it",
    "control characters in the name": "its name holds control characters; rename it",
    "other direction in the name": "its name holds control characters; rename it",
    "long name": "its name is over 255 characters; rename it",
    "XML bomb in Word": "its XML declares entities",
    "outer file in Word": "its XML declares entities",
    "deep Word": "nested too deeply",
    "picture of huge size in Word": "word/media/image1.png is a picture of over 100 million pixels",
    "heavy picture in Word": "word/media/image1.bmp unpacks to 61 MB, at most 10 are read",
    "zip slip in Word": "outside of its folder",
    "many parts in Word": "says that it has 3,005 files",
    "PDF whose pages loop": "has 1,000,000 pages, at most 500 are read",
    "PDF whose drawing loops": "its reader crashed",
    "PDF of a million pages": "has 100,000 pages, at most 500 are read",
    "PDF bomb": "its reader crashed",
    "deep PDF": "page 1 is damaged",
    "PDF with a password": "protected by a password",
    "PDF cut off": "cut off: its end is missing",
    "deep page": "nested too deeply or too large",
    "long page": "a web page over 3 MB; split it",
    "long text": "plain text over 4 MB; split it",
    "201 articles": "holds over 200 articles; send it in parts",
    "a line of 20 MB": "article over 2 MB",
    "600 wrong lines": "over 500 things in it are wrong",
    "over 20 MB": "over 20 MB; split it or make it smaller",
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
    with closing(child_reader()) as reader:
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
        "e.md": GOOD[".md"],
    }
    upload = desk.read(packed(*members.items()), "a.zip")
    assert [article.id for article in upload.articles] == ["a.zip/a.txt", "a.zip/e.md"]
    assert [(problem.file, problem.reason, problem.lost) for problem in upload.problems] == [
        ("a.zip/b.png", "a PNG picture cannot be read; save the article as text", True),
        ("a.zip/c.txt", "not .txt but a PDF; name it .pdf", True),
        ("a.zip/d.docx", "a damaged zip archive; pack it again as .zip", True),
        ("a.zip/README.md", "left out: by its name it is no article", False),
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
