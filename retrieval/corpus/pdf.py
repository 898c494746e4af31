"""PDF: the text layer of one article, its lines joined to paragraphs.

Read with pypdfium2: 100 pages of 800 Chinese characters take it 0.2 s, every page as written (pypdf
0.8 s, the same; pdfminer.six 1.6 s, 58 pages), and it opens 10,000 pages in 7 ms (pypdf: 2.3 s).
It drops characters that are set one by one in a font that neither the file nor the system has; such
a file is refused.
"""

import ctypes
import re
import statistics
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.corpus.encoding import sanitise
from retrieval.corpus.fields import MAX_ARTICLE_BYTES, build_article
from retrieval.corpus.files import read_file
from retrieval.corpus.lines import join_all
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

MAX_BYTES = 100_000_000
MAX_PAGES = 500
_TAIL_BYTES = 4096
_SCANNED = "scanned: there is no text layer; run OCR on it first"
_NO_FONTS = "its fonts are not in the file; save it again as PDF with fonts embedded"
_NO_WIDTH = 0.01
_MAX_FONT_NAME = 128
_SYSTEM_FONTS = (b"Helvetica", b"Arial", b"Times", b"Courier", b"Symbol", b"ZapfDingbats")
_MAX_UNMAPPED = 0.1
_UNMAPPED = re.compile("[\x00-\x08\x0e-\x1f\ue000-\uf8ff\ufffd\uffff]")
_HYPHEN = re.compile("[\ufffe\x02]")
"""PDFium's mark for a hyphen at the end of a line; it joins the two lines itself."""

_HYPHEN_IN_WORD = re.compile("(?<=[a-z])[\ufffe\x02](?=[a-z])")
_PAGE_NUMBER = re.compile(
    r"[-–—·\s]*(?:\d{1,4}|第\s*\d{1,4}\s*页(?:\s*共\s*\d{1,4}\s*页)?)[-–—·\s]*"
)
_MAX_TITLE_LINES = 4
_MIN_TITLE_SIZE = 1.2
_SAME_SIZE = 0.15
"""Share by which the height of two lines may differ in one paragraph."""

_INDENT = 1.2
_SHORT = 1.8
_RAGGED = 5.0
"""In heights of a line: how far in a paragraph begins; how much less a line must reach to be its
last, when it ends a sentence and when it does not (a number that moved to the next line)."""

_SENTENCE_END = re.compile("[。！？!?.…：:；”’」』）)]\\s*$")

_GAP = 2.2
"""Heights from one base line to the next; more than usual leading means a gap."""

_REACH = 40
_LINE_ENDS = (10, 13)


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line with its place on the page, in points from the lower left corner."""

    text: str
    left: float
    right: float
    bottom: float
    height: float


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """The article of one file, or why there is none."""
    return read_file(read_bytes, file, path, MAX_BYTES)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of a file's bytes."""
    try:
        import pypdfium2  # an optional extra
    except ImportError:
        yield Problem(path, "PDF files need an extra: install baoda[pdf]")
        return
    try:
        if b"%%EOF" not in data[-_TAIL_BYTES:]:
            raise CorpusError("cut off: its end is missing; copy the file here again")
        pages = _pages(pypdfium2, data)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    without_text = [number for number, page in enumerate(pages, 1) if not page]
    if len(without_text) == len(pages):
        yield Problem(path, _SCANNED)
        return
    if without_text:
        numbers = ", ".join(map(str, without_text[:10]))
        reason = f"pages without a text layer are left out (blank or scanned): {numbers}"
        yield Problem(path, reason, lost=False)
    title, lines = split_title(pages)
    text = "\n\n".join(paragraphs(lines))
    if len(_UNMAPPED.findall(text)) > _MAX_UNMAPPED * len(text):
        yield Problem(path, "its text layer has no readable characters; run OCR on it first")
        return
    yield from build_article(
        {"title": sanitise(title)},
        sanitise(text),
        path=path,
        default_id=path,
        needs_title=True,
    )


def _pages(pypdfium2: Any, data: bytes) -> list[list[Line]]:
    """The lines of each page. Raises CorpusError, with what to do."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            reason = "protected by a password; save it without one"
            raise CorpusError(reason) from error
        raise CorpusError("not a PDF, or a damaged one; save it again as PDF") from error
    with closing(document):
        if len(document) > MAX_PAGES:
            raise CorpusError(
                f"has {len(document):,} pages, at most {MAX_PAGES} are read; split it"
            )
        pages: list[list[Line]] = []
        size = 0
        for number in range(len(document)):
            try:
                with closing(document[number]) as page, closing(page.get_textpage()) as layer:
                    if any(_is_dropped(pypdfium2, each) for each in _text_objects(pypdfium2, page)):
                        raise CorpusError(_NO_FONTS)
                    pages.append(_without_page_number(list(_lines(pypdfium2, layer))))
            except pypdfium2.PdfiumError as error:
                reason = f"page {number + 1} is damaged; save it again as PDF"
                raise CorpusError(reason) from error
            size += sum(len(line.text.encode("utf-8", "replace")) for line in pages[-1])
            if size > MAX_ARTICLE_BYTES:
                raise CorpusError("article over 2 MB; split it")
        return pages


def _text_objects(pypdfium2: Any, page: Any) -> Iterator[Any]:
    yield from page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_TEXT,))


def _is_dropped(pypdfium2: Any, text_object: Any) -> bool:
    """Whether PDFium leaves out the characters of an object, since it has no shapes for them."""
    left, _, right, _ = text_object.get_bounds()
    if right - left >= _NO_WIDTH:
        return False
    font = pypdfium2.raw.FPDFTextObj_GetFont(text_object)
    name = ctypes.create_string_buffer(_MAX_FONT_NAME)
    pypdfium2.raw.FPDFFont_GetBaseFontName(font, name, _MAX_FONT_NAME)
    is_known = name.value.startswith(_SYSTEM_FONTS)  # a lone space in them has no width
    return not is_known and not pypdfium2.raw.FPDFFont_GetIsEmbedded(font)


def _lines(pypdfium2: Any, layer: Any) -> Iterator[Line]:
    """Lines of a page, in the order of its text layer."""
    count = max(0, layer.count_chars())
    codes = [pypdfium2.raw.FPDFText_GetUnicode(layer, index) for index in range(count)]
    start = 0
    for end in range(count + 1):
        if end < count and codes[end] not in _LINE_ENDS:
            continue
        characters = [chr(code) for code in codes[start:end]]
        inked = [start + at for at, character in enumerate(characters) if character.strip()]
        if inked:
            left, bottom, _, top = layer.get_charbox(inked[0], loose=True)
            right = layer.get_charbox(inked[-1], loose=True)[2]
            text = "".join(characters).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            text = _HYPHEN.sub("-", _HYPHEN_IN_WORD.sub("", text))
            yield Line(text, left, right, bottom, max(0.0, top - bottom))
        start = end + 1


def _without_page_number(lines: list[Line]) -> list[Line]:
    """The same without a first or last line that is nothing but the number of the page."""
    for at in (0, -1):
        if len(lines) > 1 and _PAGE_NUMBER.fullmatch(lines[at].text):
            del lines[at]
    return lines


def split_title(pages: list[list[Line]]) -> tuple[str, list[Line]]:
    """What is printed largest on the first page with text, and the other lines in order.

    No title where nothing is clearly larger than the rest, or where it runs over many lines.
    """
    lines = [line for page in pages for line in page]
    usual = statistics.median(line.height for line in lines for _ in line.text)
    first = next(page for page in pages if page)
    largest = max(line.height for line in first)
    at = [n for n, line in enumerate(first) if _same_height(line.height, largest)]
    together = at[-1] - at[0] == len(at) - 1
    if largest < _MIN_TITLE_SIZE * usual or not together or len(at) > _MAX_TITLE_LINES:
        return "", lines
    title = join_all(line.text for line in first[at[0] : at[-1] + 1])
    return title.strip(), lines[: at[0]] + lines[at[-1] + 1 :]


def paragraphs(lines: Iterable[Line]) -> Iterator[str]:
    """Lines joined where the paragraph goes on, over columns and pages too."""
    lines = list(lines)
    joined: list[str] = []
    for at, line in enumerate(lines):
        if joined and _begins_paragraph(lines, at):
            yield join_all(joined).strip()
            joined = []
        joined.append(line.text)
    if joined:
        yield join_all(joined).strip()


def _begins_paragraph(lines: list[Line], at: int) -> bool:
    """Whether a line is indented, of another size, far below, or follows a short one."""
    previous, line = lines[at - 1], lines[at]
    if line.text.startswith("\u3000") or not _same_height(line.height, previous.height):
        return True
    below = previous.bottom - line.bottom
    if below > _GAP * line.height:
        return True
    column = _column(lines, at)
    left, right = min(each.left for each in column), max(each.right for each in column)
    indented = line.left - left > _INDENT * line.height
    if below <= 0:  # the next column or page begins: only its own column tells its indent
        after = _column(lines, at, backwards=False)
        indented = line.left - min(each.left for each in after) > _INDENT * line.height
        before = _column(lines, at - 1)
        right = max(each.right for each in before)
    lacking = right - previous.right
    least = _SHORT if _SENTENCE_END.search(previous.text) else _RAGGED
    return indented or lacking > least * line.height


def _column(lines: list[Line], at: int, *, backwards: bool = True) -> list[Line]:
    """The lines around one that stand in its column: one below the other, without a jump up."""
    first = at
    while backwards and first and at - first < _REACH and _is_below(lines[first - 1], lines[first]):
        first -= 1
    last = at
    while last + 1 < len(lines) and last - at < _REACH and _is_below(lines[last], lines[last + 1]):
        last += 1
    return lines[first : last + 1]


def _is_below(upper: Line, lower: Line) -> bool:
    return upper.bottom > lower.bottom and lower.left < upper.right and upper.left < lower.right


def _same_height(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME_SIZE * max(one, other)
