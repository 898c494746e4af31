"""A web page to what a reader sees of it: decoded, parsed, cleaned, cut into paragraphs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.corpus.encoding import decode
from retrieval.corpus.lines import unwrap
from retrieval.errors import CorpusError

MAX_ELEMENTS = 100_000
MAX_DEPTH = 200
_HEAD_BYTES = 4096
_MAX_BROKEN = 0.01
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_CODECS = {
    b"gb2312": "gb18030",
    b"gbk": "gb18030",
    b"gb18030": "gb18030",
    b"big5": "big5hkscs",
    b"big5-hkscs": "big5hkscs",
    b"utf-8": "utf-8",
    b"utf8": "utf-8",
}
_DROPPED = frozenset(
    "title script style noscript noframes template iframe object embed svg canvas select button"
    " input textarea".split()
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = re.compile(r"[ \t\xa0]+")
_PARTS_OF_TABLE = (
    "./tbody | ./thead | ./tfoot | ./tr | ./*[self::tbody or self::thead or self::tfoot]/tr"
    " | ./tr/td | ./tr/th | ./*/tr/td | ./*/tr/th"
)
_ROWS = ("tr", "row")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "head")
_BLOCKS = frozenset(
    "address article aside blockquote body center dd div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table td th tr ul"
    " br head list item quote row cell code lb".split()
)
_LAYOUT_BLOCKS = frozenset("p div table h1 h2 h3 ul ol article section".split())
_MAX_CELL = 200
"""Characters in a cell of a table that shows data; more, and the table arranges the page."""

NO_ARTICLE = "no article found on the page; save its text as .txt or .md"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a heading."""

    text: str
    is_heading: bool


def decode_page(data: bytes) -> str:
    """UTF-8 where it is that, else what the page declares, else what it looks like."""
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    codec = _CODECS.get(declared[1].lower()) if declared else None
    if codec is None:
        return decode(data)
    for each in ("utf-8-sig", codec):
        try:
            return data.decode(each)
        except UnicodeDecodeError:
            pass
    try:
        return decode(data)
    except CorpusError:
        text = data.decode(codec, "replace")
        if text.count("\ufffd") > _MAX_BROKEN * len(text):
            raise
        return text


def parse(lxml_html: Any, source: str) -> Any:
    """The parsed page. Raises CorpusError for what is no page, or one too large."""
    if "<" not in source:
        raise CorpusError("not an HTML page: it has no elements; save it as .txt")
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        tree = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except lxml_html.etree.ParserError as error:
        raise CorpusError(NO_ARTICLE) from error
    except lxml_html.etree.XMLSyntaxError as error:  # no syntax of HTML is an error to this parser
        raise MemoryError from error
    depth = 0
    walk = lxml_html.etree.iterwalk(tree, events=("start", "end"))
    for number, (event, element) in enumerate(walk):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH or number > 2 * MAX_ELEMENTS:
            raise CorpusError("nested too deeply or too large; save its text as .txt or .md")
        if event == "start":
            _make_fit(element)
    return tree


def _make_fit(element: Any) -> None:
    """Replace what lxml reads and then refuses to store again."""
    if element.text and _UNFIT.search(element.text):
        element.text = _UNFIT.sub("\ufffd", element.text)
    if element.tail and _UNFIT.search(element.tail):
        element.tail = _UNFIT.sub("\ufffd", element.tail)
    for name, value in element.attrib.items():
        if _UNFIT.search(value):
            element.set(name, _UNFIT.sub("\ufffd", value))


def clean(tree: Any) -> None:
    """Leave out what no reader sees, put running text on one line, loosen layout tables."""
    for element in [element for element in tree.iter() if _is_unseen(element)]:
        if element.getparent() is not None:
            element.drop_tree()
    for table in [table for table in tree.iter("table") if _is_layout(table)]:
        for part in table.xpath(_PARTS_OF_TABLE):
            part.tag = "div"
        table.tag = "div"
    for element in tree.iter():
        if element.text and element.tag != "pre":
            element.text = unwrap(element.text)
        if element.tail:
            element.tail = unwrap(element.tail)


def _is_unseen(element: Any) -> bool:
    return (
        not isinstance(element.tag, str)
        or element.tag in _DROPPED
        or "hidden" in element.attrib
        or _HIDDEN.search(element.get("style", "")) is not None
    )


def _is_layout(table: Any) -> bool:
    """Whether a table arranges the page: a cell holds blocks, several lines or much text."""
    return any(
        cell.tag in _LAYOUT_BLOCKS
        or (cell.tag in ("td", "th") and len(cell.text_content()) > _MAX_CELL)
        or (cell.tag == "br" and cell.getnext() is not None and cell.getnext().tag == "br")
        for cell in table.iterdescendants()
        if isinstance(cell.tag, str)
    )


def paragraphs(root: Any) -> Iterator[Block]:
    """Paragraphs in order, each on one line; the cells of a row are one, a space apart."""
    parts: list[str] = []
    rows = 0
    is_heading = False
    for event, element in _walk(root):
        tag, starts = element.tag, event == "start"
        rows -= tag in _ROWS and not starts
        if tag in _BLOCKS and rows:
            parts.append(" ")
        elif tag in _BLOCKS:
            yield from _split(parts, is_heading)
            parts = []
            is_heading = starts and tag in _HEADINGS
        rows += tag in _ROWS and starts
        text = element.text if starts else element.tail
        if text and (starts or element is not root):
            parts.append(text)
    yield from _split(parts, is_heading)


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Starts and ends of the elements, comments left out."""
    waiting = [("start", root)]
    while waiting:
        event, element = waiting.pop()
        if event == "start":
            waiting.append(("end", element))
            waiting += [("start", child) for child in reversed(element)]
        yield event, element


def _split(parts: Sequence[str], is_heading: bool) -> Iterator[Block]:
    for line in "".join(parts).splitlines():
        text = _SPACES.sub(" ", line).strip()
        if text:
            yield Block(text, is_heading)
