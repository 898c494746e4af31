"""A file that somebody sent to its articles: nothing of it is trusted, not even its name.

It is read in a child process of its own: whatever it does to that, the next one meets a fresh
child, and the memory is given back. Only the child looks into the file; it may write
nothing, and archives are unpacked in its memory, one member at a time.
"""

import threading
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from retrieval.corpus import printable
from retrieval.corpus.isolation import IsolatedReader, Limits
from retrieval.errors import CorpusError
from retrieval.incoming.limits import LIMITS, MAX_FILE_BYTES, MAX_NAME_CHARACTERS
from retrieval.types import Article, Loaded, Problem

_UNNAMED = "file"
_SHOWN_CHARACTERS = 60
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Upload:
    """What was understood of a file, in its order; no articles when it was refused as a whole."""

    articles: tuple[Article, ...]
    problems: tuple[Problem, ...]


def read_upload(file: Path, name: str) -> Upload:
    """Articles and problems of a file that its sender called `name`; blocks up to a minute.

    Uploads of several threads are read one after another, so that their children are never in
    memory together. Ids and the files of problems are made of the name and the names inside an
    archive. A problem with `lost` says why there is no article for it; the others are remarks.
    """
    with _one_at_a_time, closing(child_reader()) as reader:
        return read_upload_with(reader, file, name)


def child_reader(limits: Limits = LIMITS) -> IsolatedReader:
    """For several uploads one after another; to be closed, since its child keeps its memory."""
    return IsolatedReader(limits, "retrieval.incoming.child")


def read_upload_with(reader: IsolatedReader, file: Path, name: str) -> Upload:
    """The same as read_upload, with the child of one of `child_reader`."""
    shown = shown_name(name)
    try:
        _check(file, name)
        items = list(reader.read(file, shown))
    except CorpusError as error:
        items = [Problem(shown, str(error))]
    except OSError as error:
        items = [Problem(shown, f"cannot be read: {error.strerror}")]
    return Upload(
        tuple(item.article for item in items if isinstance(item, Loaded)),
        tuple(item for item in items if isinstance(item, Problem)),
    )


def shown_name(name: str) -> str:
    """The sender's name of a file, safe and short enough for a line; its ending is kept."""
    last = printable(name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    last = " ".join(unicodedata.normalize("NFC", last).split())
    if not last.strip("."):
        return _UNNAMED
    if len(last) > _SHOWN_CHARACTERS:
        half = _SHOWN_CHARACTERS // 2
        last = f"{last[:half]}…{last[-half + 1 :]}"
    return last


def _check(file: Path, name: str) -> None:
    """Raises CorpusError for what no child need look at, OSError."""
    if len(name) > MAX_NAME_CHARACTERS:
        raise CorpusError(f"its name is over {MAX_NAME_CHARACTERS} characters; rename it")
    if printable(name) != name:
        raise CorpusError("its name holds control characters; rename it")
    if "/" in name or "\\" in name or name in (".", ".."):
        raise CorpusError("its name leads to another folder; rename it")
    size = file.stat().st_size
    if size > MAX_FILE_BYTES:
        raise CorpusError(f"over {MAX_FILE_BYTES // 1_000_000} MB; split it or make it smaller")
