"""What the files of a backup are called, and what its first and its last say."""

import re
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from bot.store.address import FILE_NAME
from retrieval.cache import CACHE_FILE

FORMAT = 1
"""Counted up when older versions of Baoda could not restore what this one writes."""

HEADER = "backup.json"
FILES = "files.json"
DATA = "data"
CORPUS = "corpus"
BIN = ".bin"
DATABASE = f"{DATA}/{FILE_NAME}"
CURRENT = f"{DATA}/CURRENT"
EMBEDDINGS = f"{DATA}/{CACHE_FILE}"
ROLL_BACK = f"{DATA}/rollback.json"
GENERATIONS = f"{DATA}/generations"
UNFINISHED: Final = ".restoring"
"""A folder in DATA_DIR, and one in CORPUS_DIR, for as long as a restore is not finished."""

_GENERATION = re.compile(rf"{GENERATIONS}/(\d{{8}}T\d{{12}}-[0-9a-f]{{4}})/.")
_DATA_FILES = (DATABASE, CURRENT, EMBEDDINGS, ROLL_BACK)


@dataclass(frozen=True, slots=True)
class Header:
    """What a backup is."""

    format: int
    baoda: str
    """The version that made it."""
    created: str
    """UTC, ISO 8601."""
    generation: str | None
    """The live one, None where nothing was indexed."""
    revision: str | None
    """Of the database, None where there was none."""
    served: bool
    """Whether a bot or a chat was running, which went on answering what was open then."""
    size: int
    """About how many bytes its files have."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a backup."""

    name: str
    size: int
    sha256: str


HEADERS = TypeAdapter(Header)
MEMBERS = TypeAdapter(list[Member])


def belongs(name: str, generation: str | None) -> bool:
    """Whether a backup of this generation may hold a file of that name: it leads nowhere else."""
    if "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
        return False
    if found := _GENERATION.match(name):
        return found[1] == generation
    return name in _DATA_FILES or name.startswith(f"{CORPUS}/{BIN}/") or is_kept(name)


def is_kept(name: str) -> bool:
    """Whether a file of the folder of articles is one by its name in a backup; not of the bin."""
    first, *others = name.split("/")
    return first == CORPUS and bool(others) and not any(one.startswith(".") for one in others)
