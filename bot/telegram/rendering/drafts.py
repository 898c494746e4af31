"""Cards of what an admin sent: what was understood, and what can be done with it."""

from collections.abc import Iterator, Sequence
from typing import Literal

from bot.desk.drafts import A_LIST, Contents, Entry
from bot.desk.inbox import path_of
from bot.phrases import Phrases
from bot.reasons import told
from bot.telegram.buttons import Action, Manage, OpenArticle, pack
from bot.telegram.links import Links
from bot.telegram.rendering.blocks import Block, Run, lines_of, part_of
from bot.telegram.rendering.characters import clean, clean_line, credit_line, isolated, shorten
from bot.telegram.rendering.keyboards import rows_of, turning_rows
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.index.keys import short_key
from retrieval.types import Article, Problem

_GAP = "\n\n"
_FIELDS = ("kicker", "byline", "date", "source", "page", "column", "url")
_ALWAYS_SHOWN = frozenset(("byline", "date", "source"))
"""What most articles have: that one is missing should be seen."""

_LONGEST_FIELD, _LONGEST_TITLE, _LONGEST_BEGINNING = 200, 150, 240
_LONGEST_IN_LIST, _LONGEST_PLACE, _LONGEST_REASON = 100, 60, 150
_MOST_PROBLEMS = 6
_NONE = "—"


def render_reading(draft_id: int, name: str, phrases: Phrases) -> Part:
    """That a file is being read; it can be given up all the while."""
    text = phrases.draft_reading.format(name=isolated(shorten(clean_line(name), _LONGEST_TITLE)))
    return part_of([Block((Run(text),))], ((_button(draft_id, "discard", phrases),),))


def render_draft(draft_id: int, contents: Contents, phrases: Phrases, *, note: str = "") -> Part:
    """What was understood; `note` says what went wrong with it just now."""
    number = contents.shown
    if not contents.entries:
        blocks = [Block((Run(phrases.draft_nothing),))]
    elif number is not None:
        blocks = [*_article_blocks(contents, number, phrases)]
    else:
        blocks = [*_list_blocks(contents, phrases)]
    if contents.opened is None:
        blocks += _problem_blocks(contents.problems, phrases)
    if contents.entries:
        one = number is not None
        blocks += lines_of(phrases.draft_hint if one else phrases.draft_list_hint, _GAP)
    if note:
        blocks += lines_of(clean(note), _GAP)
    return part_of(blocks, _keyboard(draft_id, contents, phrases))


def render_note(text: str) -> Part:
    """A card on which nothing is to be done."""
    return part_of(list(lines_of(clean(text))))


def render_added(
    added: Sequence[Entry], problems: Sequence[Problem], phrases: Phrases, links: Links
) -> Part:
    """That these are in the collection, with a button for each of the first; what to look at."""
    blocks = [Block((Run(phrases.draft_added if added else phrases.draft_not_added),))]
    buttons = []
    for number, entry in enumerate(added[:A_LIST], start=1):
        opened = OpenArticle(short_key(path_of(entry.file)), "")
        title = Run(_title(entry.article, phrases), bold=True, url=links.to(opened))
        before = "" if len(added) == 1 else f"{number}. "
        blocks.append(Block((Run(before), title), _GAP if len(added) == 1 else "\n"))
        blocks.append(Block((Run(isolated(clean_line(path_of(entry.file)))),)))
        label = phrases.full_text if len(added) == 1 else str(number)
        buttons.append(Button(label, pack(opened)))
    if len(added) > A_LIST:
        blocks.append(Block((Run(phrases.and_more(len(added) - A_LIST)),)))
    blocks += _problem_blocks(problems, phrases)
    return part_of(blocks, rows_of(buttons))


def render_unfinished(draft_id: int, reason: str, phrases: Phrases) -> Part:
    """Why the articles are not in the collection yet, and a button to go on."""
    again = Button(phrases.draft_again, pack(Manage("inbox", "add", str(draft_id))))
    return part_of(list(lines_of(clean(reason))), ((again,),))


def _article_blocks(contents: Contents, number: int, phrases: Phrases) -> Iterator[Block]:
    entry = contents.entries[number]
    article = entry.article
    yield Block((Run(phrases.draft_head),))
    before = f"{number + 1}. " if len(contents.entries) > 1 else ""
    after = f"（{phrases.draft_left_out}）" if entry.is_left_out else ""
    yield Block((Run(before), Run(_title(article, phrases), bold=True), Run(after)), _GAP)
    for name in _FIELDS:
        value = shorten(clean_line(getattr(article, name)), _LONGEST_FIELD)
        if value or name in _ALWAYS_SHOWN:
            yield Block((Run(getattr(phrases, f"field_{name}")), Run(isolated(value) or _NONE)))
    beginning = shorten(clean(article.text).strip(), _LONGEST_BEGINNING)
    yield Block((Run(beginning),), _GAP, quoted=True)
    yield Block((Run(phrases.characters(len(article.text))),))
    if entry.duplicate is not None:
        yield _duplicate_block(entry, phrases)


def _list_blocks(contents: Contents, phrases: Phrases) -> Iterator[Block]:
    entries, page = contents.entries, list_page(contents)
    yield Block((Run(phrases.drafts_found(len(entries))),))
    for number in range(page * A_LIST, min(len(entries), (page + 1) * A_LIST)):
        entry = entries[number]
        article = entry.article
        title = shorten(_title(article, phrases), _LONGEST_IN_LIST)
        gap = _GAP if number == page * A_LIST else "\n"
        marks = [phrases.draft_left_out] if entry.is_left_out else []
        if entry.duplicate is not None:
            marks.append("⚠️")
        yield Block((Run(f"{number + 1}. "), Run(title, bold=not entry.is_left_out)), gap)
        credit = (
            article.byline,
            article.date,
            phrases.characters(len(article.text)),
            *marks,
        )
        yield Block((Run(shorten(credit_line(credit), _LONGEST_IN_LIST)),))


def _duplicate_block(entry: Entry, phrases: Phrases) -> Block:
    assert entry.duplicate is not None
    title = isolated(shorten(clean_line(entry.duplicate.title), _LONGEST_TITLE))
    named = credit_line((title or phrases.untitled, entry.duplicate.date))
    return Block((Run(phrases.draft_duplicate.format(title=named)),), _GAP)


def _problem_blocks(problems: Sequence[Problem], phrases: Phrases) -> Iterator[Block]:
    gap = _GAP
    if problems:
        yield Block((Run(phrases.draft_problems),), gap)
    for problem in problems[:_MOST_PROBLEMS]:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        place = isolated(shorten(clean_line(place), _LONGEST_PLACE))
        reason = shorten(clean_line(told(problem.reason, phrases)), _LONGEST_REASON)
        yield Block((Run(f"• {place}: {reason}" if place else f"• {reason}"),))
    if len(problems) > _MOST_PROBLEMS:
        yield Block((Run(phrases.and_more(len(problems) - _MOST_PROBLEMS)),))


def list_page(contents: Contents) -> int:
    """The page of the list that is shown, from 0; the last where there is none of that number."""
    return max(0, min(contents.page, _pages(contents) - 1))


def _pages(contents: Contents) -> int:
    return max(1, -(-len(contents.entries) // A_LIST))


def _keyboard(draft_id: int, contents: Contents, phrases: Phrases) -> Keyboard:
    discard = _button(draft_id, "discard", phrases)
    if not contents.entries:
        return ((discard,),)
    rows: list[tuple[Button, ...]] = []
    number, many = contents.shown, len(contents.entries)
    if number is None:
        page = list_page(contents)
        shown = range(page * A_LIST, min(many, (page + 1) * A_LIST))
        rows += rows_of(
            [Button(str(one + 1), pack(_action(draft_id, "open", one))) for one in shown]
        )
        rows += turning_rows(page, _pages(contents), lambda one: _action(draft_id, "list", one))
    elif many > 1:
        back = Button(phrases.draft_back, pack(_action(draft_id, "list", number // A_LIST)))
        is_out = contents.entries[number].is_left_out
        label = phrases.draft_take if is_out else phrases.draft_leave_out
        toggle = pack(_action(draft_id, "take" if is_out else "drop", number))
        rows.append((back, Button(label, toggle)))
    if chosen := len(contents.chosen):
        label = phrases.draft_add if many == 1 else phrases.draft_add_all(chosen)
        add = Button(label, pack(Manage("inbox", "add", str(draft_id))))
        rows.append((add, discard))
    else:
        rows.append((discard,))
    if contents.is_own_text:
        rows.append((_button(draft_id, "question", phrases),))
    return tuple(rows)


def _button(draft_id: int, verb: Literal["discard", "question"], phrases: Phrases) -> Button:
    label = phrases.draft_discard if verb == "discard" else phrases.draft_question
    return Button(label, pack(Manage("inbox", verb, str(draft_id))))


def _action(draft_id: int, verb: str, number: int) -> Action:
    return Manage("inbox", verb, f"{draft_id}.{number}")


def _title(article: Article, phrases: Phrases) -> str:
    title = shorten(clean_line(article.title), _LONGEST_TITLE)
    return isolated(title) or phrases.untitled
