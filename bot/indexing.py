"""Reloads from the command line, and from the fronts in a process of their own."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import logs
from bot.results import attended_object, reload_object, to_line
from bot.settings import Settings
from bot.wiring import BAODA, make_embedder, make_embedders, make_reloader
from retrieval.errors import CollectionError, ReloadError
from retrieval.index.generations import Generations, is_servable, matches
from retrieval.reload import ReloadResult
from retrieval.types import Step

RELOAD = (*BAODA, "reload", "--json", "--progress", "json")
"""A reload in a process of its own."""

_LABELS = {
    "verify": "looking through the live index",
    "read": "reading",
    "copy": "copying",
    "chunk": "splitting",
    "embed": "embedding",
    "check": "checking",
    "golden": "golden questions",
    "ask": "asking",
}


def reload_articles(
    settings: Settings,
    *,
    full: bool,
    force: bool,
    dry_run: bool,
    json_progress: bool,
    as_json: bool,
    is_attended: bool,
) -> None:
    """`baoda reload`: print what changed. Raises BaodaError."""
    with _progress(json_progress) as progress:
        result = make_reloader(settings).reload(
            full=full, force=force, dry_run=dry_run, progress=progress
        )
    if as_json:
        print(to_line(attended_object(result) if is_attended else reload_object(result)))
        return
    for problem in result.failed:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        print(f"{place}: {problem.reason}", file=sys.stderr)
    if result.previous and any(problem.lost for problem in result.failed):
        print("What was good before is served on in its last good version.", file=sys.stderr)
    print(_summary(result, dry_run))


def roll_back(settings: Settings, generation: str | None, *, as_json: bool) -> None:
    """`baoda rollback`: print what is live now and what was. Raises BaodaError."""
    live, previous = make_reloader(settings).roll_back(generation)
    if as_json:
        print(to_line({"generation": live, "previous": previous}))
    elif live == previous:
        print(f"{live} is the live index already")
    else:
        print(f"{live} is live again, in place of {previous}")


def verify_index(settings: Settings) -> bool:
    """Whether the live generation is not damaged; else it says so and the one before it serves.

    Each generation is looked through once. Raises ReloadError.
    """
    complaint = make_reloader(settings).verify_live()
    if complaint:
        logs.say(f"{complaint}; `baoda reload` rebuilds it")
    return complaint is None


def has_usable_index(settings: Settings) -> bool:
    """Whether this version and embedding model can answer from the live generation."""
    generations = Generations(settings.data_dir)
    try:
        live = generations.live()
        if live is None:
            return False
        return matches(generations.manifest(live), make_embedder(settings).fingerprint)
    except CollectionError:
        return False


def can_serve(settings: Settings) -> bool:
    """Whether questions can be asked of the live generation, whoever made it."""
    generations = Generations(settings.data_dir)
    try:
        manifest = generations.manifest(generations.require_live())
    except CollectionError:
        return False
    return is_servable(manifest, make_embedders(settings).has)


def index_if_missing(settings: Settings) -> None:
    """Index the articles first where there is no usable index.

    One of another model or version serves on where that fails. Raises ReloadError.
    """
    if has_usable_index(settings):
        return
    print("Indexing the articles first; this happens once.", file=sys.stderr, flush=True)
    finished = subprocess.run(
        [*BAODA, "reload"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    if finished.returncode == 0:
        return
    if not can_serve(settings):
        raise ReloadError("the articles could not be indexed")
    print("The former index goes on serving.", file=sys.stderr, flush=True)


def reload_outcome(status: int, output: bytes, errors: bytes) -> dict[str, Any]:
    """What a run of `RELOAD` printed. Raises ReloadError when it failed."""
    if status != 0:
        raise ReloadError(said_by(status, errors))
    result: dict[str, Any] = json.loads(output)
    return result


def said_by(status: int, errors: bytes) -> str:
    """Why a command of ours failed, as it said on its standard error."""
    lines = errors.decode("utf-8", "replace").splitlines()
    said = [message for line in lines if (message := logs.said(line)) is not None]
    return said[-1] if said else f"it ended with status {status}"


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _summary(result: ReloadResult, dry_run: bool) -> str:
    counts = (
        f"{len(result.added)} added, {len(result.changed)} changed, {len(result.removed)} removed, "
        f"{result.unchanged} unchanged, {len(result.failed)} to look at"
    )
    if golden := result.golden:
        counts += f"; golden questions {len(golden.passed)} of {golden.total}"
    if dry_run:
        return f"would be: {counts}"
    if result.generation == result.previous:
        return f"nothing changed: {counts}"
    return (
        f"{result.generation}: {counts}; {result.articles} articles in {result.chunks} chunks, "
        f"{result.seconds:.1f} s"
    )


@contextmanager
def _progress(as_json: bool) -> Iterator[Callable[[Step], None]]:
    if as_json:
        yield lambda step: print(to_line(dataclasses.asdict(step)), file=sys.stderr, flush=True)
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def advance(step: Step) -> None:
            label = _LABELS[step.phase]
            if step.rate:
                label += f" ({step.rate:.0f} a second)"
            bar.update(task, description=label, completed=step.done, total=step.total or None)

        yield advance
