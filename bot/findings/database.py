"""The database of conversations, looked at without bringing it up."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.findings.finding import Finding
from bot.revisions import FILE_NAME, NEWEST, is_newer, newer_database, read_only
from bot.settings import Settings
from retrieval.errors import BaodaError

SERVER_ADVICE = "does a server listen there, and is DATABASE_URL right?"
_DAMAGED = (
    "stop the bot, move {name}, {name}-wal and {name}-shm away and start again, without the former "
    "conversations; or restore a backup into an empty DATA_DIR and CORPUS_DIR: baoda restore FILE"
)
_OTHERS = "look at what it is before anything else"
_HINDERED = "give this user the right to read it, or look at the disk of DATA_DIR"


def conversations(settings: Settings) -> Finding:
    """Whether the database can be used, and what the next start does to it."""
    if settings.database_url is None:
        return _of_file(settings.data_dir / FILE_NAME, settings)
    return _of_address(settings)


def _of_file(path: Path, settings: Settings) -> Finding:
    from bot.store.migrating import taken_by_others

    kept = f"kept for {settings.retention_days} days"
    advice = _DAMAGED.format(name=path.name)
    if not path.exists():
        return Finding("conversations", "ok", f"none yet; {kept}")
    try:
        with closing(read_only(path)) as database:
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
            found = database.execute(
                "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            taken = "" if found else taken_by_others(name for (name,) in tables)
            query = "SELECT version_num FROM alembic_version"
            revision = database.execute(query).fetchone()[0] if found else None
    except sqlite3.OperationalError as error:
        detail = f"{path} cannot be read: {error}"
        return Finding("conversations", "problem", detail, _HINDERED)
    except (sqlite3.Error, TypeError) as error:
        return Finding("conversations", "problem", f"{path} is damaged: {error}", advice)
    if state != "ok":
        return Finding("conversations", "problem", f"{path} is damaged: {state}", advice)
    if taken:
        return Finding("conversations", "problem", f"{path} {taken}", advice=_OTHERS)
    return _with_copies(_of_revision(revision, str(path), kept), path)


def _with_copies(finding: Finding, path: Path) -> Finding:
    """`path` is what the copies are called but for their ends, as bot.store.copies has it."""
    if copies := sorted(path.parent.glob(f"{path.name}.before-*")):
        detail = f"{finding.detail}; {copies[-1].name} is a copy of before an upgrade"
        return Finding(finding.check, finding.state, detail, finding.advice)
    return finding


def _of_address(settings: Settings) -> Finding:
    from bot.store.address import checked_url
    from bot.store.copies import copied_as
    from bot.store.database import Database
    from bot.store.migrating import refuse_others
    from bot.store.revision import revision_of

    assert settings.database_url is not None
    kept = f"kept for {settings.retention_days} days"
    try:
        url = checked_url(settings.database_url.get_secret_value())
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return Finding("conversations", "ok", kept)
        with closing(Database(url)) as database, database.reading() as session:
            revision = revision_of(session.connection())
            if revision is None:
                refuse_others(session.connection(), database.name)
    except BaodaError as error:
        return Finding("conversations", "problem", str(error), SERVER_ADVICE)
    finding = _of_revision(revision, "the database of DATABASE_URL", kept)
    return _with_copies(finding, copied_as(url, settings.data_dir))


def _of_revision(revision: str | None, name: str, kept: str) -> Finding:
    if revision in (None, NEWEST):
        return Finding("conversations", "ok", kept)
    if is_newer(str(revision)):
        detail = newer_database(name, str(revision))
        return Finding("conversations", "problem", detail, "install the newer version")
    detail = f"{kept}; tables of an older version ({revision})"
    return Finding("conversations", "note", detail, "the next start brings them up")
