"""The address of a database, as DATABASE_URL gives it."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bot.revisions import FILE_NAME as FILE_NAME


def in_folder(data_dir: Path) -> URL:
    """The SQLite database of a data folder."""
    return URL.create("sqlite", database=str(data_dir / FILE_NAME))


def is_file(url: URL) -> bool:
    """Whether it is an SQLite file rather than a server."""
    return url.get_backend_name() == "sqlite"


def checked_url(text: str) -> URL:
    """The address of a database that this installation has a driver for.

    Raises ValueError, which says what is wrong without repeating the address.
    """
    try:
        url = make_url(text)
        dialect = url.get_dialect()
    except NoSuchModuleError:
        raise ValueError("begins with the name of no database that is known here") from None
    except (ArgumentError, ValueError):
        raise ValueError("is not the address of a database") from None
    if dialect.is_async:
        raise ValueError("names an asynchronous driver; leave out the + and what follows it")
    try:
        dialect.import_dbapi()
    except ImportError as error:
        if error.name == "psycopg":
            raise ValueError("needs a package: pip install 'baoda[postgres]'") from None
        raise ValueError(f"needs a driver that is not installed: {error.name}") from None
    if url.get_backend_name() == "sqlite" and not _names_a_file(url):
        raise ValueError("must name a file")
    return url


def _names_a_file(url: URL) -> bool:
    database = url.database or ""
    return database not in ("", ":memory:") and not database.startswith("file:")
