"""What changed from one collection of articles to another, with names."""

from contextlib import ExitStack, closing
from dataclasses import dataclass

from retrieval.index.articles import ArticleStore
from retrieval.index.generations import ARTICLES, Generations, Golden
from retrieval.jobs import Difference

NAMED = 20
"""Of the articles that came, that changed and that went, so many are named, the first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two generations side by side."""

    difference: Difference
    names: dict[str, str]
    """What the first of the articles that came, changed or went are called, by id."""
    chunks: int
    """Of the later generation."""
    golden: Golden | None
    """Of the later generation."""
    newly_failed: tuple[str, ...]
    """Golden questions that only the earlier one answered as it should."""
    first_failed: tuple[str, ...]
    """Golden questions that the earlier one was not asked, and the later one does not answer so."""


def compare(generations: Generations, before: str | None, after: str) -> Comparison:
    """What is otherwise in `after`; without a `before` all is new.

    Raises CollectionError when one of them is not kept any more or cannot be read.
    """
    with ExitStack() as stack:
        new = _opened(stack, generations, after)
        old = None if before is None else _opened(stack, generations, before)
        is_now = new.all_fingerprints()
        was = {} if old is None else old.all_fingerprints()
        difference = Difference(
            tuple(sorted(is_now.keys() - was.keys())),
            tuple(sorted(one for one in is_now.keys() & was.keys() if is_now[one] != was[one])),
            tuple(sorted(was.keys() - is_now.keys())),
            sum(1 for one, mark in is_now.items() if was.get(one) == mark),
        )
        manifest = generations.manifest(after)
        former = generations.manifest(before).golden if before else None
        passed = set(former.passed) if former else set()
        asked = passed | set(former.failed) if former else set()
        failed = manifest.golden.failed if manifest.golden else ()
        return Comparison(
            difference,
            names_of(difference, new, old),
            manifest.chunks,
            manifest.golden,
            tuple(one for one in failed if one in passed),
            tuple(one for one in failed if one not in asked),
        )


def names_of(difference: Difference, new: ArticleStore, old: ArticleStore | None) -> dict[str, str]:
    """What the first of the articles that came, changed or went are called, by id."""
    names = new.names([*difference.added[:NAMED], *difference.changed[:NAMED]])
    return names | (old.names(difference.removed[:NAMED]) if old else {})


def _opened(stack: ExitStack, generations: Generations, generation: str) -> ArticleStore:
    stack.enter_context(generations.reading(generation))
    path = generations.folder(generation) / ARTICLES
    return stack.enter_context(closing(ArticleStore(path)))
