"""Articles as editors look after them: where each lies, what is removed, and what is in the bin."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Literal

from bot.desk.bin import Binned
from bot.phrases import Phrases
from bot.telegram.buttons import Manage, OpenArticle, pack
from bot.telegram.rendering.blocks import Block, Run, lines_of, part_of
from bot.telegram.rendering.characters import clean_line, credit_line, isolated, shorten
from bot.telegram.rendering.keyboards import close_button, rows_of
from bot.telegram.rendering.parts import Button, Part
from retrieval.index.articles import Placed
from retrieval.index.keys import short_key
from retrieval.types import Article, Match

MOST_FOUND = 8
"""Articles, or files of the bin, that one chooses from."""

_GAP = "\n\n"
_LONGEST_TITLE, _LONGEST_LINE = 120, 200
_TIME = "%Y-%m-%d %H:%M"


def render_choice(
    found: Sequence[Article | Match], verb: Literal["show", "remove"], phrases: Phrases
) -> Part:
    """Which of these articles is meant: a button for each of the first."""
    blocks = [Block((Run(phrases.which_of_these),))]
    buttons = []
    for number, one in enumerate(found[:MOST_FOUND], start=1):
        article_id = one.id if isinstance(one, Article) else one.article_id
        title = isolated(shorten(clean_line(one.title), _LONGEST_TITLE)) or phrases.untitled
        gap = _GAP if number == 1 else "\n"
        blocks.append(Block((Run(f"{number}. "), Run(title, bold=True)), gap))
        if credit := credit_line((one.date, one.byline, one.source)):
            blocks.append(Block((Run(shorten(credit, _LONGEST_LINE)),)))
        buttons.append(Button(str(number), pack(Manage("article", verb, short_key(article_id)))))
    return part_of(blocks, rows_of(buttons))


def render_placed(placed: Placed, changed: datetime.datetime | None, phrases: Phrases) -> Part:
    """An article with its file and when that was `changed`, to open or to remove."""
    key = short_key(placed.article.id)
    blocks = [*_about(placed, phrases)]
    if changed is not None:
        blocks.append(Block((Run(phrases.article_added), Run(changed.strftime(_TIME)))))
    whole = Button(phrases.full_text, pack(OpenArticle(key, "")))
    remove = Button(phrases.remove_article, pack(Manage("article", "remove", key)))
    return part_of(blocks, ((whole, remove),))


def render_removal(placed: Placed, phrases: Phrases) -> Part:
    """Whether an article is really to be removed, and what goes with it."""
    key = short_key(placed.article.id)
    blocks = [Block((Run(phrases.remove_asks),)), *_about(placed, phrases, _GAP)]
    gap = _GAP
    if placed.in_file > 1:
        blocks.append(Block((Run("⚠️ " + phrases.remove_many(placed.in_file)),), gap))
        gap = "\n"
    blocks.append(Block((Run(phrases.remove_keeps),), gap))
    yes = Button(phrases.remove_confirm, pack(Manage("article", "confirm", key)))
    no = Button(phrases.cancel, pack(Manage("article", "show", key)))
    return part_of(blocks, ((yes, no),))


def render_removed(binned: Binned, phrases: Phrases, *, reason: str = "") -> Part:
    """That a file is in the bin; `reason`: why the collection is not updated yet."""
    title = isolated(shorten(clean_line(binned.title), _LONGEST_TITLE)) or phrases.untitled
    text = phrases.removed.format(title=title, file=_line(binned.path))
    return part_of([*lines_of(text), *_not_reloaded(reason, phrases)])


def render_restored(path: str, phrases: Phrases, *, reason: str = "") -> Part:
    """That a file is back."""
    text = phrases.restored.format(file=_line(path))
    return part_of([*lines_of(text), *_not_reloaded(reason, phrases)])


def render_bin(binned: Sequence[Binned], zone: datetime.tzinfo, phrases: Phrases) -> Part:
    """What was removed last, with a button for each that brings it back."""
    blocks = [Block((Run(phrases.bin_head),))]
    buttons = []
    for number, one in enumerate(binned, start=1):
        title = isolated(shorten(clean_line(one.title), _LONGEST_TITLE)) or phrases.untitled
        gap = _GAP if number == 1 else "\n"
        blocks.append(Block((Run(f"{number}. "), Run(title, bold=True)), gap))
        at = datetime.datetime.fromisoformat(one.at).astimezone(zone).strftime(_TIME)
        many = phrases.articles(one.articles) if one.articles > 1 else ""
        credit = credit_line((at, many, one.path))
        blocks.append(Block((Run(shorten(credit, _LONGEST_LINE)),)))
        buttons.append(Button(str(number), pack(Manage("article", "restore", one.token))))
    return part_of(blocks, (*rows_of(buttons), (close_button(phrases),)))


def _about(placed: Placed, phrases: Phrases, gap: str = "\n") -> Iterator[Block]:
    article = placed.article
    title = isolated(shorten(clean_line(article.title), _LONGEST_TITLE)) or phrases.untitled
    yield Block((Run(title, bold=True),), gap)
    if credit := credit_line((article.byline, article.date, article.source)):
        yield Block((Run(shorten(credit, _LONGEST_LINE)),))
    yield Block((Run(phrases.article_file), Run(_line(placed.path))), _GAP)
    if article.id != placed.path:
        yield Block((Run(phrases.article_number), Run(_line(article.id))))
    size = credit_line((phrases.characters(len(article.text)), phrases.chunks(placed.chunks)))
    yield Block((Run(size),))


def _not_reloaded(reason: str, phrases: Phrases) -> Iterator[Block]:
    if reason:
        text = phrases.not_reloaded.format(reason=clean_line(reason))
        yield Block((Run(text),), _GAP)


def _line(text: str) -> str:
    return isolated(shorten(clean_line(text), _LONGEST_LINE))
