"""A golden question made of an answer that was given to somebody."""

import hashlib
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby

from bot.store import KeptAnswer
from retrieval.evaluation import GoldenQuestion, is_passed, is_right
from retrieval.folding import canonical, find_dates, fold, fold_with_origins
from retrieval.questions.kinds import EXACT, Kind, find_held
from retrieval.questions.question import Asked, is_chinese, read_question
from retrieval.types import Citation, Span
from retrieval.words import PERSON_TAGS, Word, content_words, persons_of, placed_words

FROM_LIFE = "life-"
"""What the ids of these questions begin with."""

_MOST = 6
"""Things that an answer must hold; more would ask for its wording."""

_ALTERNATIVES = 3
_FEWEST_ITEMS = 4
"""Of a list that the question does not ask for by a word such as 哪些."""

_AMOUNTS = EXACT - {Kind.DATE, Kind.NAMED}
_BY_FORM = (*_AMOUNTS, Kind.NAMED, Kind.WORK)
_TAGS = {
    Kind.PERSON: PERSON_TAGS,
    Kind.PLACE: frozenset({"ns"}),
    Kind.ORGANISATION: frozenset({"nt"}),
}
_THINGS = ("n", "vn", "l", "j", "i")
"""What the tags of words begin with that name things."""

_PERCENT = re.compile("%|％")
_BARE = re.compile("[0-9０-９〇零一二两三四五六七八九十百千万亿余多]$")
_UNIT = re.compile("平方(?:公里|千米|米)?|公里|千米|分钟|小时|[万亿]?元|[余多]?[一-鿿]")
_IN_A_CODE = re.compile("[a-z/]$")
"""D122/3 is no amount."""

_CLAUSE = re.compile(r"[^，,。；;：:！!？?\n]+")
_TITLED = re.compile("《[^《》\n]{1,40}》|“[^“”\n]{1,20}”|「[^「」\n]{1,20}」")
_MARKS = "《》“”「」"
_ITEM = re.compile(
    "[^、，。；：“”和及与]{2,20}(?=[、和及与])|(?<=[、和及与])[^、，。；：“”和及与]{2,20}"
)
_LEADING = re.compile("^.*(?:[是有为]|包括|例如|比如)(?=.)")
_SUMMED_UP = re.compile("等.*$")
_SHORTEST, _LONGEST_ITEM, _LONGEST, _LONGEST_IN_LETTERS = 3, 8, 12, 40
"""Characters."""

_TELLING_DIGITS = 3
"""So many are a requirement without what they count."""

Group = tuple[str, ...]


def golden_of(kept: KeptAnswer, timezone: str) -> GoldenQuestion:
    """The question that this answer is right for; it passes.

    The day it was asked belongs to it where it is counted from there: 昨天, 3月5日.
    """
    question = (kept.standalone or kept.question).strip()
    day = kept.asked_at.astimezone(zoneinfo.ZoneInfo(timezone)).date()
    dates = find_dates(fold(question), day)
    golden = GoldenQuestion(
        id=golden_id(question),
        question=question,
        article_id=kept.citations[0].article_id if kept.citations and not kept.refused else None,
        require=(),
        asked_at=None if all(one.explicit for one in dates) else day,
    )
    if golden.article_id is None:
        return golden
    cited = [one for one in kept.citations if one.article_id == golden.article_id]
    require = required(read_question(question, day), kept.text, cited)
    stricter = replace(golden, require=require)
    return stricter if is_passed(stricter, kept) else golden


def golden_id(question: str) -> str:
    """The same for the same question, however it is spaced and in whichever script."""
    spelt = "".join(fold(question).split())
    return FROM_LIFE + hashlib.sha256(spelt.encode("utf-8", "replace")).hexdigest()[:8]


def required(asked: Asked, text: str, cited: Sequence[Citation]) -> tuple[Group, ...]:
    """What an answer must hold of the quotations to be right, as far as this one does.

    The figure, day or name that is asked for, those among which it cannot be told as alternatives;
    else the items of a list; else words of the quotation that are not the question's own.
    """
    closest = max(cited, key=lambda one: _shared(asked, fold(one.quote))).quote
    exact = [*_fields(asked, cited), *_of_kinds(asked, cited)]
    for groups in (exact, _listed(asked, cited), _told(asked, closest), _piece(asked, closest)):
        held = (tuple(one for one in group if is_right(text, [[one]])) for group in groups)
        kept = [group for group, here in zip(groups, held, strict=True) if here]
        if kept:
            return tuple(dict.fromkeys(kept))[:_MOST]
    return ()


def _fields(asked: Asked, cited: Iterable[Citation]) -> Iterator[Group]:
    for citation in cited:
        if citation.field == "byline" and (names := persons_of(fold(citation.quote))):
            yield from ((name,) for name in names)
        elif citation.field == asked.field:
            yield (citation.quote,)


def _of_kinds(asked: Asked, cited: Iterable[Citation]) -> list[Group]:
    """For each kind that is asked for what stands among most words of the question."""
    found: dict[Kind, list[tuple[int, Group]]] = {}
    for quote in (one.quote for one in cited if one.field == "text"):
        folded = fold_with_origins(quote)
        for kind, start, end in _held(asked, folded.text):
            span = folded.original(start, end)
            spelt = _spelt(quote, span, is_amount=kind in _AMOUNTS)
            place = _shared(asked, folded.text) + _shared(asked, _clause(folded.text, start))
            if spelt not in (group for _, group in found.setdefault(kind, [])):
                found[kind].append((place, spelt))
    groups: list[Group] = []
    for placed in found.values():
        most = max(place for place, _ in placed)
        best = [group for place, group in placed if place == most]
        groups += best if asked.many else [tuple(dict.fromkeys(chain.from_iterable(best)))]
    return groups


def _held(asked: Asked, folded: str) -> Iterator[tuple[Kind, int, int]]:
    """What a quotation holds of the kinds that are told by their form, or are names."""
    taken = 0
    by_form = [kind for kind in asked.kinds if kind in _BY_FORM]
    for kind, start, end in sorted(
        find_held(folded, by_form, asked.folded), key=lambda one: (one[1], -one[2])
    ):
        if start >= taken and not _IN_A_CODE.search(folded, 0, start):
            taken = end
            yield kind, start, end
    if Kind.DATE in asked.kinds:
        for one in find_dates(folded, asked.at):
            if folded[one.start : one.end] not in asked.folded:
                yield Kind.DATE, one.start, one.end
    for word in placed_words(folded):
        for kind, tags in _TAGS.items():
            if kind in asked.kinds and word.tag in tags and word.text not in asked.folded:
                yield kind, word.start, word.start + len(word.text)


def _spelt(quote: str, span: Span, *, is_amount: bool) -> Group:
    """As it is printed, an amount with what it counts, and in its one spelling."""
    words = quote[span.start : span.end]
    if is_amount and (unit := _PERCENT.match(quote, span.end)):
        words += unit[0]
    elif is_amount and _BARE.search(words) and sum(map(str.isdigit, words)) < _TELLING_DIGITS:
        unit = _UNIT.match(quote, span.end)
        words += unit[0] if unit else ""
    return tuple(dict.fromkeys((words, canonical(words).text)))


def _shared(asked: Asked, folded: str) -> int:
    """How many words of the question stand in a text."""
    words = {word for word in content_words(asked.folded) if len(word) > 1}
    return sum(word in folded for word in words.union(asked.counted))


def _clause(folded: str, at: int) -> str:
    clauses = (one[0] for one in _CLAUSE.finditer(folded) if one.start() <= at < one.end())
    return next(clauses, "")


def _listed(asked: Asked, cited: Iterable[Citation]) -> list[Group]:
    """The items of the longest list that is quoted."""
    if not asked.many and Kind.LIST not in asked.kinds:
        return []
    items = max((_items(asked, one.quote) for one in cited), key=len)
    fewest = 2 if Kind.LIST in asked.kinds else _FEWEST_ITEMS
    return [(item,) for item in items] if len(items) >= fewest else []


def _items(asked: Asked, quote: str) -> list[str]:
    titled = [one.strip(_MARKS) for one in _TITLED.findall(quote)]
    items = titled if len(titled) > 1 else [_cut(one) for one in _ITEM.findall(quote)]
    return [
        one
        for one in dict.fromkeys(items)
        if _SHORTEST <= len(one) <= _LONGEST_ITEM and fold(one) not in asked.folded
    ]


def _cut(item: str) -> str:
    """An item of a list without what leads to it and what sums it up."""
    return _SUMMED_UP.sub("", _LEADING.sub("", item)) or item


def _told(asked: Asked, quote: str) -> list[Group]:
    """The longest things that a quotation tells of and the question does not."""
    folded = fold_with_origins(quote)
    titled = [one[0].strip(_MARKS) for one in _TITLED.finditer(quote)]
    runs: list[str] = []
    for is_thing, words in groupby(placed_words(folded.text), key=lambda one: _is_new(asked, one)):
        if is_thing:
            run = list(words)
            span = folded.original(run[0].start, run[-1].start + len(run[-1].text))
            runs.append(quote[span.start : span.end])
    told = [one for one in titled if fold(one) not in asked.folded]
    told += sorted((one for one in runs if len(one) >= _SHORTEST), key=len, reverse=True)
    usable = [one for one in dict.fromkeys(told) if len(one) <= _LONGEST]
    return [tuple(usable[:_ALTERNATIVES])] if usable and is_chinese(quote) else []


def _is_new(asked: Asked, word: Word) -> bool:
    return word.tag.startswith(_THINGS) and word.text not in asked.folded


def _piece(asked: Asked, quote: str) -> list[Group]:
    """The run of whole words within a clause that says most which the question does not."""
    room = _LONGEST if is_chinese(quote) else _LONGEST_IN_LETTERS
    folded = fold_with_origins(quote)
    telling = set(content_words(folded.text))
    best, piece = 0, ""
    for clause in _CLAUSE.finditer(folded.text):
        words = placed_words(clause[0])
        for first, word in enumerate(words):
            new = 0
            for last in words[first:]:
                end = last.start + len(last.text)
                if end - word.start > room:
                    break
                if last.text in telling and last.text not in asked.folded:
                    new += len(last.text)
                if new > best:
                    at = clause.start()
                    span = folded.original(at + word.start, at + end)
                    best, piece = new, quote[span.start : span.end]
    return [(piece,)] if piece else []
