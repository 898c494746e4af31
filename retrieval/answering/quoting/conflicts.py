"""Reports that disagree, and which of them is the newer."""

import datetime
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from retrieval.folding import figure_values, find_dates, fold
from retrieval.questions.joined import is_joining
from retrieval.questions.kinds import EXACT, Kind, find_held
from retrieval.questions.question import Asked
from retrieval.ranking.ranking import Candidate

NEARLY_AS_GOOD = 0.2
"""A sentence counts beside the best when it is at least this share as likely to answer."""

_ARTICLES = frozenset({Decimal(0), Decimal(1)})
"""一只 is no figure that two reports agree in."""

_Thing = tuple[datetime.date, datetime.date] | Decimal | str


def leading(candidates: Sequence[Candidate], asked: Asked) -> Candidate:
    """The sentence to quote first: the best, or the newest of those that say as much.

    The newest where the question asks how things stand now. `candidates` come best first.
    """
    best = candidates[0]
    if not asked.present:
        return best
    rivals = [one for one in _best_of_others(best, candidates) if _says_as_much(one, best, asked)]
    return max([best, *rivals], key=_day)  # of equal days the first


def contradicting(
    lead: Candidate, candidates: Sequence[Candidate], asked: Asked
) -> list[Candidate]:
    """Sentences of other articles nearly as good that name another figure or date; best first.

    One for each figure. [] where the question asks for more than one thing, or for none of a kind
    that is told by its form.
    """
    kinds = tuple(EXACT & set(asked.kinds))
    if not kinds or asked.many or is_joining(asked.folded):
        return []  # of several things asked for two articles may each answer one
    named = [_things(lead, kinds, asked)]
    if not named[0]:
        return []
    others = []
    for one in _best_of_others(lead, candidates):
        theirs = _things(one, kinds, asked)
        if theirs and not any(_agree(known, theirs) for known in named):
            named.append(theirs)
            others.append(one)
    return others


def newest_first(
    chosen: Iterable[Candidate], order: Callable[[Candidate], tuple[int, ...]]
) -> list[Candidate]:
    """By the days of their articles, undated last; of one day in the order given."""
    return sorted(sorted(chosen, key=order), key=_day, reverse=True)


def _day(one: Candidate) -> datetime.date:
    return one.evidence.article.day or datetime.date.min


def _best_of_others(lead: Candidate, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best sentence of each other article, where it is nearly as good as the best of all."""
    seen = {lead.evidence.article.id}
    for one in candidates:
        share = math.exp(one.score - candidates[0].score)
        if share < NEARLY_AS_GOOD or one.features.fragment or one.evidence.article.id in seen:
            continue
        seen.add(one.evidence.article.id)
        yield one


def _says_as_much(one: Candidate, best: Candidate, asked: Asked) -> bool:
    """It names a thing of the kind asked for, unless the best names none either."""
    return bool(_held(one, asked.kinds, asked)) or not _held(best, asked.kinds, asked)


def _held(one: Candidate, kinds: Sequence[Kind], asked: Asked) -> list[tuple[Kind, int, int]]:
    return find_held(fold(one.evidence.quote), kinds, asked.folded)


def _things(one: Candidate, kinds: Sequence[Kind], asked: Asked) -> set[_Thing]:
    """What a sentence names of the kinds, in one form for all spellings."""
    folded = fold(one.evidence.quote)
    dates = find_dates(folded, one.evidence.article.day)
    things: set[_Thing] = set()
    for kind, start, end in _held(one, kinds, asked):
        if kind is Kind.DATE:
            things |= {
                (date.first, date.last) for date in dates if date.start < end and start < date.end
            }
        else:
            words = folded[start:end]
            things |= figure_values(words) or {words}
    return things - _ARTICLES


def _agree(own: set[_Thing], theirs: set[_Thing]) -> bool:
    return any(_same(one, other) for one in own for other in theirs)


def _same(one: _Thing, other: _Thing) -> bool:
    """Equal, or of two times one within the other: 3月 and 3月5日."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return one[0] <= other[0] <= other[1] <= one[1] or other[0] <= one[0] <= one[1] <= other[1]
    return one == other
