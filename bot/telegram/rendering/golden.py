"""What has become of the golden questions, and how far asking them has come."""

import datetime
import zoneinfo
from collections.abc import Iterator, Sequence

from bot.desk.examining import Asked, Examined, Failure
from bot.phrases import Counted, Phrases
from bot.reasons import told
from bot.telegram.buttons import OpenArticle
from bot.telegram.buttons import pack as pack_action
from bot.telegram.rendering.answers import render_text
from bot.telegram.rendering.blocks import Block, Run, lines_of, pack, part_of
from bot.telegram.rendering.characters import clean, clean_line, isolated, shorten
from bot.telegram.rendering.keyboards import rows_of
from bot.telegram.rendering.parts import Button, Part
from retrieval.evaluation import GoldenQuestion
from retrieval.index.keys import short_key
from retrieval.types import Problem

_GAP = "\n\n"
_SHOWN = 20
"""Questions, and lines of the file, of one kind."""

_LONGEST_QUESTION, _LONGEST_LINE, _LONGEST_TITLE = 200, 200, 60
_LONGEST_ASKED, _LONGEST_WORD = 60, 190
"""Telegram cuts the word on a tap after 200."""


def render_asked(asked: Asked | None, phrases: Phrases) -> Part:
    """How far it has come; None: it has just begun."""
    if asked is None:
        text = phrases.golden_begun
    elif asked.former:
        text = phrases.golden_comparing.format(done=asked.done, total=asked.total)
    else:
        text = phrases.golden_asking.format(done=asked.done, total=asked.total)
    return part_of([Block((Run(text),))])


def render_examined(examined: Examined, phrases: Phrases, timezone: str) -> list[Part]:
    """What is right, what is not, and what of that is new; buttons open the articles expected."""
    if not examined.total:
        return pack([*lines_of(phrases.golden_none), *_problems(examined.problems, phrases)])
    broke = [one for one in examined.failures if one.was_right]
    still = [one for one in examined.failures if one.was_right is False]
    others = [one for one in examined.failures if one.was_right is None]
    result = phrases.golden_result.format(passed=examined.passed, total=examined.total)
    blocks = [Block((Run(result, bold=True),)), *_since(examined.former, phrases, timezone)]
    if not broke and examined.former is not None:
        blocks.append(Block((Run(phrases.golden_nothing_broke),)))
    shown: list[Failure] = []
    for failures, heading in (
        (broke, phrases.golden_broke),
        (others, phrases.golden_wrong),
        (still, phrases.golden_still),
    ):
        blocks += _section(failures, heading, len(shown) + 1, phrases)
        shown += failures[:_SHOWN]
    blocks += _mended(examined.mended, phrases)
    blocks += _problems(examined.problems, phrases)
    buttons = [
        Button(str(number), pack_action(OpenArticle(short_key(one.expected), "")))
        for number, one in enumerate(shown, start=1)
        if one.expected is not None and one.title is not None
    ]
    return pack(blocks, rows_of(buttons))


def render_not_examined(reason: str, phrases: Phrases) -> list[Part]:
    """Why nothing came of it."""
    return render_text(phrases.golden_stopped.format(reason=told(reason, phrases)))


def word_on_added(golden: GoldenQuestion, title: str, phrases: Phrases) -> str:
    """That an answer is a golden question now, and what has to be in the next ones."""
    if golden.article_id is None:
        asks = phrases.golden_must_refuse
    elif golden.require:
        asks = phrases.golden_must_hold.format(words=_words(golden.require))
    else:
        asks = phrases.golden_must_cite.format(title=clean_line(title) or phrases.untitled)
    question = shorten(clean_line(golden.question), _LONGEST_ASKED)
    return shorten(f"{phrases.golden_added}\n{question}\n{asks}", _LONGEST_WORD)


def _since(former: str | None, phrases: Phrases, timezone: str) -> Iterator[Block]:
    if former is None:
        yield Block((Run(phrases.golden_first),))
        return
    made = datetime.datetime.fromisoformat(former).astimezone(zoneinfo.ZoneInfo(timezone))
    when = made.strftime("%Y-%m-%d %H:%M")
    yield Block((Run(phrases.golden_since.format(when=when)),))


def _section(
    failures: Sequence[Failure], heading: Counted, first: int, phrases: Phrases
) -> Iterator[Block]:
    if not failures:
        return
    yield Block((Run(heading(len(failures)), bold=True),), _GAP)
    for number, one in enumerate(failures[:_SHOWN], start=first):
        question = isolated(shorten(clean_line(one.question), _LONGEST_QUESTION))
        yield Block((Run(f"{number}. {question} · {clean_line(one.id)}"),), _GAP)
        yield from (_line(text) for text in _expected(one, phrases))
        if one.refused:
            yield _line(phrases.golden_refused)
        else:
            yield _line(phrases.golden_answered.format(text=clean_line(one.text)))
    yield from _more(len(failures))


def _expected(failure: Failure, phrases: Phrases) -> Iterator[str]:
    if failure.expected is None:
        yield phrases.golden_expected_refusal
        return
    if failure.require:
        yield phrases.golden_expected.format(words=_words(failure.require))
    if failure.title is None:
        yield phrases.golden_article_gone.format(id=clean_line(failure.expected))
    elif failure.expected not in failure.cited:
        title = shorten(clean_line(failure.title), _LONGEST_TITLE) or phrases.untitled
        yield phrases.golden_expected_article.format(title=title)


def _words(require: Sequence[Sequence[str]]) -> str:
    return clean_line(" + ".join("/".join(group) for group in require))


def _mended(mended: Sequence[tuple[str, str]], phrases: Phrases) -> Iterator[Block]:
    if mended:
        yield Block((Run(phrases.golden_mended(len(mended)), bold=True),), _GAP)
        for id_, question in mended[:_SHOWN]:
            yield _line(f"• {isolated(clean_line(question))} · {clean_line(id_)}")
        yield from _more(len(mended))


def _problems(problems: Sequence[Problem], phrases: Phrases) -> Iterator[Block]:
    if problems:
        yield Block((Run(phrases.golden_problems, bold=True),), _GAP)
        for one in problems[:_SHOWN]:
            bad = phrases.golden_bad_line.format(line=one.line)
            yield _line(f"• {bad if one.line else clean(told(one.reason, phrases))}")
        yield from _more(len(problems))


def _more(many: int) -> Iterator[Block]:
    if many > _SHOWN:
        yield _line(f"… +{many - _SHOWN}")


def _line(text: str) -> Block:
    return Block((Run(shorten(text, _LONGEST_LINE)),))
