"""All golden questions asked of the live index, and what came out worse than with the one before.

Done in a process of its own, at low priority. The former index is asked again, with the questions
of today, whatever fails now and whatever it is not known to have passed: so only the articles
differ. Where it cannot be opened any more, what was noted when it was made counts.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from bot import logs, request_ids
from bot.indexing import said_by
from bot.settings import Settings
from bot.wiring import BAODA, make_embedder
from retrieval.batches import batched
from retrieval.errors import CollectionError, EvaluationError
from retrieval.evaluation import GoldenQuestion, is_passed, read_golden
from retrieval.index.generations import Generations, Golden, check_fingerprint
from retrieval.types import Answer, Embedder, Problem

if TYPE_CHECKING:
    from retrieval.index.articles import ArticleStore
    from retrieval.index.collection import OneCollection

EXAMINER = (*BAODA, "examiner")
"""The command that runs `examine`."""

_NICENESS = 10
_LONGEST_TEXT = 300
_LOOK_UP = 500
_MOST_BYTES = 2**24
"""Of a line that the examining process writes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How far it has come. `former`: it is the former index that is asked."""

    done: int
    total: int
    former: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A golden question that is not answered as it should be."""

    id: str
    question: str
    expected: str | None
    """Id of the article; None: it should be refused."""
    title: str | None
    """Of that article; None where it is not in the index."""
    require: tuple[tuple[str, ...], ...]
    refused: bool
    text: str
    """The first line of the answer."""
    cited: tuple[str, ...]
    """Ids of the articles that it cites."""
    was_right: bool | None
    """Whether the former index answers it; None where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of it."""

    passed: int
    total: int
    failures: tuple[Failure, ...]
    mended: tuple[tuple[str, str], ...]
    """Id and question of those that the former index did not answer as it should."""
    problems: tuple[Problem, ...]
    """Lines of golden.jsonl that are no golden questions."""
    former: str | None
    """When the former index was made, UTC, ISO 8601; None where there is none."""


_EXAMINED = TypeAdapter(Examined)

Progress = Callable[[Asked], None]


async def examine_in_child(progress: Progress) -> Examined:
    """Ask everything in a process of its own, which ends with this. Raises EvaluationError."""
    child = await asyncio.create_subprocess_exec(
        *EXAMINER,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_MOST_BYTES,
        env=request_ids.handed_on(),
    )
    assert child.stdout is not None
    assert child.stderr is not None
    errors = asyncio.create_task(child.stderr.read())
    outcome: Examined | None = None
    try:
        async for line in child.stdout:
            told = json.loads(line)
            if "outcome" in told:
                outcome = _EXAMINED.validate_python(told["outcome"], strict=False)
            else:
                progress(Asked(**told))
        status = await child.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        said = await errors
        for written in said.decode("utf-8", "replace").splitlines():
            logs.hand_on(written)
    if outcome is None:
        raise EvaluationError(said_by(status, said))
    return outcome


def examine(settings: Settings) -> None:
    """The side of that process: a line of JSON for each step, and one for the outcome.

    Raises BaodaError.
    """
    os.nice(_NICENESS)

    def tell(asked: Asked) -> None:
        print(json.dumps(asdict(asked)), flush=True)

    outcome = _EXAMINED.dump_python(examined(settings, make_embedder(settings), tell), mode="json")
    print(json.dumps({"outcome": outcome}), flush=True)


def examined(settings: Settings, embedder: Embedder, progress: Progress) -> Examined:
    """Ask every golden question. Raises CollectionError, ModelUnavailableError."""
    from retrieval.golden import ask_each

    questions, problems = read_golden(settings.corpus_dir)
    generations = Generations(settings.data_dir)
    live = generations.require_live()
    answers: dict[str, Answer] = {}
    failed: list[GoldenQuestion] = []
    with _opened(generations, live, embedder) as collection:
        with collection.use() as opened:
            ids = {one.article_id for one in questions if one.article_id}
            titles = _titles(opened.articles, ids)
        with closing(ask_each(questions, collection, embedder)) as asked:
            for number, (one, answer) in enumerate(asked, start=1):
                answers[one.id] = answer
                if not is_passed(one, answer):
                    failed.append(one)
                progress(Asked(number, len(questions)))
    former = generations.before(live)
    right = {one.id for one in questions} - {one.id for one in failed}
    before = _before(generations, former, questions, right, embedder, progress) if former else {}
    noted = generations.manifest(live).golden
    return Examined(
        passed=len(right),
        total=len(questions),
        failures=tuple(
            _failure(one, answers[one.id], titles, before.get(one.id), noted) for one in failed
        ),
        mended=tuple(
            (one.id, one.question)
            for one in questions
            if one.id in right and before.get(one.id) is False
        ),
        problems=problems,
        former=generations.manifest(former).created if former else None,
    )


def _titles(articles: "ArticleStore", ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for batch in batched(sorted(ids), _LOOK_UP):
        found |= {id_: one.heading for id_, one in articles.articles(batch).items()}
    return found


def _before(
    generations: Generations,
    former: str,
    questions: Iterable[GoldenQuestion],
    right: set[str],
    embedder: Embedder,
    progress: Progress,
) -> dict[str, bool]:
    """By id whether the former index answers as it should, as far as that can be told."""
    from retrieval.golden import ask_each

    noted = generations.manifest(former).golden or Golden((), ())
    known = dict.fromkeys(noted.passed, True) | dict.fromkeys(noted.failed, False)
    open_ = [one for one in questions if not (one.id in right and known.get(one.id))]
    try:
        with (
            _opened(generations, former, embedder) as collection,
            closing(ask_each(open_, collection, embedder)) as asked,
        ):
            for number, (one, answer) in enumerate(asked, start=1):
                known[one.id] = is_passed(one, answer)
                progress(Asked(number, len(open_), former=True))
    except CollectionError:
        pass
    return known


@contextmanager
def _opened(
    generations: Generations, generation: str, embedder: Embedder
) -> Iterator["OneCollection"]:
    """A kept generation, which no reload deletes meanwhile; whoever asks it closes it."""
    from retrieval.index.collection import OneCollection

    with generations.reading(generation):
        manifest = generations.manifest(generation)
        check_fingerprint(manifest, embedder.fingerprint)
        yield OneCollection(generations.folder(generation), manifest)


def _failure(
    golden: GoldenQuestion,
    answer: Answer,
    titles: Mapping[str, str],
    before: bool | None,
    noted: Golden | None,
) -> Failure:
    if noted and golden.id in noted.passed:
        before = True  # the same index did, when it was made
    return Failure(
        id=golden.id,
        question=golden.question,
        expected=golden.article_id,
        title=titles.get(golden.article_id) if golden.article_id else None,
        require=golden.require,
        refused=answer.refused,
        text=answer.text.split("\n", 1)[0][:_LONGEST_TEXT],
        cited=tuple(dict.fromkeys(one.article_id for one in answer.citations)),
        was_right=before,
    )
