"""What readers did not get, a page of it."""

import datetime
import zoneinfo
from collections.abc import Iterator

from bot.desk.board import Gaps
from bot.desk.gap_table import kinds
from bot.desk.gaps import MOST, Gap
from bot.phrases import Phrases
from bot.telegram.buttons import Manage, OpenArticle, Reason, pack
from bot.telegram.links import Links
from bot.telegram.rendering.blocks import Block, Run, part_of
from bot.telegram.rendering.characters import clean_line, isolated, shorten
from bot.telegram.rendering.keyboards import turning_rows
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.index.keys import short_key
from retrieval.types import NearestArticle

GAPS_A_PAGE = 5
_GAP = "\n\n"
_LONGEST_LABEL, _LONGEST_EXAMPLE, _LONGEST_TITLE, _LONGEST_BUTTON = 120, 60, 40, 20
_MOST_REASONS = 2


def gaps_page_of(position: int) -> int:
    """The page, from 0, on which the gap of a number, from 0, stands."""
    return position // GAPS_A_PAGE


def render_gaps(
    found: Gaps,
    page: int,
    zone: zoneinfo.ZoneInfo,
    phrases: Phrases,
    links: Links,
    *,
    closed: Gap | None = None,
) -> Part:
    """A page of the gaps, the last one where there is none of that number.

    With a button to undo the closing of the one that was just `closed`.
    """
    undo = () if closed is None else ((_undo(closed, phrases),),)
    if not found.gaps:
        return part_of([Block((Run(phrases.gaps_none),))], undo)
    pages = gaps_page_of(len(found.gaps) - 1) + 1
    page = min(page, pages - 1)
    first = page * GAPS_A_PAGE
    shown = found.gaps[first : first + GAPS_A_PAGE]
    blocks = [Block((Run(line),)) for line in _head(found, phrases)]
    for number, gap in enumerate(shown, start=first + 1):
        blocks += _entry(number, gap, zone, phrases, links)
    blocks.append(Block((Run(phrases.gaps_hint),), _GAP))
    closing = tuple(
        Button(f"✓ {number}", pack(Manage("gaps", "close", f"{page}.{_number(gap)}")))
        for number, gap in enumerate(shown, start=first + 1)
    )

    def turned(to: int) -> Manage:
        return Manage("gaps", "page", f"{to}.{_number(found.gaps[to * GAPS_A_PAGE])}")

    export = Button(phrases.gaps_export, pack(Manage("gaps", "export")))
    keyboard: Keyboard = (closing, *turning_rows(page, pages, turned), *undo, (export,))
    return part_of(blocks, keyboard)


def _head(found: Gaps, phrases: Phrases) -> Iterator[str]:
    yield phrases.gaps_head.format(
        groups=phrases.gap_groups(len(found.gaps)), times=phrases.times(found.times)
    )
    if not found.by_meaning:
        yield phrases.gaps_by_words
    if not found.is_all:
        yield phrases.gaps_newest.format(count=f"{MOST:,}")


def _entry(
    number: int, gap: Gap, zone: zoneinfo.ZoneInfo, phrases: Phrases, links: Links
) -> Iterator[Block]:
    yield Block((Run(f"{number}. "), Run(_line(gap.label, _LONGEST_LABEL), bold=True)), _GAP)
    asked = [phrases.times(gap.times), phrases.people(gap.people), *kinds(gap, phrases)]
    yield Block((Run(" · ".join([*asked, *_reasons(gap, phrases)])),))
    yield Block((Run(_since(gap.first.astimezone(zone), gap.last.astimezone(zone), phrases)),))
    for example in gap.examples:
        yield Block((Run(f"– {_line(example, _LONGEST_EXAMPLE)}"),))
    if gap.articles:
        runs = [Run(phrases.gap_articles)]
        for position, article in enumerate(gap.articles):
            runs += [Run(phrases.comma if position else ""), _title(article, phrases, links)]
        yield Block(tuple(runs))


def _title(article: NearestArticle, phrases: Phrases, links: Links) -> Run:
    address = links.to(OpenArticle(short_key(article.article_id), ""))
    return Run(_line(article.title, _LONGEST_TITLE) or phrases.untitled, url=address)


def _reasons(gap: Gap, phrases: Phrases) -> Iterator[str]:
    """What readers found wrong, of what can be chosen."""
    labels = {
        Reason.MISSES_QUESTION: phrases.misses_question,
        Reason.UNFAITHFUL: phrases.unfaithful,
        Reason.INCOMPLETE: phrases.incomplete,
        Reason.WRONG_ARTICLE: phrases.wrong_article,
    }
    chosen = [(Reason(name), count) for name, count in gap.reasons if name in list(Reason)]
    for reason, count in chosen[:_MOST_REASONS]:
        yield f"{labels[reason]} {count}"


def _since(first: datetime.datetime, last: datetime.datetime, phrases: Phrases) -> str:
    if first.date() == last.date():
        return f"{first:%Y-%m-%d}"
    return phrases.gap_since.format(first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")


def _undo(gap: Gap, phrases: Phrases) -> Button:
    label = phrases.gap_undo.format(label=_line(gap.label, _LONGEST_BUTTON))
    return Button(label, pack(Manage("gaps", "reopen", str(_number(gap)))))


def _number(gap: Gap) -> int:
    """The message that stands for the gap in buttons."""
    return gap.questions[0].message_id


def _line(text: str, room: int) -> str:
    return isolated(shorten(clean_line(text), room)) or "…"
