"""What a file is, told by its bytes; its name may only agree.

Own signatures: what is asked is whether an editor may have meant this file, and libraries that
know a thousand formats (puremagic, filetype) stop at the first that fits, which hides polyglots.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from retrieval.corpus.encoding import detect
from retrieval.errors import CorpusError
from retrieval.incoming import archive
from retrieval.incoming.errors import HostileError


@dataclass(frozen=True, slots=True)
class Kind:
    """A format: what an editor calls it, and the endings that its names may have."""

    what: str
    suffixes: tuple[str, ...] = ()


class UnreadableArchiveError(CorpusError):
    """An archive of a kind that is never unpacked."""


PDF = Kind("a PDF", (".pdf",))
DOCX = Kind("a Word file", (".docx",))
ZIP = Kind("a zip archive", (".zip",))
HTML = Kind("a web page", (".html", ".htm", ".xhtml"))
JSONL = Kind("JSON Lines", (".jsonl", ".ndjson"))
MARKDOWN = Kind("Markdown", (".md", ".markdown"))
TEXT = Kind("plain text", (".txt", ".text", ".md", ".markdown"))
_READABLE = (PDF, DOCX, ZIP, HTML, JSONL, MARKDOWN, TEXT)

_FOREIGN_SUFFIXES = frozenset(
    ".7z .apk .avif .bat .bmp .bz2 .caj .cmd .csv .dll .doc .docm .eml .epub .exe .gif .gz .heic"
    " .jar .jpeg .jpg .js .json .lnk .mht .mhtml .mobi .mov .mp3 .mp4 .msi .odt .ofd .ogg .pages"
    " .png .ppt .pptx .ps .ps1 .py .rar .rtf .scr .sh .svg .tar .tex .tgz .tif .tiff .vbs .wav"
    " .webp .wps .xls .xlsx .xml .xz".split()
)
_SUFFIXES = _FOREIGN_SUFFIXES.union(*(kind.suffixes for kind in _READABLE))

_PICTURE = "save the article as text"
_ARCHIVE = "pack it as .zip, or send its files"
_PROGRAM = "send articles only"
_DOCUMENT = "save it as .docx or .pdf"
_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG", "a PNG picture", _PICTURE),
    (0, b"\xff\xd8\xff", "a JPEG picture", _PICTURE),
    (0, b"GIF8", "a GIF picture", _PICTURE),
    (0, b"BM", "a BMP picture", _PICTURE),
    (0, b"II*\x00", "a TIFF picture", _PICTURE),
    (0, b"MM\x00*", "a TIFF picture", _PICTURE),
    (8, b"WEBP", "a WebP picture", _PICTURE),
    (4, b"ftyphei", "a HEIC picture", _PICTURE),
    (4, b"ftypavif", "an AVIF picture", _PICTURE),
    (4, b"ftyp", "a film", _PICTURE),
    (8, b"WAVE", "a recording", _PICTURE),
    (8, b"AVI ", "a film", _PICTURE),
    (0, b"ID3", "a recording", _PICTURE),
    (0, b"OggS", "a recording", _PICTURE),
    (0, b"Rar!\x1a\x07", "a RAR archive", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _ARCHIVE),
    (0, b"\x1f\x8b", "a gzip archive", _ARCHIVE),
    (0, b"BZh", "a bzip2 archive", _ARCHIVE),
    (0, b"\xfd7zXZ\x00", "an xz archive", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive", _ARCHIVE),
    (257, b"ustar", "a tar archive", _ARCHIVE),
    (0, b"PK\x07\x08", "one part of a split archive", _ARCHIVE),
    (0, b"\xd0\xcf\x11\xe0", "an old or protected Office file", "save it as .docx, unprotected"),
    (0, b"CAJ\x00", "a CAJ file", _DOCUMENT),
    (0, b"KDH ", "a CAJ file", _DOCUMENT),
    (60, b"BOOKMOBI", "an e-book", _DOCUMENT),
    (0, b"\x7fELF", "a program", _PROGRAM),
    (0, b"MZ", "a program", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", "a program", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", "a program", _PROGRAM),
    (0, b"\x00asm", "a program", _PROGRAM),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut", _PROGRAM),
    (0, b"SQLite format 3\x00", "a database", _PROGRAM),
)
_FOREIGN_TEXT = (
    (b"{\\rtf", "an RTF file", _DOCUMENT),
    (b"%!PS", "a PostScript file", _DOCUMENT),
    (b"#!", "a program", _PROGRAM),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROL_WITHIN = 300
"""Bytes: an article too may begin with GIF8 or ID3, but has no control characters."""

_PARTS: tuple[tuple[str, str, str], ...] = (
    ("xl/", "an Excel file", _DOCUMENT),
    ("ppt/", "a PowerPoint file", _DOCUMENT),
    ("META-INF/container.xml", "an e-book", _DOCUMENT),
    ("META-INF/manifest.xml", "an OpenDocument file", _DOCUMENT),
    ("OFD.xml", "an OFD file", _DOCUMENT),
    ("Index/Document.iwa", "a Pages file", _DOCUMENT),
    ("AndroidManifest.xml", "a program", _PROGRAM),
    ("META-INF/MANIFEST.MF", "a program", _PROGRAM),
)

_HEAD_BYTES = 65_536
_BEGIN_BYTES = 1024
"""So far down other programs look for the beginning of a PDF."""

_PDF_HEADER = re.compile(rb"%PDF-\d")
_PDF_OBJECT = re.compile(rb"\d+ \d+ obj\b")
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|svg)\b", re.IGNORECASE)
_ARCHIVES_INSIDE = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_PAGE = re.compile(
    r"(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<(?:p|div|h[1-6]|article|section|table|br|span|meta|title)\b", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?:[^\n]*\n)*?[A-Za-z_]+[ \t]*:")
_MIME = re.compile(r"(?:From: <Saved by|MIME-Version:|Received: |Return-Path: )")
_UTF_16_32 = ("utf-16", "utf-32")


def suffix_of(name: str) -> str:
    """The ending of a name where it is one that says something, in small letters, else ""."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix in _SUFFIXES else ""


def kind_of(data: bytes, name: str) -> Kind:
    """What the bytes are, one of the readable kinds; `name` decides only between kinds of text.

    Raises CorpusError for another kind; HostileError for what is two kinds at once, and for an
    archive that is not to be opened.
    """
    if not data.strip():
        raise CorpusError("empty: there is no article in it")
    if data.startswith((archive.LOCAL, b"PK\x05\x06")):
        return _packed(archive.Archive(data))
    is_pdf = data.startswith(b"%PDF-")
    if not is_pdf:
        _refuse_foreign(data)
    _refuse_polyglots(data, is_pdf=is_pdf)
    return PDF if is_pdf else _text(data, suffix_of(name))


def check_name(kind: Kind, name: str) -> None:
    """Raises CorpusError when the ending of the name says that the file is of another kind."""
    suffix = suffix_of(name)
    if suffix and suffix not in kind.suffixes:
        raise CorpusError(f"not {suffix} but {kind.what}; name it {kind.suffixes[0]}")


def _packed(opened: archive.Archive) -> Kind:
    names = {member.name for member in opened.members}
    if "[Content_Types].xml" in names and _has(names, "word/"):
        return DOCX
    for part, what, to_do in _PARTS:
        if _has(names, part):
            raise _not_read(what, to_do)
    return ZIP


def _has(names: Collection[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


def _refuse_foreign(data: bytes) -> None:
    for signature, what, to_do in _FOREIGN_TEXT:
        if data.startswith(signature):
            raise _not_read(what, to_do)
    if not _CONTROL.search(data[:_CONTROL_WITHIN]):
        return
    for at, signature, what, to_do in _FOREIGN:
        if data.startswith(signature, at):
            raise _not_read(what, to_do)


def _not_read(what: str, to_do: str) -> CorpusError:
    kind = UnreadableArchiveError if to_do == _ARCHIVE else CorpusError
    return kind(f"{what} cannot be read; {to_do}")


def _text(data: bytes, suffix: str) -> Kind:
    head = data[:_HEAD_BYTES]
    try:
        codec = detect(head, cut=len(head) < len(data))
    except CorpusError:
        if not _MARKUP.search(head):
            raise
        codec = "latin-1"  # the page declares its own
    if b"\x00" in data and not codec.startswith(_UTF_16_32):
        raise CorpusError("not text: holds NUL bytes; save it again as UTF-8")
    text = head.decode(codec, "replace").lstrip("\ufeff \t\r\n")
    if _PAGE.match(text) or (
        suffix in HTML.suffixes and (text.startswith("<") or _TAG.search(text))
    ):
        return HTML
    if text.startswith("<svg"):
        raise _not_read("an SVG picture", _PICTURE)
    if text.startswith("<?xml"):
        raise _not_read("an XML file", _DOCUMENT)
    if _MIME.match(text):
        raise _not_read("a saved mail or web archive", "save it as .html or .txt")
    if _is_json_lines(text, suffix):
        return JSONL
    return MARKDOWN if _FRONT_MATTER.match(text) else TEXT


def _is_json_lines(text: str, suffix: str) -> bool:
    """Whether the first line is an article; named so, it need only begin as one."""
    if suffix in JSONL.suffixes:
        return text.startswith("{")
    line, _, _ = text.partition("\n")
    if not line.startswith("{"):
        return False
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return re.match(r'\{\s*"(?:id|title|text)"\s*:', line) is not None
    return isinstance(fields, dict) and "text" in fields


def _refuse_polyglots(data: bytes, *, is_pdf: bool) -> None:
    """Raises HostileError for what another program would take for something else."""
    begin = data[:_BEGIN_BYTES]
    if archive.has_archive(data) or any(each in data for each in _ARCHIVES_INSIDE):
        raise HostileError("an archive is hidden in it; save it anew")
    if not is_pdf and _PDF_HEADER.search(begin) and _PDF_OBJECT.search(data):
        raise HostileError("a PDF is hidden in it; save it anew")
    if is_pdf and _MARKUP.search(begin):
        raise HostileError("a web page is hidden in it; save it anew")
