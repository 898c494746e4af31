"""One file to its articles, whatever its format; what cannot be read is a problem to report."""

from collections.abc import Callable, Iterator
from pathlib import Path

from retrieval.corpus import jsonl, markdown, text
from retrieval.corpus.files import CHANGED, open_regular, version
from retrieval.corpus.isolation import DEFAULT_LIMITS, IsolatedReader, Limits
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

Reader = Callable[[Path, str], Iterator[Loaded | Problem]]

_STREAMED: dict[str, Reader] = {".jsonl": jsonl.read}
_WHOLE: dict[str, Reader] = {".md": markdown.read, ".txt": text.read}
_ISOLATED = frozenset((".html", ".htm", ".pdf", ".docx"))
SUFFIXES = frozenset(_STREAMED.keys() | _WHOLE.keys() | _ISOLATED)

_SIGNATURES = (
    (b"%PDF-", ".pdf", "PDF"),
    (b"PK\x03\x04", ".docx", "Word or zip"),
    (b"\x89PNG", ".png", "PNG"),
    (b"\xff\xd8\xff", ".jpg", "JPEG"),
    (b"GIF8", ".gif", "GIF"),
    (b"\xd0\xcf\x11\xe0", ".doc .docx", "old Word"),
)
_TRIES = 2


class FileReader:
    """Reads files one after another; a child process is started for the first that needs one."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._isolated = IsolatedReader(limits)

    def close(self) -> None:
        """End the child process, if there is one."""
        self._isolated.close()

    def read(self, file: Path, path: str) -> Iterator[Loaded | Problem]:
        """Articles and problems of a file whose suffix is in SUFFIXES, in its order.

        `path` names the file to editors and makes the ids. An article that changes while it is
        read is read again, then reported, never given by halves.
        """
        suffix = file.suffix.lower()
        try:
            _check(file, suffix)
            if suffix in _STREAMED:
                yield from _STREAMED[suffix](file, path)
            else:
                yield from _steadily(_WHOLE.get(suffix, self._isolated.read), file, path)
        except CorpusError as error:
            yield Problem(path, str(error))
        except OSError as error:
            yield Problem(path, f"cannot be read: {error.strerror}")


def _check(file: Path, suffix: str) -> None:
    """Raises CorpusError for what its reader should not even begin, OSError."""
    with open_regular(file) as stream:
        start = stream.read(8)
    for signature, own_suffix, name in _SIGNATURES:
        if start.startswith(signature) and suffix not in own_suffix.split():
            known = own_suffix in SUFFIXES
            what_to_do = f"name it {own_suffix}" if known else f"remove it or save it as {suffix}"
            raise CorpusError(f"not {suffix} but a {name} file; {what_to_do}")


def _steadily(read: Reader, file: Path, path: str) -> list[Loaded | Problem]:
    """What `read` gives when the file was the same before and after."""
    for _ in range(_TRIES):
        before = version(file)
        items = list(read(file, path))
        if before == version(file):
            return items
    raise CorpusError(CHANGED)
