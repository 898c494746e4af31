"""The child process that reads uploads; `retrieval.incoming` is its parent."""

import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from retrieval.corpus.files import read_whole
from retrieval.corpus.serving import serve
from retrieval.errors import CorpusError
from retrieval.incoming.limits import MAX_FILE_BYTES
from retrieval.incoming.reading import read
from retrieval.types import Loaded, Problem


def _read(file: Path, name: str) -> Iterator[Loaded | Problem]:
    try:
        data = read_whole(file, MAX_FILE_BYTES)
    except CorpusError as error:
        yield Problem(name, str(error))
        return
    yield from read(data, name)


def _address_space() -> int:
    """Bytes that this process takes now; more than any limit where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return sys.maxsize // 2
    return pages * resource.getpagesize()


if __name__ == "__main__":
    serve(_read, float(sys.argv[1]), _address_space() + int(sys.argv[2]))
