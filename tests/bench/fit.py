"""`make fit`: the weights of retrieval/ranking/weights.json, from questions with known answers.

Every question of the fitting sets is asked over all their articles together, with and without
those that answer it. Two models are fitted on what is found, both linear, each weight held to the
sign that its feature must have:

- `order` (which sentence answers): the likelihood that a sentence with the answer comes first
  among all found for the question (a list-wise softmax).
- `answer` (whether the best one answers): logistic regression over the best sentence. No answer
  is there for a question asked without its articles; for one from whose articles the sentences
  with a short answer were taken; and for one in which a name or a date was changed to another.

Each is asked a second time with half of its words unknown, as readers have words of their own.

Figures are of five-fold cross-validation by question, and of each set when the others alone were
fitted. The rgb sets are not read here: they only measure.
"""

import argparse
import datetime
import json
import math
import random
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

import retrieval.ranking.weights
from bot.evaluating import CACHE, ConsoleProgress
from bot.indexing import cores
from retrieval.cache import EmbeddingCache
from retrieval.embedding import LocalEmbedder
from retrieval.evaluation.asking import collection_of
from retrieval.evaluation.measures import bare
from retrieval.evaluation.sets import Question, read_passages, read_set
from retrieval.folding import fold
from retrieval.index.collection import Collection
from retrieval.questions.question import read_question
from retrieval.ranking.features import Features, describe
from retrieval.ranking.ranking import can_answer
from retrieval.search import search
from retrieval.threads import limit_threads
from retrieval.types import Article
from retrieval.words import ASKING_WORDS, tagged_words

ROOT = Path(__file__).parent.parent.parent
EVAL = ROOT.parent / "shared" / "eval"
SETS = ("cmrc2018", "drcd", "terror_news", "ncp_policies", "crud_silver")
OUT = Path(retrieval.ranking.weights.__file__).with_name(retrieval.ranking.weights.FILE)

_PASSAGES = 20
_FOLDS = 5
_LONG_ANSWER = 12
_MOST_OF_IT = 0.6
"""Share of the pairs of a long answer that a sentence must hold to count as holding it."""

_ORDER_STIFFNESS = 1 / 3
_ANSWER_STIFFNESS = 10.0
"""What large weights cost, in units of a squared standardised weight."""

_LEAST = {"generous": 0.008, "balanced": 0.018, "strict": 0.2}
"""Share of the answerable questions of the fitting sets that are refused for their score."""

_LEAST_CROWDED = 0.17
"""The same, for `balanced`, of questions about what many articles are about: there most of what is
found looks right, so that more has to speak for an answer. _LEAST is of the others."""

_MANY = 0.5
_LAST = 1_000.0
NAMES = Features.__slots__
_FOR = frozenset(
    """
    similarity passage_similarity sentence_coverage pair_coverage context_coverage passage_coverage
    article_coverage rarity_found longest_run near_coverage support opening best_similarity
    best_passage_similarity best_run
    """.split()
)
"""Features that can only speak for a sentence."""

_AGAINST = frozenset(
    """
    rarity_missing names_missing persons_missing places_missing dates_missing
    names_missing_near names_missing_here figures_missing figures_missing_near
    figures_missing_here quoted_missing
    kind_missing kind_repeated exact_missing measure_missing
    counted_missing period_missing period_missing_near period_missing_here date_unwritten asks
    fragment
    """.split()
)
"""Features that can only speak against it."""

_FREE = frozenset({"any_kind", "length", "crowded"})
ORDER = tuple(
    name
    for name in NAMES
    if name in (_FOR | _AGAINST | {"length"}) - {"rarity_found", "rarity_missing"}
)
ANSWER = (
    *(name for name in NAMES if name in (_FOR | _AGAINST | _FREE) - {"date_unwritten"}),
    "best_similarity",
    "best_passage_similarity",
    "best_run",
)
"""Left out of both: what depends on how many alike passages a collection has, such as ranks."""

_SHARED = {
    "similarity": 25.0,
    "passage_similarity": 25.0,
    "sentence_coverage": 1.5,
    "article_coverage": 1.5,
    "names_missing": -2.0,
    "kind_missing": -0.6,
    "fragment": -0.6,
}
_OTHER: Mapping[str, Mapping[str, float]] = {
    "order": {**_SHARED, "asks": -5.0},
    "answer": {"bias": -41.7, **_SHARED},
    "least": {"generous": 0.005, "balanced": 0.015, "strict": 0.05},
}
"""Set by hand on 55 English questions about the shipped corpus: there are no public English
questions over Chinese news. Names in pinyin are the only words that can be compared."""

Matrix = npt.NDArray[np.float64]
_TIME = re.compile(r"(?:19|20)\d\d(?=年)|\d{1,2}(?=[月日]|号)")
_UNHEARD = "龘"
_NAME_TAGS = ("nr", "ns", "nt", "nz")


@dataclass(frozen=True, slots=True)
class Example:
    """What was found for a question: a row of features and a label for each sentence."""

    set: str
    fold: int
    way: str
    """with, without, cut or changed."""
    rows: Matrix
    answers: npt.NDArray[np.bool_]
    """Which of the sentences hold the answer."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of features as they are, not standardised."""

    names: tuple[str, ...]
    weights: Matrix
    bias: float = 0.0

    def of(self, rows: Matrix) -> Matrix:
        """A score a row."""
        scores: Matrix = rows @ self.weights + self.bias
        return scores

    def stored(self) -> dict[str, float]:
        """By name, without those that are nothing."""
        named = zip(self.names, self.weights.tolist(), strict=True)
        kept = {name: round(weight, 4) for name, weight in named if abs(weight) > 1e-4}
        return {"bias": round(self.bias, 4), **kept} if self.bias else kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".baoda")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    if not EVAL.is_dir():
        print(f"{EVAL} is not here: nothing to fit on")
        return
    limit_threads(cores())
    examples = list(_examples(options.sets, options.data_dir))
    print(f"{len(examples)} questions asked")
    store(examples, options.sets, options.out)


def store(examples: Sequence[Example], sets: Sequence[str], out: Path) -> None:
    """Fit, cross-validate and write the weights."""
    order, answer = fit(examples)
    figures = {
        "cross_validated": cross_validate(examples, lambda one: str(one.fold)),
        "set_left_out": cross_validate(examples, lambda one: one.set),
    }
    answerable = [one for one in examples if one.way == "with" and _may_answer(order, one)]
    rows = np.array([_best_row(order, one) for one in answerable])
    scores = answer.of(rows[rows[:, ANSWER.index("crowded")] < _MANY])
    least = {name: float(np.quantile(scores, share)) for name, share in _LEAST.items()}
    answer = _stricter_where_crowded(answer, rows, least["balanced"])
    stored = {
        "chinese": {
            "order": order.stored(),
            "answer": answer.stored(),
            "least": {name: round(1 / (1 + math.exp(-score)), 4) for name, score in least.items()},
        },
        "other": _OTHER,
        "fitted": {
            "by": "make fit",
            "on": list(sets),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "refused_at_most": {**_LEAST, "balanced where crowded": _LEAST_CROWDED},
            **figures,
        },
    }
    out.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))


def _examples(names: Sequence[str], data_dir: Path) -> Iterator[Example]:
    embedder = LocalEmbedder()
    sets = {name: read_set(EVAL / f"{name}.dev.jsonl", name) for name in names}
    articles = [one for name in names for one in read_passages(EVAL / f"{name}.dev.passages.jsonl")]
    with ExitStack() as stack:
        cache = EmbeddingCache(data_dir / CACHE)
        stack.callback(cache.close)
        opened = stack.enter_context(collection_of(articles, embedder, cache, ConsoleProgress()))
        stack.callback(opened.close)
        collection = stack.enter_context(opened.use())
        asking = _Asking(collection, embedder, [one.article for one in articles])
        for name, questions in sets.items():
            asked = [one for one in questions if not one.needs_context]
            for number, question in enumerate(asked, start=1):
                yield from asking.examples(question, asked)
                if number % 25 == 0:
                    print(f"{name}: {number} of {len(asked)}", flush=True)


class _Asking:
    def __init__(
        self, collection: Collection, embedder: LocalEmbedder, articles: Sequence[Article]
    ) -> None:
        self._collection = collection
        self._embedder = embedder
        self._texts = {one.id: bare(one.text) for one in articles}
        owners = {}
        for ordinal, article, _ in collection.articles.all_chunks(0):
            owners[ordinal] = article.id
        self._owners = owners

    def examples(self, question: Question, others: Sequence[Question]) -> Iterator[Example]:
        found = self._ask(question, question.question, "with", among=None)
        yield found
        if found.answers.any() and not found.answers.all() and not _is_long(question):
            yield _without_answer(found)
        strings = [bare(one) for group in question.answers for one in group if len(one) > 1]
        out = {
            name
            for name, text in self._texts.items()
            if name in question.positive or any(one in text for one in strings)
        }
        among = self._chunks_of(set(self._texts) - out)
        yield self._ask(question, question.question, "without", among=among)
        if reworded := _reworded(question):
            said = question.question
            yield self._ask(question, reworded, "with", among=None, meant=said)
            yield self._ask(question, reworded, "without", among=among, meant=said)
        for changed in _changed(question, others):
            yield self._ask(question, changed, "changed", among=None)

    def _chunks_of(self, articles: set[str]) -> frozenset[int]:
        return frozenset(one for one, owner in self._owners.items() if owner in articles)

    def _ask(
        self,
        question: Question,
        text: str,
        way: str,
        among: frozenset[int] | None,
        meant: str | None = None,
    ) -> Example:
        """What is found by the words of `text`, and the meaning of `meant` where given."""
        asked = read_question(text)
        vector = self._embedder.embed_query(meant or text)
        passages = search(self._collection, asked, vector, _PASSAGES, among=among)
        described = describe(self._collection, asked, vector, passages)
        right = set(question.positive)
        labels = [
            way == "with"
            and (one.evidence.article.id in right or question.by_text)
            and _holds_answer(one.evidence.quote, question)
            for one in described
        ]
        rows = [[getattr(one.features, name) for name in NAMES] for one in described]
        fold_number = zlib.crc32(f"{question.set} {question.id}".encode()) % _FOLDS
        return Example(question.set, fold_number, way, np.array(rows), np.array(labels, bool))


def _holds_answer(sentence: str, question: Question) -> bool:
    """Whether a sentence holds an accepted string, or most of a long one."""
    text = bare(sentence)
    strings = [bare(one) for group in question.answers for one in group]
    return any(one in text for one in strings) or any(
        _shared(one, text) >= _MOST_OF_IT for one in strings if len(one) > _LONG_ANSWER
    )


def _is_long(question: Question) -> bool:
    """Whether an answer may run over several sentences: what is left of it may answer still."""
    return any(len(bare(one)) > _LONG_ANSWER for group in question.answers for one in group)


def _shared(one: str, other: str) -> float:
    pairs = [one[at : at + 2] for at in range(len(one) - 1)]
    return sum(pair in other for pair in pairs) / len(pairs)


def _changed(question: Question, others: Sequence[Question]) -> Iterator[str]:
    """The question with another year, month or day, and with another name: nothing answers them."""
    chance = random.Random(question.id)
    folded = fold(question.question)
    if times := list(_TIME.finditer(folded)):
        one = chance.choice(times)
        value = int(one[0])
        other = value - chance.choice((1, 2, 3)) if value > 31 else value % 12 + 1
        yield folded[: one.start()] + str(other) + folded[one.end() :]
    if names := list(_names(folded)):
        name, tag = chance.choice(names)
        same = {
            other
            for each in others
            for other, kind in _names(fold(each.question))
            if kind == tag and other not in folded and name not in other
        }
        if same:
            yield folded.replace(name, chance.choice(sorted(same)))


def _reworded(question: Question) -> str:
    """The question with every second of its words, but names and numbers, in unheard words.

    Readers' own words: the questions of the sets repeat those of their articles more than readers
    do. "" where nothing can be replaced.
    """
    folded = fold(question.question)
    names = {name for name, _ in _names(folded)}
    words = [
        word
        for word, tag in tagged_words(folded)
        if tag[0] in "vna" and len(word) > 1 and word not in names and word not in ASKING_WORDS
    ]
    chosen = words[zlib.crc32(question.id.encode()) % 2 :: 2]
    for word in chosen:
        folded = folded.replace(word, _UNHEARD * len(word))
    return folded if chosen else ""


def _names(folded: str) -> Iterable[tuple[str, str]]:
    return ((w, tag) for w, tag in tagged_words(folded) if tag in _NAME_TAGS and len(w) > 1)


def _without_answer(found: Example) -> Example:
    rows = found.rows[~found.answers]
    return replace(found, way="cut", rows=rows, answers=np.zeros(len(rows), bool))


def fit(examples: Sequence[Example]) -> tuple[Linear, Linear]:
    """The order of sentences and whether the best one answers.

    For the second, sentences are ordered by models that did not see their question.
    """
    ordered = {
        number: _fit_order([one for one in examples if one.fold != number])
        for number in range(_FOLDS)
    }
    open_ones = [one for one in examples if _may_answer(ordered[one.fold], one)]
    rows = np.array([_best_row(ordered[one.fold], one) for one in open_ones])
    answered = np.array([one.way == "with" for one in open_ones])
    return _fit_order(examples), _fit_answer(rows, answered)


def _stricter_where_crowded(answer: Linear, rows: Matrix, least: float) -> Linear:
    """With a lower weight of `crowded`, so that the share meant is below the least score there.

    `rows`: of answerable questions. Their scores where nothing is crowded stay as they are.
    """
    at = answer.names.index("crowded")
    crowded = rows[:, at]
    many = crowded >= _MANY
    above = (answer.of(rows[many]) - least) / crowded[many]
    weights = answer.weights.copy()
    weights[at] -= np.quantile(above, _LEAST_CROWDED)
    return replace(answer, weights=weights)


def _columns(names: Sequence[str]) -> list[int]:
    return [NAMES.index(name) for name in names]


def _best(order: Linear, example: Example) -> int:
    """The sentence that would be quoted: those that lack the unit or date asked for come last."""
    scores = order.of(example.rows[:, _columns(order.names)])
    lacking = example.rows[:, _columns(("measure_missing", "exact_missing"))].max(axis=1)
    return int((scores - _LAST * lacking).argmax())


def _may_answer(order: Linear, example: Example) -> bool:
    """Whether it is for the second model to say if the best sentence answers."""
    return can_answer(Features(*example.rows[_best(order, example)].tolist()))


def _best_row(order: Linear, example: Example) -> Matrix:
    """The features by which it is decided whether the best sentence answers, as ANSWER has them."""
    best = _best(order, example)
    of_all = _columns(("similarity", "passage_similarity", "longest_run"))
    own = example.rows[best, _columns(ANSWER[:-3])]
    row: Matrix = np.concatenate([own, example.rows[:, of_all].max(axis=0)])
    return row


def _fit_order(examples: Sequence[Example]) -> Linear:
    useful = [one for one in examples if one.way == "with" and one.answers.any()]
    rows = np.concatenate([one.rows[:, _columns(ORDER)] for one in useful])
    right = np.concatenate([one.answers for one in useful])
    sizes = [len(one.answers) for one in useful]
    owner = np.repeat(np.arange(len(useful)), sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    standard = (rows - mean) / scale

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        scores = standard @ weights
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
        total, good = np.add.reduceat(shares, starts), np.add.reduceat(shares * right, starts)
        gradient = standard.T @ (shares / total[owner] - shares * right / good[owner])
        stiff = _ORDER_STIFFNESS * weights
        return float(-np.log(good / total).sum() + weights @ stiff / 2), gradient + stiff

    weights = _minimised(loss, [_bounds(name) for name in ORDER])
    return Linear(ORDER, weights / scale)


def _fit_answer(rows: Matrix, answered: npt.NDArray[np.bool_]) -> Linear:
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    standard = np.column_stack([np.ones(len(rows)), (rows - mean) / scale])
    sign = np.where(answered, 1.0, -1.0)

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        margins = sign * (standard @ weights)
        stiff = _ANSWER_STIFFNESS * np.concatenate([[0.0], weights[1:]])
        gradient = -standard.T @ (sign / (1 + np.exp(margins)))
        return float(np.logaddexp(0, -margins).sum() + weights @ stiff / 2), gradient + stiff

    weights = _minimised(loss, [(None, None), *(_bounds(name) for name in ANSWER)])
    raw = weights[1:] / scale
    return Linear(ANSWER, raw, float(weights[0] - raw @ mean))


def _bounds(name: str) -> tuple[float | None, float | None]:
    return (0.0 if name in _FOR else None, 0.0 if name in _AGAINST else None)


def _minimised(
    loss: Callable[[Matrix], tuple[float, Matrix]],
    bounds: Sequence[tuple[float | None, float | None]],
) -> Matrix:
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Matrix = found.x
    return weights


def confidence_of(
    order: Linear, answer: Linear, examples: Sequence[Example]
) -> tuple[Matrix, Matrix]:
    """For each example the confidence, and whether its best sentence holds the answer."""
    rows = np.array([_best_row(order, one) for one in examples])
    right = [one.answers[_best(order, one)] for one in examples]
    may = np.array([_may_answer(order, one) for one in examples])
    return may / (1 + np.exp(-answer.of(rows))), np.array(right, float)


def cross_validate(
    examples: Sequence[Example], part: Callable[[Example], str]
) -> dict[str, dict[str, float]]:
    """Figures of each set when the part that an example belongs to was not fitted on."""
    sure = np.zeros(len(examples))
    right = np.zeros(len(examples))
    parts = np.array([part(one) for one in examples])
    for name in sorted(set(parts)):
        models = fit([one for one, own in zip(examples, parts, strict=True) if own != name])
        own = np.flatnonzero(parts == name)
        sure[own], right[own] = confidence_of(*models, [examples[at] for at in own.tolist()])
    figures = {}
    for name in sorted({one.set for one in examples}):
        of = {
            way: np.array([one.set == name and one.way == way for one in examples])
            for way in ("with", "without", "cut", "changed")
        }
        answerable = np.sort(sure[of["with"]])
        figures[name] = {
            "right_sentence_first": round(float(right[of["with"]].mean()), 3),
            **{
                f"{way}_refused_at_{percent}": round(
                    float((sure[of[way]] < np.quantile(answerable, percent / 100)).mean()), 3
                )
                for way in ("without", "cut", "changed")
                for percent in (5, 10)
                if of[way].any()
            },
        }
    return figures


if __name__ == "__main__":
    main()
