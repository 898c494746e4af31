"""Altered sentences about the shipped corpus do not reach a reader, faithful ones do."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from retrieval.answering.checking import Checker, Source
from retrieval.answering.claims import read_claims
from retrieval.answering.quoting.sources import sources_of
from retrieval.answering.statements import Statement
from retrieval.embedding import LocalEmbedder
from retrieval.index.collection import Collection
from retrieval.index.generations import Generations
from retrieval.types import Chunk, Passage

SETS = Path(__file__).parent / "checking"
EMBEDDER = LocalEmbedder()

OWN, OTHERS = 4, 6
"""At most so many chunks of the article, and so many of others, each of another one."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence as a chat model would write it.

    `fact` are words of the article that stand in the passage which the sentence cites.
    """

    id: str
    question: str
    article_id: str
    claim: str
    fact: str
    kind: str


def read(name: str) -> list[Case]:
    lines = (SETS / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [Case(**json.loads(line)) for line in lines]


ALTERED, FAITHFUL = read("altered"), read("faithful")


@dataclass(frozen=True, slots=True)
class Cited:
    """What the model was given for a case, and the number of the passage with the fact."""

    case: Case
    sources: tuple[Source, ...]
    number: int

    @property
    def wrong_number(self) -> int:
        """A passage of another article."""
        return next(
            number
            for number, source in enumerate(self.sources, start=1)
            if source.article.id != self.case.article_id
        )

    def statements(self, mark: str) -> list[Statement | None]:
        """What the check makes of the claim with the mark behind it; nothing where it fails."""
        claims = read_claims(f"{self.case.claim}{mark}")
        checker = Checker(self.sources, EMBEDDER.embed_query, self.case.question)
        return [checker.check(claim) for claim in claims]


@pytest.fixture(scope="module")
def collection(corpus_data_dir: Path) -> Iterator[Collection]:
    generations = Generations(corpus_data_dir)
    live = generations.require_live()
    opened = Collection(generations.folder(live), generations.manifest(live))
    yield opened
    opened.close()


def cited(collection: Collection, case: Case) -> Cited:
    chance = random.Random(case.id)
    chunks = list(collection.articles.chunks(collection.articles.chunk_ordinals()).values())
    own = [one for one in chunks if one.article_id == case.article_id]
    (right,) = (one for one in own if case.fact in one.text)
    rest = [one for one in own if one is not right]
    given = [right, *chance.sample(rest, min(OWN - 1, len(rest))), *others(case, chunks, chance)]
    chance.shuffle(given)
    passages = [Passage(chunk, rank, 1 / rank, 0.9) for rank, chunk in enumerate(given, start=1)]
    sources = sources_of(collection, passages)
    (number,) = (
        number
        for number, source in enumerate(sources, start=1)
        if source.article.id == case.article_id
        and case.fact in source.article.text[source.start : source.end]
    )
    return Cited(case, sources, number)


def others(case: Case, chunks: Sequence[Chunk], chance: random.Random) -> list[Chunk]:
    names = sorted({one.article_id for one in chunks} - {case.article_id})
    return [
        chance.choice([one for one in chunks if one.article_id == name])
        for name in chance.sample(names, OTHERS)
    ]


@pytest.fixture(scope="module")
def altered(collection: Collection) -> list[Cited]:
    return [cited(collection, case) for case in ALTERED]


@pytest.fixture(scope="module")
def faithful(collection: Collection) -> list[Cited]:
    return [cited(collection, case) for case in FAITHFUL]


def passes(given: Cited, mark: str) -> bool:
    """Whether the whole claim is kept, with evidence of its own article only."""
    statements = given.statements(mark)
    evidence = [one for made in statements if made is not None for one in made.evidence]
    return None not in statements and all(
        one.article.id == given.case.article_id for one in evidence
    )


def is_caught(given: Cited) -> bool:
    return not any(given.statements(f"[{given.number}]"))


def share(
    name: str,
    given: Sequence[Cited],
    is_good: Callable[[Cited], bool],
    tell: Callable[[str], None],
) -> float:
    """How many are good, which is told with the kinds and ids of the rest."""
    bad = [one.case for one in given if not is_good(one)]
    kinds = Counter(one.case.kind for one in given)
    of_bad = Counter(one.kind for one in bad)
    good = 1 - len(bad) / len(given)
    tell(f"{name}: {len(given) - len(bad)} of {len(given)} ({good:.1%})")
    if bad:
        tell("  not " + ", ".join(f"{kind} {n}/{kinds[kind]}" for kind, n in of_bad.most_common()))
        tell("  not " + " ".join(one.id for one in bad))
    return good


def test_altered_sentences_are_caught(altered: list[Cited], tell: Callable[[str], None]) -> None:
    caught = share("altered sentences caught", altered, is_caught, tell)
    assert caught >= 0.95


def test_faithful_sentences_pass(faithful: list[Cited], tell: Callable[[str], None]) -> None:
    passed = share(
        "faithful sentences passed",
        faithful,
        lambda one: passes(one, f"[{one.number}]"),
        tell,
    )
    assert passed >= 0.95


def test_faithful_sentences_that_cite_another_article_are_cited_to_their_own(
    faithful: list[Cited], tell: Callable[[str], None]
) -> None:
    passed = share(
        "faithful sentences passed with a wrong number",
        faithful,
        lambda one: passes(one, f"[{one.wrong_number}]"),
        tell,
    )
    assert passed >= 0.9


def test_faithful_sentences_that_cite_nothing_are_cited(
    faithful: list[Cited], tell: Callable[[str], None]
) -> None:
    passed = share(
        "faithful sentences passed with no number", faithful, lambda one: passes(one, ""), tell
    )
    assert passed >= 0.9


def test_the_sets_are_large_and_cover_every_article() -> None:
    articles = {path.name for path in (SETS.parent.parent / "corpus").glob("*-*.md")}
    for cases in (ALTERED, FAITHFUL):
        per_article = Counter(case.article_id for case in cases)
        assert len(cases) >= 75
        assert len({case.id for case in cases}) == len(cases)
        assert set(per_article) == articles
        assert min(per_article.values()) >= 6
