"""Word files (.docx): the text as Word shows it, with insertions and without deletions.

Read with mammoth: unlike python-docx it reads tracked insertions, content controls, text boxes,
footnotes, strict files and renamed .docm, and it follows no link out of the file.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as etree

from retrieval.corpus.encoding import sanitise
from retrieval.corpus.fields import build_article
from retrieval.corpus.files import read_file
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

MAX_BYTES = 50_000_000
MAX_ENTRIES = 2_000
MAX_XML_BYTES = 20_000_000
"""Of all XML in the file, unpacked: a full-length novel has two. Pictures are never unpacked."""

MAX_RATIO = 200
"""Word's own XML packs to about a tenth; bombs to a thousandth and less."""

_RATIO_MATTERS = 1_000_000
_DAMAGED = "not a Word file, or a damaged one; save it again as .docx"
_OLE = b"\xd0\xcf\x11\xe0"
_DOCTYPES = tuple("<!DOCTYPE".encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be"))
_STYLES = "\n".join(
    f"p[style-name='{name}'] => h1:fresh" for name in ("Title", "标题", "heading 1", "标题 1")
)
_CORE = "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """The article of one file, or why there is none."""
    return read_file(read_bytes, file, path, MAX_BYTES)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of a file's bytes."""
    try:
        import mammoth  # an optional extra
    except ImportError:
        yield Problem(path, "Word files need an extra: install baoda[docx]")
        return
    try:
        core = _check(data)
        title, blocks = _blocks(mammoth, data)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    yield from build_article(
        {"title": title or _core_title(core)},
        sanitise("\n\n".join(blocks)),
        path=path,
        default_id=path,
        needs_title=True,
    )


def _check(data: bytes) -> bytes:
    """The core properties, after limits are kept and every XML part is free of entities.

    Raises CorpusError. Nothing is parsed before; sizes are counted while unpacking, since those
    that the file states may be lies.
    """
    if data.startswith(_OLE):
        raise CorpusError(
            "an old Word file, or one protected by a password; save it as .docx without one"
        )
    core = b""
    total = 0
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise CorpusError(f"holds over {MAX_ENTRIES:,} parts; save it again as .docx")
            if len({entry.filename for entry in entries}) < len(entries):
                raise CorpusError(_DAMAGED)
            for entry in entries:
                if not entry.filename.lower().endswith((".xml", ".rels")):
                    continue
                if entry.flag_bits & 1:
                    raise CorpusError("protected by a password; save it without one")
                part = _unpack(archive, entry, MAX_XML_BYTES - total)
                total += len(part)
                if any(doctype in part for doctype in _DOCTYPES):
                    raise CorpusError("its XML declares entities, as Word never does; not read")
                if entry.filename == _CORE:
                    core = part
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise CorpusError(_DAMAGED) from error
    return core


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    with archive.open(entry) as stream:
        part = stream.read(most + 1)
    if len(part) > most:
        raise CorpusError(f"over {MAX_XML_BYTES // 1_000_000} MB unpacked; split it")
    if len(part) > max(_RATIO_MATTERS, MAX_RATIO * entry.compress_size):
        raise CorpusError("packed too tightly to be a Word file; save it again as .docx")
    return part


def _blocks(mammoth: Any, data: bytes) -> tuple[str, list[str]]:
    """Title and paragraphs. Raises CorpusError."""
    try:
        html = mammoth.convert_to_html(
            BytesIO(data),
            style_map=_STYLES,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=lambda _: [],
        ).value
    except RecursionError as error:
        raise CorpusError("nested too deeply; save it again as .docx") from error
    except MemoryError:
        raise
    except Exception as error:  # mammoth names no errors of its own; any part may be missing
        raise CorpusError(_DAMAGED) from error
    reader = _Blocks()
    reader.feed(html)
    reader.close()
    return reader.title, reader.blocks


def _core_title(core: bytes) -> str:
    """The title among the file's properties, "" where there is none."""
    try:
        title = etree.fromstring(core).findtext(_TITLE) if core else ""  # noqa: S314 (no entities)
    except etree.ParseError:
        return ""
    return title or ""


class _Blocks(HTMLParser):
    """What mammoth wrote to paragraphs; a row of a table is one, its cells a space apart."""

    _ENDS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr"))
    _NOTE = re.compile("#(?:foot|end)note")

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.blocks: list[str] = []
        self._text: list[str] = []
        self._rows = 0
        self._in_note_mark = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._flush()
            self._rows += 1
        elif tag in self._ENDS and not self._rows:
            self._flush()
        elif tag == "br":
            self._text.append("\n")
        elif tag == "a":
            self._in_note_mark = bool(self._NOTE.match(dict(attrs).get("href") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._rows -= 1
            self._flush(in_row=True)
        elif tag in ("td", "th", "p", "li") and self._rows:
            self._text.append(" ")
        elif tag == "a":
            self._in_note_mark = False
        elif tag in self._ENDS and not self._rows:
            self._flush(is_title=tag == "h1" and not self.title)

    def handle_data(self, data: str) -> None:
        if not self._in_note_mark:
            self._text.append(data)

    def _flush(self, *, in_row: bool = False, is_title: bool = False) -> None:
        text = "".join(self._text)
        text = " ".join(text.split()) if in_row else text.strip()
        self._text.clear()
        if not text:
            return
        if is_title:
            self.title = text
        else:
            self.blocks.append(text)
