"""`baoda eval`: questions with known answers asked, figures printed and kept."""

import dataclasses
import datetime
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import bot
from bot.results import answer_object, to_line
from bot.settings import Settings
from bot.wiring import make_embedder
from retrieval.cache import EmbeddingCache
from retrieval.errors import CorpusError
from retrieval.evaluation.asking import ask, collection_of
from retrieval.evaluation.measures import (
    STAGES,
    Outcome,
    Summary,
    Verdict,
    judge,
    summarise,
)
from retrieval.evaluation.sets import read_passages, read_sets
from retrieval.index.collection import Collections, LiveCollection
from retrieval.index.generations import Generations
from retrieval.types import Embedder, Step

CACHE = "evaluation.sqlite3"
"""Vectors of passages that are evaluated with; no reload prunes them."""

FIGURES = "figures.json"
RESULTS = "results.jsonl"
_ALL = "all"
_LABELS = {"chunk": "splitting", "embed": "embedding", "ask": "asking"}
_TELL_EVERY_SECONDS = 5.0

_ROWS: tuple[tuple[str, str], ...] = (
    ("answerable", "answerable questions"),
    ("unanswerable", "unanswerable questions"),
    ("without_article", "  their article is not there"),
    ("hit_at_1", "hit@1"),
    ("hit_at_5", "hit@5"),
    ("hit_at_10", "hit@10"),
    ("ndcg_at_10", "nDCG@10"),
    ("mrr", "MRR"),
    ("groups_in_ten", "all groups in ten"),
    ("answer_found", "answer found"),
    ("answer_contained", "  word for word"),
    ("answer_overlap", "  overlap F1"),
    ("answer_length", "answer length, mean"),
    ("cites_positive", "cites the right article"),
    ("verbatim", "verbatim quotes"),
    ("wrong_article_first", "false article first"),
    ("fake_answer_given", "false answer given"),
    ("wrongly_refused", "wrongly refused"),
    ("rightly_refused", "rightly refused"),
    ("auc", "AUC of confidence"),
    ("refused_at_5", "  refused at 5 % wrongly"),
    ("refused_at_10", "  refused at 10 % wrongly"),
    *((f"{stage}_{share}", f"{stage} {share}, ms") for stage in STAGES for share in ("p50", "p95")),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What `baoda eval` is asked for."""

    questions: tuple[Path, ...]
    articles: Path | None
    out: Path
    against: Path | None
    limit: int | None


def evaluate(settings: Settings, request: Request, *, as_json: bool) -> None:
    """Ask everything, print the figures, write the files. Raises BaodaError."""
    _make_folder(request.out)
    before = _read_figures(request.against) if request.against else None
    questions = read_sets(request.questions, request.limit)
    embedder = make_embedder(settings)
    with ExitStack() as stack:
        progress = stack.enter_context(_progress())
        collections = _open(settings, request.articles, embedder, progress, stack)
        kept = stack.enter_context((request.out / RESULTS).open("w", encoding="utf-8"))

        def keep(outcome: Outcome) -> None:
            kept.write(to_line(result_object(outcome, judge(outcome))) + "\n")
            kept.flush()

        outcomes = ask(questions, collections, embedder, progress, keep)
    verdicts = [judge(outcome) for outcome in outcomes]
    summaries = _summaries(outcomes, verdicts)
    figures = _figures(request, embedder, summaries)
    (request.out / FIGURES).write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
    _warn(summaries)
    print(to_line(figures) if as_json else table(figures["sets"], before))


def result_object(outcome: Outcome, verdict: Verdict) -> dict[str, Any]:
    """A line of results.jsonl: the question, its answer object, and what it was worth."""
    question = outcome.question
    return {
        "set": question.set,
        "id": question.id,
        "question": question.question,
        "kind": question.kind,
        "expected": [list(group) for group in question.answers],
        "relevant": sorted(outcome.relevant),
        "confidence": outcome.answer.confidence,
        "verdict": dataclasses.asdict(verdict),
        "answer": answer_object(outcome.answer, question.id),
    }


def table(sets: dict[str, dict[str, Any]], before: dict[str, Any] | None) -> str:
    """The figures as text: a column for each set, and the change where there was one before."""
    columns = {name: _flat(figures) for name, figures in sets.items()}
    old = {name: _flat(figures) for name, figures in (before or {"sets": {}})["sets"].items()}
    rows = [["", *columns]]
    for key, label in _ROWS:
        values = [column.get(key) for column in columns.values()]
        if any(value is not None for value in values):
            cells = [
                _number(key, value)
                + _change(key, value, old[name].get(key) if name in old else None)
                for (name, _), value in zip(columns.items(), values, strict=True)
            ]
            rows.append([label, *cells])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _make_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise CorpusError(f"--out {out} is a file; name a folder")
    out.mkdir(parents=True, exist_ok=True)


def _read_figures(folder: Path) -> dict[str, Any]:
    path = folder / FIGURES
    try:
        figures = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CorpusError(f"--against {folder}: no {FIGURES} can be read there") from error
    except ValueError as error:
        raise CorpusError(f"{path} is not JSON") from error
    if not isinstance(figures, dict) or not isinstance(figures.get("sets"), dict):
        raise CorpusError(f"{path} is not the figures of an evaluation")
    return figures


def _open(
    settings: Settings,
    articles: Path | None,
    embedder: Embedder,
    progress: Callable[[Step], None],
    stack: ExitStack,
) -> Collections:
    if articles is None:
        generations = Generations(settings.data_dir)
        generations.require_live()
        return LiveCollection(generations, embedding=embedder.fingerprint)
    passages = read_passages(articles)
    with closing(EmbeddingCache(settings.data_dir / CACHE)) as cache:
        return stack.enter_context(collection_of(passages, embedder, cache, progress))


def _summaries(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> dict[str, Summary]:
    names = list(dict.fromkeys(outcome.question.set for outcome in outcomes))
    pairs = list(zip(outcomes, verdicts, strict=True))
    summaries = {}
    for name in names:
        chosen = [pair for pair in pairs if pair[0].question.set == name]
        summaries[name] = summarise([one for one, _ in chosen], [one for _, one in chosen])
    if len(names) > 1:
        summaries[_ALL] = summarise(outcomes, verdicts)
    return summaries


def _figures(request: Request, embedder: Embedder, summaries: dict[str, Summary]) -> dict[str, Any]:
    return {
        "version": bot.__version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "questions": [str(path) for path in request.questions],
        "articles": str(request.articles) if request.articles else None,
        "limit": request.limit,
        "embedding": embedder.fingerprint,
        "sets": {name: dataclasses.asdict(summary) for name, summary in summaries.items()},
    }


def _warn(summaries: dict[str, Summary]) -> None:
    for name, summary in summaries.items():
        if summary.without_article and name != _ALL:
            print(
                f"{name}: of {summary.without_article} of {summary.answerable} answerable "
                "questions no article is in the collection; they count as missed",
                file=sys.stderr,
            )


def _flat(figures: dict[str, Any]) -> dict[str, float | None]:
    flat = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    flat |= figures.get("refusals") or {}
    for stage, percentiles in figures.get("milliseconds", {}).items():
        flat |= {f"{stage}_{share}": value for share, value in percentiles.items()}
    return flat


def _number(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.1f}" if _is_no_share(key) else f"{value:.3f}"


def _change(key: str, value: float | None, before: float | None) -> str:
    if value is None or before is None or value == before:
        return ""
    return f" ({value - before:+.1f})" if _is_no_share(key) else f" ({value - before:+.3f})"


def _is_no_share(key: str) -> bool:
    return key.endswith(("_p50", "_p95", "_length"))


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """Lines on standard error, with the time left, seldom enough to be read."""
    told = time.monotonic()

    def tell(step: Step) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < _TELL_EVERY_SECONDS and step.done != step.total:
            return
        told = now
        left = "" if step.seconds_left is None else f", {_duration(step.seconds_left)} left"
        total = f" of {step.total}" if step.total else ""
        label = _LABELS.get(step.phase, step.phase)
        print(f"{label} {step.done}{total}{left}", file=sys.stderr, flush=True)

    yield tell


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
