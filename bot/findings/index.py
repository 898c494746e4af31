"""The index: whole, of this version and model, and what lies beside it."""

from bot.findings.finding import Finding
from bot.settings import Settings
from bot.wiring import child_builder, make_embedders
from retrieval import lock
from retrieval.errors import BaodaError, NoCollectionError
from retrieval.index.generations import Generations, check_servable, matches


def index(settings: Settings) -> Finding:
    """Whether the live generation is there, can be asked, and is whole."""
    generations = Generations(settings.data_dir)
    embedders = make_embedders(settings)
    try:
        live = generations.require_live()
        manifest = generations.manifest(live)
        check_servable(manifest, embedders.has)
        child_builder().check(live)
    except NoCollectionError as error:
        return Finding("index", "problem", str(error), "run `baoda reload`")
    except BaodaError as error:
        advice = "run `baoda reload --full`"
        if isinstance(error.__cause__, PermissionError):
            advice = f"give this user the right to read and write {settings.data_dir}"
        return Finding("index", "problem", str(error), advice)
    detail = f"{live}: {manifest.articles} articles, {manifest.chunks} chunks"
    if not matches(manifest, embedders.current.fingerprint):
        detail += "; made with another embedding model or by another version, it serves meanwhile"
        advice = "the next `baoda run` builds it anew, or run `baoda reload`"
        return Finding("index", "note", detail, advice)
    return Finding("index", "ok", detail)


def reloads(settings: Settings) -> Finding:
    """Whether a reload runs, and what former ones have left."""
    if holder := lock.held_by(settings.data_dir):
        advice = "wait; if that process has hung, end it: nothing is lost, and the next reload runs"
        return Finding("reloads", "note", f"one is running: {holder}", advice)
    folder = settings.data_dir / "generations"
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
