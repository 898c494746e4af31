"""What readers choose from when they ask in other people's chats: each choice is one message."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.phrases import Phrases, introduction, left_open
from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import Links
from bot.telegram.rendering.answers import quotation
from bot.telegram.rendering.blocks import Block, Run, link, pack, part_of
from bot.telegram.rendering.characters import clean, clean_line, credit_line, isolated, shorten
from bot.telegram.rendering.keyboards import opening
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.index.articles import article_version
from retrieval.index.keys import short_key
from retrieval.types import Answer, Article, Citation, Match, NearestArticle

_GAP = "\n\n"
_MARK = re.compile(r"\[([0-9]{1,5})\]")
_A_ROW = 8
_LONGEST_TITLE, _LONGEST_CREDIT = 120, 120
_LONGEST_DESCRIPTION, _LONGEST_BEGINNING = 160, 300


@dataclass(frozen=True, slots=True)
class Choice:
    """One result: what is seen in the list, and the message that choosing it sends."""

    id: str
    title: str
    description: str
    part: Part


def answer_choice(answer: Answer, title: str, phrases: Phrases, links: Links) -> Choice:
    """An answer with its question; every mark leads to its quotation, also those left out.

    Quotations stand below as far as one message has room. `phrases` are for what is sent, the
    `title` is for whoever chooses.
    """
    addresses = {one.number: links.to(opening(one)) for one in answer.citations}
    blocks = [Block((Run(clean_line(answer.question), bold=True),))]
    said = introduction(answer, phrases)
    gap = _GAP
    remark = left_open(answer, phrases)
    for line in filter(None, (said, *answer.text.split("\n"), remark)):
        blocks.append(Block(tuple(_linked(line, addresses)), gap))
        gap = "\n"
    blocks += (quotation(one, phrases, links) for one in answer.citations)
    first = pack(blocks)[0]
    part = Part(first.markup, first.plain, _citation_buttons(answer.citations, links))
    text = clean_line(_MARK.sub("", answer.text))
    return Choice("answer", title, shorten(text, _LONGEST_DESCRIPTION), part)


def match_choice(match: Match, phrases: Phrases, links: Links) -> Choice:
    """An article that was found, with the passage that fits best."""
    key = short_key(match.article_id)
    opened = OpenCitation(key, match.version, match.field, match.start, match.end)
    return _choice(
        OpenArticle(key, match.version),
        match.title,
        (match.date, match.byline, match.source),
        links.to(opened),
        match.passage if match.field == "text" else "",
        phrases,
        links,
    )


def nearest_choice(article: NearestArticle, phrases: Phrases, links: Links) -> Choice:
    """An article that is nearest to a question it does not answer."""
    opened = OpenArticle(short_key(article.article_id), article.version)
    return _choice(opened, article.title, (article.date,), links.to(opened), "", phrases, links)


def article_choice(article: Article, phrases: Phrases, links: Links) -> Choice:
    """An article with its first lines."""
    opened = OpenArticle(short_key(article.id), article_version(article))
    beginning = shorten(clean(article.text).strip().partition("\n")[0], _LONGEST_BEGINNING)
    credit = (article.date, article.byline, article.source)
    return _choice(opened, article.title, credit, links.to(opened), beginning, phrases, links)


def _choice(
    opened: OpenArticle,
    title: str,
    credit: Iterable[str],
    address: str,
    words: str,
    phrases: Phrases,
    links: Links,
) -> Choice:
    title = shorten(clean_line(title), _LONGEST_TITLE) or phrases.untitled
    line = shorten(credit_line(credit), _LONGEST_CREDIT)
    blocks = [Block((Run(isolated(title), bold=True, url=address),))]
    if line:
        blocks.append(Block((Run(line),)))
    if words:
        blocks.append(Block((Run(clean(words)),), _GAP, quoted=True))
    whole = Button(phrases.full_text, url=links.to(opened))
    described = " — ".join(filter(None, (line, clean_line(words))))
    return Choice(
        opened.key,
        title,
        shorten(described, _LONGEST_DESCRIPTION),
        part_of(blocks, ((whole,),)),
    )


def _linked(line: str, addresses: dict[int, str]) -> Iterator[Run]:
    done = 0
    for mark in _MARK.finditer(line):
        yield Run(clean(line[done : mark.start()]))
        yield Run(mark[0], url=link(addresses.get(int(mark[1]), "")))
        done = mark.end()
    yield Run(clean(line[done:]))


def _citation_buttons(citations: Iterable[Citation], links: Links) -> Keyboard:
    buttons = [Button(f"[{one.number}]", url=links.to(opening(one))) for one in citations]
    return (tuple(buttons[:_A_ROW]),)
