"""The cache of embeddings: without it the next reload embeds everything again."""

import sqlite3
from contextlib import closing

from bot.findings.finding import Finding
from bot.revisions import read_only
from bot.settings import Settings
from retrieval.cache import CACHE_FILE


def embeddings(settings: Settings) -> Finding:
    """Whether what was embedded before can be used again."""
    path = settings.data_dir / CACHE_FILE
    if not path.exists():
        return Finding("embeddings", "ok", "none are kept yet")
    try:
        with closing(read_only(path)) as database:
            (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        state = str(error)
    if state == "ok":
        return Finding("embeddings", "ok", f"kept in {path}")
    detail = (
        f"{path} cannot be read ({state}): it will be made anew with the next reload, which embeds "
        "everything again"
    )
    advice = "nothing need be done; should a reload stop at that file, delete it and reload again"
    return Finding("embeddings", "note", detail, advice)
