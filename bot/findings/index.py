"""The index: whole, of this version and model, and what lies beside it."""

import re

from bot.data_folder import check_data_folder
from bot.findings.finding import Finding
from bot.settings import Settings
from bot.wiring import child_builder, make_embedders
from retrieval import lock
from retrieval.child import BuilderDiedError
from retrieval.errors import (
    BaodaError,
    HinderedCollectionError,
    NoCollectionError,
    OutdatedCollectionError,
    ReloadError,
)
from retrieval.index.generations import FOLDER, Generations, check_servable, matches


def index(settings: Settings) -> Finding:
    """Whether the live generation is there, can be asked, and is whole."""
    try:
        check_data_folder(settings)
    except BaodaError:
        return Finding("index", "note", "not looked at: the data folder has to be put right first")
    generations = Generations(settings.data_dir)
    embedders = make_embedders(settings)
    try:
        live = generations.require_live()
        manifest = generations.manifest(live)
        check_servable(manifest, embedders.has)
        child_builder(is_silent=True).check(live)
    except BaodaError as error:
        if isinstance(error, NoCollectionError) and lock.held_by(settings.data_dir):
            return Finding("index", "note", f"{_without_advice(error)}; that is being done", "wait")
        return Finding("index", "problem", _without_advice(error), _advice(error, settings))
    detail = f"{live}: {manifest.articles} articles, {manifest.chunks} chunks"
    if not matches(manifest, embedders.current.fingerprint):
        detail += "; made with another embedding model or by another version, it serves meanwhile"
        advice = "the next `baoda run` builds it anew, or run `baoda reload`"
        return Finding("index", "note", detail, advice)
    return Finding("index", "ok", detail)


def _without_advice(error: BaodaError) -> str:
    """What is wrong; what to do is said by `_advice` alone."""
    if isinstance(error, BuilderDiedError):
        how = f"signal {-error.status}" if error.status < 0 else f"status {error.status}"
        return f"it could not be looked through: the process that does so ended with {how}"
    return re.sub(r"; run `baoda reload( --full)?`", "", str(error))


def _advice(error: BaodaError, settings: Settings) -> str:
    if isinstance(error, NoCollectionError | OutdatedCollectionError):
        return "run `baoda reload`"
    if isinstance(error, HinderedCollectionError):
        return f"make room on the disks of {settings.data_dir} and of TMPDIR"
    if isinstance(error.__cause__, PermissionError):
        return f"give this user the right to read and write {settings.data_dir}"
    if isinstance(error, ReloadError):
        return "look at memory and disks, and run `baoda doctor` again"
    return "run `baoda reload --full`"


def reloads(settings: Settings) -> Finding:
    """Whether a reload runs, and what former ones have left."""
    if holder := lock.held_by(settings.data_dir):
        advice = "wait; if that process has hung, end it: nothing is lost, and the next reload runs"
        return Finding("reloads", "note", f"one is running: {holder}", advice)
    folder = settings.data_dir / FOLDER
    try:
        left = sorted(path.name for path in folder.iterdir())
    except OSError:
        left = []
    if damaged := [name for name in left if name.endswith(".damaged")]:
        detail = f"set aside because of damage: {', '.join(damaged)}"
        return Finding("reloads", "note", detail, "the next `baoda reload` deletes them")
    if Generations(settings.data_dir).watching_is_paused():
        detail = "watching is paused since the roll-back"
        return Finding("reloads", "note", detail, "the next `baoda reload` goes on with it")
    return Finding("reloads", "ok", "none is running")
