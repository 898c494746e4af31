"""The child process that reads HTML, PDF and Word files; `isolation` is its parent."""

import sys
from collections.abc import Iterator
from pathlib import Path

from retrieval.corpus import docx, html, pdf
from retrieval.corpus.serving import serve
from retrieval.types import Loaded, Problem

_READERS = {".html": html.read, ".htm": html.read, ".pdf": pdf.read, ".docx": docx.read}


def _read(file: Path, path: str) -> Iterator[Loaded | Problem]:
    yield from _READERS[file.suffix.lower()](file, path)


if __name__ == "__main__":
    serve(_read, float(sys.argv[1]), int(sys.argv[2]))
