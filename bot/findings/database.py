"""The database of conversations, looked at without bringing it up."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from bot.findings.finding import Finding
from bot.revisions import FILE_NAME, NEWEST, is_newer, newer_database, read_only
from bot.settings import Settings
from retrieval.errors import BaodaError

_TIMEOUT_SECONDS = 15
_RESTORE = "stop the bot and restore a backup: baoda restore FILE"


def conversations(settings: Settings) -> Finding:
    """Whether the database can be used, and what the next start does to it."""
    if settings.database_url is None:
        return _of_file(settings.data_dir / FILE_NAME, settings)
    return _of_address(settings)


def _of_file(path: Path, settings: Settings) -> Finding:
    kept = f"kept for {settings.retention_days} days"
    if not path.exists():
        return Finding("conversations", "ok", f"none yet; {kept}")
    try:
        with closing(read_only(path)) as database:
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
            found = database.execute(
                "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
            ).fetchone()
            query = "SELECT version_num FROM alembic_version"
            revision = database.execute(query).fetchone()[0] if found else None
    except (sqlite3.Error, TypeError) as error:
        return Finding("conversations", "problem", f"{path} cannot be read: {error}", _RESTORE)
    if state != "ok":
        return Finding("conversations", "problem", f"{path} is damaged: {state}", _RESTORE)
    return _with_copies(_of_revision(revision, str(path), kept), path)


def _with_copies(finding: Finding, path: Path) -> Finding:
    """`path` is what the copies are called but for their ends, as bot.store.copies has it."""
    if copies := sorted(path.parent.glob(f"{path.name}.before-*")):
        detail = f"{finding.detail}; {copies[-1].name} is a copy of before an upgrade"
        return Finding(finding.check, finding.state, detail, finding.advice)
    return finding


def _of_address(settings: Settings) -> Finding:
    """Asked on a thread of its own: a server that is away may keep one waiting for minutes."""
    found: list[str | BaodaError | None] = []
    paths: list[Path] = []

    def ask() -> None:
        from bot.store.address import checked_url
        from bot.store.copies import copied_as
        from bot.store.database import Database
        from bot.store.revision import revision_of

        assert settings.database_url is not None
        try:
            url = checked_url(settings.database_url.get_secret_value())
            if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
                found.append(None)
                return
            paths.append(copied_as(url, settings.data_dir))
            with closing(Database(url)) as database, database.reading() as session:
                found.append(revision_of(session.connection()))
        except BaodaError as error:
            found.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_TIMEOUT_SECONDS)
    advice = "does a server listen there, and is DATABASE_URL right?"
    if not found:
        detail = f"the database of DATABASE_URL did not answer within {_TIMEOUT_SECONDS} s"
        return Finding("conversations", "problem", detail, advice)
    if isinstance(found[0], BaodaError):
        return Finding("conversations", "problem", str(found[0]), advice)
    kept = f"kept for {settings.retention_days} days"
    finding = _of_revision(found[0], "the database of DATABASE_URL", kept)
    return _with_copies(finding, paths[0]) if paths else finding


def _of_revision(revision: str | None, name: str, kept: str) -> Finding:
    if revision in (None, NEWEST):
        return Finding("conversations", "ok", kept)
    if is_newer(str(revision)):
        detail = newer_database(name, str(revision))
        return Finding("conversations", "problem", detail, "install the newer version")
    detail = f"{kept}; tables of an older version ({revision})"
    return Finding("conversations", "note", detail, "the next start brings them up")
