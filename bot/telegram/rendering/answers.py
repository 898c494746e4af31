"""An Answer, and what is written of one so far, to messages."""

import re
from collections.abc import Iterable, Iterator

from bot.phrases import Phrases, duration, introduction, left_open, notice
from bot.telegram.bounds import Bound, Wait
from bot.telegram.links import Links
from bot.telegram.rendering.blocks import LIMIT, Block, Run, lines_of, link, pack, part_of
from bot.telegram.rendering.characters import (
    clean,
    clean_line,
    credit_line,
    cut,
    is_blank,
    isolated,
    shorten,
    utf16_length,
)
from bot.telegram.rendering.keyboards import (
    answer_keyboard,
    language_keyboard,
    opening,
    stop_keyboard,
)
from bot.telegram.rendering.parts import Part
from retrieval.types import Answer, Citation, NearestArticle, Partial

_GAP = "\n\n"
_MARK = re.compile(r"(\[[0-9]{1,5}\])")
_MORE = " …"
_LONGEST_REMINDER = 60
"""Of a headline over the rest of a quotation."""


def render(
    answer: Answer,
    phrases: Phrases,
    links: Links,
    *,
    answer_id: int | None = None,
    golden: bool = False,
) -> list[Part]:
    """The messages of an answer: its text, then each citation as a quotation that unfolds.

    The number of a citation is a link that opens it, wherever the message is passed on to.
    After the text stands that it was stopped, which parts of the question it leaves open, and why
    no model wrote it. Under the last message are buttons for citations, offered articles and, with
    the id of the kept answer, its rating, beside which it can be made a `golden` question. An
    answer that was stopped is not rated.
    """
    stopped = phrases.stopped if answer.stopped else ""
    remarks = (stopped, left_open(answer, phrases), notice(answer, phrases))
    lines = (introduction(answer, phrases), _marked_text(answer.text), *map(clean, remarks))
    blocks = list(lines_of("\n".join(filter(None, lines))))
    if answer.refused and answer.nearest:
        blocks += _nearest(answer.nearest, phrases)
    blocks += (quotation(citation, phrases, links) for citation in answer.citations)
    return pack(blocks, answer_keyboard(answer, answer_id, golden=golden))


def render_text(text: str) -> list[Part]:
    """The messages of a text without markup."""
    return pack(lines_of(clean(text)))


def render_preview(partial: Partial, phrases: Phrases, *, update_id: int) -> Part:
    """What is written so far in one message, with a button that ends the writing."""
    text = _marked_text(partial.text).strip()
    if is_blank(text):
        shown = phrases.thinking
    else:
        shown = text[: cut(text, LIMIT - utf16_length(_MORE))] + _MORE
    return part_of([Block((Run(shown),))], stop_keyboard(update_id, phrases))


def render_queued(ahead: int, phrases: Phrases) -> Part:
    """How many questions are to be answered before this one."""
    return part_of([Block((Run(phrases.queued(ahead)),))])


def render_wait(wait: Wait, phrases: Phrases) -> list[Part]:
    """Why a question may not be asked now, and how long that lasts."""
    text = {
        Bound.OWN_RATE: phrases.own_rate_reached,
        Bound.CHAT_RATE: phrases.chat_rate_reached,
        Bound.OWN_DAY: phrases.own_day_spent,
        Bound.CHAT_DAY: phrases.chat_day_spent,
    }[wait.bound]
    return render_text(text.format(most=wait.most, wait=duration(wait.seconds, phrases)))


def render_languages(phrases: Phrases, chosen: str) -> Part:
    """The choice of a language."""
    return part_of([Block((Run(phrases.which_language),))], language_keyboard(phrases, chosen))


def _marked_text(text: str) -> str:
    """The text of an answer; what runs from right to left in a sentence ends before its marks."""
    return "".join(clean(piece) for piece in _MARK.split(text))


def _nearest(articles: Iterable[NearestArticle], phrases: Phrases) -> Iterator[Block]:
    yield Block((Run(phrases.nearest),), _GAP)
    for number, article in enumerate(articles, start=1):
        title = isolated(clean_line(article.title)) or phrases.untitled
        date = clean_line(article.date)
        yield Block((Run(f"{number}. {title} ({date})" if date else f"{number}. {title}"),))


def quotation(citation: Citation, phrases: Phrases, links: Links) -> Block:
    """A citation with headline, credit and link; what it quotes unfolds."""
    number, title = f"[{citation.number}]", clean_line(citation.title) or phrases.untitled
    quote = clean(citation.quote)
    credit = (citation.byline, citation.date, citation.source)
    below = credit_line(one for one in credit if one != citation.quote)
    lines = "".join(f"\n{line}" for line in (below, quote) if line)
    headline = Run(isolated(title), bold=True, url=link(citation.url))
    reminder = f"{number} " + isolated(shorten(title, _LONGEST_REMINDER)) + phrases.continued
    return Block(
        (
            Run(number, bold=True, url=links.to(opening(citation))),
            Run(" ", bold=True),
            headline,
            Run(lines),
        ),
        _GAP,
        quoted=True,
        head=(Run(reminder, bold=True), Run("\n")),
    )
