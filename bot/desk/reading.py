"""A stand-in until retrieval.incoming is there."""

import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from retrieval.corpus.formats import SUFFIXES, FileReader
from retrieval.types import Article, Loaded, Problem

MAX_FILE_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """What was understood of a file."""

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]


def read_upload(file: Path, name: str) -> Upload:
    """Articles and problems of a file."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        return Upload((), (Problem(name, "not a kind of file that can be read"),))
    with tempfile.TemporaryDirectory() as folder, closing(FileReader()) as reader:
        copy = Path(folder) / f"file{suffix}"
        shutil.copyfile(file, copy)
        items = list(reader.read(copy, name))
    return Upload(
        tuple(item.article for item in items if isinstance(item, Loaded)),
        tuple(item for item in items if isinstance(item, Problem)),
    )
