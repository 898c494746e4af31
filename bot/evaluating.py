"""`baoda eval`: questions with known answers asked, figures printed and kept."""

import dataclasses
import datetime
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import bot
from bot.indexing import cores
from bot.results import answer_object, to_line
from bot.settings import Settings
from bot.wiring import BAODA, make_embedder, make_writer
from retrieval.answering.model.brief import Writer
from retrieval.cache import EmbeddingCache
from retrieval.errors import EvaluationError
from retrieval.evaluation.asking import ask, collection_of, embedded_texts, fill_cache
from retrieval.evaluation.measures import Outcome, Summary, Verdict, judge, summarise
from retrieval.evaluation.model_use import Prices, model_use
from retrieval.evaluation.sets import Question, read_passages, read_sets
from retrieval.evaluation.tables import as_text, rows_of
from retrieval.index.collection import Collections, LiveCollection
from retrieval.index.generations import Generations
from retrieval.threads import limit_threads
from retrieval.types import Embedder, Loaded, Notice, Step

CACHE = "evaluation.sqlite3"
"""Vectors of passages that are evaluated with; no reload prunes them."""

FIGURES = "figures.json"
RESULTS = "results.jsonl"
REPORT = "report.html"
_ALL = "all"
_LABELS = {"chunk": "splitting", "embed": "embedding", "ask": "asking"}
_TELL_EVERY_SECONDS = 5.0


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What `baoda eval` is asked for."""

    questions: tuple[Path, ...]
    articles: Path | None
    out: Path
    against: Path | None
    limit: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run left in its folder."""

    sets: dict[str, dict[str, Any]]
    """As figures.json has them."""
    failures: dict[tuple[str, str], str | None]
    """By set and id of the question."""


def evaluate(settings: Settings, request: Request, *, as_json: bool) -> None:
    """Ask everything, print the figures, write the files. Raises BaodaError, SettingsError."""
    _require_report()
    earlier = read_earlier(request.against) if request.against else None
    questions = read_sets(request.questions, request.limit)
    passages = read_passages(request.articles) if request.articles else []
    embedder = make_embedder(settings)
    writer = make_writer(settings)
    _prepare_folder(request.out)
    outcomes = _ask_all(settings, request, questions, passages, embedder, writer)
    verdicts = [judge(outcome) for outcome in outcomes]
    summaries = _summaries(outcomes, verdicts)
    figures = _figures(request, embedder, writer, summaries)
    if writer is not None:
        _add_model_use(figures["sets"], outcomes, settings)
    rows = rows_of(figures["sets"], earlier.sets if earlier else {})
    (request.out / FIGURES).write_text(json.dumps(figures, ensure_ascii=False, indent=1), "utf-8")
    _write_report(request, figures, rows, outcomes, verdicts, earlier)
    _warn(summaries)
    print(to_line(figures) if as_json else as_text(rows))
    if earlier and not as_json:
        print(f"\n{_changes(outcomes, verdicts, earlier)}")
    print(f"report: {request.out / REPORT}", file=sys.stderr)


def _ask_all(
    settings: Settings,
    request: Request,
    questions: Sequence[Question],
    passages: Sequence[Loaded],
    embedder: Embedder,
    writer: Writer | None,
) -> list[Outcome]:
    """The outcomes, each written to results.jsonl at once. Raises BaodaError."""
    progress = ConsoleProgress()
    tell_of_rest = RestTeller()
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        kept = stack.enter_context((request.out / RESULTS).open("w", encoding="utf-8"))

        def keep(outcome: Outcome) -> None:
            outcomes.append(outcome)
            kept.write(to_line(result_object(outcome, judge(outcome))) + "\n")
            kept.flush()
            tell_of_rest(outcome)

        try:
            if request.articles is None:
                collections = _live(settings, embedder)
            else:
                cache = stack.enter_context(closing(EmbeddingCache(settings.data_dir / CACHE)))
                if cache.lacks(embedder.fingerprint, embedded_texts(passages, embedder)):
                    _embed_in_child(request.articles)
                collections = stack.enter_context(
                    collection_of(passages, embedder, cache, progress)
                )
            return ask(
                questions, collections, embedder, progress, keep, settings.strictness, writer
            )
        except KeyboardInterrupt:
            raise EvaluationError(
                f"stopped: {len(outcomes)} of {len(questions)} questions were asked; their "
                f"answers are in {request.out / RESULTS}"
            ) from None


def embed_passages(settings: Settings, articles: Path) -> None:
    """Embed what is not embedded yet, with all processors. Raises BaodaError."""
    limit_threads(cores())
    embedder = make_embedder(settings)
    texts = embedded_texts(read_passages(articles), embedder)
    with closing(EmbeddingCache(settings.data_dir / CACHE)) as cache:
        fill_cache(texts, embedder, cache, ConsoleProgress())


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
        "usage": dataclasses.asdict(outcome.answer.usage),
        "sentences": outcome.answer.sentences,
        "withheld": outcome.answer.withheld,
        "fault": outcome.answer.fault,
        "answer": answer_object(outcome.answer, question.id),
    }


def read_earlier(folder: Path) -> Earlier:
    """What a run left in a folder. Raises EvaluationError where it has no figures.json."""
    path = folder / FIGURES
    try:
        figures = json.loads(path.read_text("utf-8"))
        sets: dict[str, dict[str, Any]] = {
            str(name): dict(values) for name, values in figures["sets"].items()
        }
    except OSError as error:
        raise EvaluationError(f"--against {folder}: there is no {FIGURES} to read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(f"{path} does not hold the figures of an evaluation") from error
    try:
        lines = (folder / RESULTS).read_text("utf-8").splitlines()
        results = [json.loads(line) for line in lines]
        failures = {(one["set"], one["id"]): one["verdict"]["failure"] for one in results}
    except FileNotFoundError:
        failures = {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvaluationError(f"{folder / RESULTS} does not hold results") from error
    return Earlier(sets, failures)


def _require_report() -> None:
    missing = [name for name in ("jinja2", "matplotlib") if not importlib.util.find_spec(name)]
    if missing:
        raise EvaluationError("the report needs an extra: pip install baoda[eval]")


def _prepare_folder(out: Path) -> None:
    """Raises EvaluationError for a file; what an earlier run says of all is taken away."""
    if out.exists() and not out.is_dir():
        raise EvaluationError(f"--out {out} is a file; name a folder")
    out.mkdir(parents=True, exist_ok=True)
    for name in (FIGURES, REPORT):
        (out / name).unlink(missing_ok=True)


def _embed_in_child(articles: Path) -> None:
    """In a process of its own: the one that asks uses a single thread, as the fronts do."""
    command = [*BAODA, "embedder", str(articles)]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode:
        raise EvaluationError("the passages could not be embedded")


def _live(settings: Settings, embedder: Embedder) -> Collections:
    generations = Generations(settings.data_dir)
    generations.require_live()
    return LiveCollection(generations, embedding=embedder.fingerprint)


def _write_report(
    request: Request,
    figures: dict[str, Any],
    rows: list[list[str]],
    outcomes: Sequence[Outcome],
    verdicts: Sequence[Verdict],
    earlier: Earlier | None,
) -> None:
    from retrieval.evaluation.report import render

    about = [
        ("asked", str(len(outcomes))),
        ("of", figures["articles"] or "the live index"),
        ("embedding", figures["embedding"]),
        *([("chat model", figures["chat_model"])] if figures["chat_model"] else []),
        ("version", figures["version"]),
        ("on", figures["date"]),
        *([("compared with", str(request.against))] if earlier else []),
    ]
    page = render(
        heading="Evaluation: " + ", ".join(path.name for path in request.questions),
        about=about,
        rows=rows,
        outcomes=outcomes,
        verdicts=verdicts,
        before=earlier.failures if earlier else None,
    )
    (request.out / REPORT).write_text(page, "utf-8", errors="replace")


def _changes(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict], earlier: Earlier) -> str:
    mended = broken = 0
    for outcome, verdict in zip(outcomes, verdicts, strict=True):
        key = (outcome.question.set, outcome.question.id)
        if key in earlier.failures:
            mended += earlier.failures[key] is not None and verdict.failure is None
            broken += earlier.failures[key] is None and verdict.failure is not None
    return f"{mended} became right, {broken} became wrong"


def _by_set(outcomes: Sequence[Outcome]) -> dict[str, list[int]]:
    """Which outcomes are of each set, and where there are several sets, of all."""
    sets: dict[str, list[int]] = {}
    for index, outcome in enumerate(outcomes):
        sets.setdefault(outcome.question.set, []).append(index)
    return sets if len(sets) == 1 else sets | {_ALL: list(range(len(outcomes)))}


def _summaries(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> dict[str, Summary]:
    return {
        name: summarise([outcomes[one] for one in chosen], [verdicts[one] for one in chosen])
        for name, chosen in _by_set(outcomes).items()
    }


def _add_model_use(
    sets: dict[str, dict[str, Any]], outcomes: Sequence[Outcome], settings: Settings
) -> None:
    prices = Prices(settings.chat_input_price, settings.chat_output_price)
    for name, chosen in _by_set(outcomes).items():
        use = model_use([outcomes[one].answer for one in chosen], prices)
        sets[name]["model"] = dataclasses.asdict(use)


def _figures(
    request: Request, embedder: Embedder, writer: Writer | None, summaries: dict[str, Summary]
) -> dict[str, Any]:
    return {
        "version": bot.__version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "questions": [str(path) for path in request.questions],
        "articles": str(request.articles) if request.articles else None,
        "limit": request.limit,
        "embedding": embedder.fingerprint,
        "chat_model": writer.name if writer else None,
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


class RestTeller:
    """Says on standard error when the chat model is left alone, once until it answers again."""

    def __init__(self) -> None:
        self._rests = False

    def __call__(self, outcome: Outcome) -> None:
        """Tell of an outcome, if it is the first without the model."""
        question, answer = outcome.question, outcome.answer
        rests = answer.notice is Notice.MODEL_RESTS
        if rests and not self._rests:
            print(
                f"{question.set} {question.id}: {answer.fault}; until it answers again, answers "
                "are quotations and count as fallbacks",
                file=sys.stderr,
                flush=True,
            )
        if answer.model:
            self._rests = rests


class ConsoleProgress:
    """Lines on standard error, with the time left, seldom enough to be read."""

    def __init__(self) -> None:
        self._told = time.monotonic()
        self._line = ""

    def __call__(self, step: Step) -> None:
        """Tell of a step, if it is time."""
        now = time.monotonic()
        is_last = step.total > 0 and step.done == step.total
        if now - self._told < _TELL_EVERY_SECONDS and not is_last:
            return
        self._told = now
        total = f" of {step.total}" if step.total else ""
        left = "" if step.seconds_left is None else f", {_duration(step.seconds_left)} left"
        label = _LABELS.get(step.phase, step.phase)
        line = f"{label} {step.done}{total}{left}"
        if line != self._line:
            print(line, file=sys.stderr, flush=True)
        self._line = line


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
