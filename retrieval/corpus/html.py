"""HTML: the article of a web page, without the page around it.

trafilatura finds the article's text; it opens no connection for a page handed to it. It is asked
for recall, and told that a Chinese article may be short (its own 250 characters make it take the
whole page for a brief one). Title, date and byline are what the page states (`html_fields`).
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from retrieval.corpus import html_fields
from retrieval.corpus.encoding import sanitise
from retrieval.corpus.fields import build_article, parse_date
from retrieval.corpus.files import read_file
from retrieval.corpus.html_page import NO_ARTICLE, Block, clean, decode_page, paragraphs, parse
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

MAX_BYTES = 20_000_000
_MIN_EXTRACTED = "50"
_TOP = 8
"""How many paragraphs down the headline and lines of labels may stand."""

_BELOW = 3
"""How many lines below the headline a mere date is that of the article."""

_MAX_GAP = 10
_SENTENCE = re.compile("[。！？…；：][”’）」』]*$")
_MAX_KICKER = 60
_MAX_LINKS = 0.5
_BREADCRUMB = re.compile(r"(?:您?(?:现在|当前)?的?位置\s*[:：]|首页\s*[>»›]).*")
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{4,40})"')


def read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    """The article of one page, or why there is none."""
    return read_file(read_bytes, file, path, MAX_BYTES)


def read_bytes(data: bytes, path: str) -> Iterator[Loaded | Problem]:
    """The same of a file's bytes."""
    try:
        import trafilatura  # an optional extra
        from lxml import html as lxml_html
    except ImportError:
        yield Problem(path, "HTML files need an extra: install baoda[html]")
        return
    try:
        source = decode_page(data)
        page = parse(lxml_html, source)
        fields = _stated(page, source, trafilatura.extract_metadata)
        clean(page)
        article = page
        if part := html_fields.founder_text(source):
            article = parse(lxml_html, f"<html><body><article>{part}</article></body></html>")
            clean(article)
        blocks = _extract(article)
    except CorpusError as error:
        yield Problem(path, str(error))
        return
    lines = [block.text for block in paragraphs(page)]
    fields["title"] = html_fields.headline(fields.get("title", ""), lines)
    blocks = _without_heading(blocks, fields)
    fields |= _labels(lines, fields["title"], blocks)
    text = "\n\n".join(block.text for block in _without_labels(blocks))
    if not parse_date(fields.get("date")):
        fields["date"] = ""
    yield from build_article(fields, sanitise(text), path=path, default_id=path, needs_title=True)


def _extract(tree: Any) -> list[Block]:
    """The article's paragraphs. Raises CorpusError when the page has none."""
    import trafilatura
    from trafilatura.settings import use_config

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", _MIN_EXTRACTED)
    found = trafilatura.bare_extraction(
        tree, include_comments=False, favor_recall=True, with_metadata=False, config=config
    )
    body = getattr(found, "body", None)
    blocks = [] if body is None else list(paragraphs(body))
    if not blocks or _is_list_of_links(blocks, tree):
        raise CorpusError(NO_ARTICLE)
    return complete(blocks, list(paragraphs(tree)))


def complete(found: list[Block], page: list[Block]) -> list[Block]:
    """The paragraphs found, and the sentences of the page between them that were passed over.

    trafilatura drops short paragraphs here and there, and those that repeat an earlier one.
    """
    texts = [_squeezed(block.text) for block in page]
    wanted = {_squeezed(block.text) for block in found}
    whole: list[Block] = []
    at = -1
    for block in found:
        try:
            next_at = texts.index(_squeezed(block.text), at + 1)
        except ValueError:
            return found  # cut into paragraphs otherwise than the page
        if whole and next_at - at <= _MAX_GAP:
            between = range(at + 1, next_at)
            whole += [page[n] for n in between if texts[n] in wanted or _SENTENCE.search(texts[n])]
        whole.append(block)
        at = next_at
    for n in range(at + 1, len(page)):
        if texts[n] not in wanted:
            break
        whole.append(page[n])
    return whole


def _is_list_of_links(blocks: Sequence[Block], tree: Any) -> bool:
    links = {"".join(link.text_content().split()) for link in tree.iter("a")}
    texts = ["".join(block.text.split()) for block in blocks]
    linked = sum(len(text) for text in texts if text in links)
    return linked > _MAX_LINKS * sum(map(len, texts))


def _stated(tree: Any, source: str, extract_metadata: Callable[..., Any]) -> dict[str, str]:
    """Title, address and what the meta elements and the e-paper's comment say."""
    metas = {
        (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower(): (
            meta.get("content") or ""
        ).strip()
        for meta in reversed(list(tree.iter("meta")))
    }
    found = extract_metadata(tree, extensive=False)
    fields = {"title": found.title, "source": found.sitename, "url": found.url}
    fields = {name: value for name, value in fields.items() if value}
    if date := _JSON_DATE.search(source):
        fields["date"] = date[1]
    return fields | html_fields.meta_fields(metas) | html_fields.founder_fields(source)


def _without_heading(blocks: list[Block], fields: dict[str, str]) -> list[Block]:
    """The text below the headline; a heading right above it is the kicker."""
    title = _squeezed(fields.get("title", ""))
    at = next(
        (n for n, block in enumerate(blocks[:_TOP]) if title and _squeezed(block.text) == title),
        None,
    )
    if at is None:
        return blocks
    above, below = blocks[:at], blocks[at + 1 :]
    if above and above[-1].is_heading and len(above[-1].text) <= _MAX_KICKER:
        fields.setdefault("kicker", above.pop().text)
    return [block for block in above if not _BREADCRUMB.fullmatch(block.text)] + below


def _labels(lines: Sequence[str], title: str, blocks: Sequence[Block]) -> dict[str, str]:
    """What the page's lines of labels state, the first of each kind from the title on."""
    titles = [at for at, line in enumerate(lines) if line == title]
    start = titles[0] + 1 if titles else 0
    stated: dict[str, str] = {}
    for line in (*lines[start:], *lines[:start]):
        stated = (html_fields.label_fields(line) or {}) | stated
    below = lines[start : start + _BELOW] if titles else []
    if date := next(filter(html_fields.is_date, below), ""):
        stated.setdefault("date", date)
    if blocks and (byline := html_fields.byline_alone(blocks[-1].text)):
        stated.setdefault("byline", byline)
    return stated


def _without_labels(blocks: Sequence[Block]) -> Iterator[Block]:
    for at, block in enumerate(blocks):
        is_label = html_fields.label_fields(block.text) is not None
        if not (at < _TOP and is_label) and not (at < _BELOW and html_fields.is_date(block.text)):
            yield block


def _squeezed(text: str) -> str:
    return "".join(text.split())
