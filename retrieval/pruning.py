"""What no kept generation needs goes from the cache of embeddings.

In SQL over the attached databases: a million texts are too many to carry through Python at every
reload.
"""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from retrieval.index.generations import ARTICLES, Generations

logger = logging.getLogger(__name__)

_PARTS = ("chunks", "sentences")


def prune_cache(
    cache: Path, generations: Generations, kept: Sequence[str], dead: Sequence[str]
) -> int:
    """Delete the vectors that a dead generation used and no kept one does; how many.

    Without `dead`: all that no kept one uses, what builds left that were stopped among them. None
    where a generation cannot be read.
    """
    try:
        with closing(_opened(cache)) as database:
            if not dead:
                return _keep_only(database, generations, kept)
            return sum(_forget(database, generations, kept, one) for one in dead)
    except sqlite3.Error as error:
        logger.warning("the cache of embeddings was not pruned: %s", error)
        return 0


def _keep_only(database: sqlite3.Connection, generations: Generations, kept: Sequence[str]) -> int:
    database.execute(
        "CREATE TEMP TABLE used (model TEXT, sha256 BLOB, PRIMARY KEY (model, sha256))"
        " WITHOUT ROWID"
    )
    for generation in kept:
        model = generations.manifest(generation).embedding
        with _attached(database, generations, generation, "kept"):
            for part in _PARTS:
                query = f"INSERT OR IGNORE INTO used SELECT ?, sha256 FROM kept.{part}"  # noqa: S608
                database.execute(query, (model,))
    return database.execute(
        "DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM used"
        " WHERE used.model = vectors.model AND used.sha256 = vectors.sha256)"
    ).rowcount


def _forget(
    database: sqlite3.Connection, generations: Generations, kept: Sequence[str], dead: str
) -> int:
    model = generations.manifest(dead).embedding
    database.execute("DROP TABLE IF EXISTS temp.stale")
    database.execute("DROP TABLE IF EXISTS temp.gone")
    database.execute("CREATE TEMP TABLE gone (sha256 BLOB PRIMARY KEY) WITHOUT ROWID")
    with _attached(database, generations, dead, "dead"):
        database.execute("CREATE TEMP TABLE stale AS SELECT ordinal, hash FROM dead.articles")
        same_model = [one for one in kept if generations.manifest(one).embedding == model]
        for generation in same_model:
            with _attached(database, generations, generation, "kept"):
                query = "DELETE FROM stale WHERE hash IN (SELECT hash FROM kept.articles)"
                database.execute(query)
        for part in _PARTS:
            database.execute(
                f"INSERT OR IGNORE INTO gone SELECT sha256 FROM dead.{part}"  # noqa: S608
                " WHERE article IN (SELECT ordinal FROM stale)"
            )
        for generation in same_model:
            with _attached(database, generations, generation, "kept"):
                for part in _PARTS:
                    database.execute(
                        f"DELETE FROM gone WHERE sha256 IN (SELECT sha256 FROM kept.{part}"  # noqa: S608
                        " WHERE sha256 IN (SELECT sha256 FROM gone))"
                    )
    query = "DELETE FROM vectors WHERE model = ? AND sha256 IN (SELECT sha256 FROM gone)"
    return database.execute(query, (model,)).rowcount


def _opened(cache: Path) -> sqlite3.Connection:
    # each statement by itself: nothing can be attached within a transaction
    return sqlite3.connect(cache.resolve().as_uri(), uri=True, isolation_level=None)


@contextmanager
def _attached(
    database: sqlite3.Connection, generations: Generations, generation: str, name: str
) -> Iterator[None]:
    path = generations.folder(generation) / ARTICLES
    address = path.resolve().as_uri() + "?mode=ro&immutable=1"
    database.execute(f"ATTACH ? AS {name}", (address,))
    try:
        yield
    finally:
        database.execute(f"DETACH {name}")
