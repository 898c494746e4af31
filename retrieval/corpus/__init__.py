"""A folder of files to articles: one reader a format."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from retrieval.corpus import jsonl, markdown
from retrieval.corpus.fields import MAX_ARTICLE_BYTES
from retrieval.errors import CorpusError
from retrieval.types import Loaded, Problem

Reader = Callable[[Path, str], Iterator[Loaded | Problem]]

_READERS: dict[str, Reader] = {".md": markdown.read, ".jsonl": jsonl.read}
_STREAMED = {".jsonl"}
_OTHER_FORMATS = {".txt", ".html", ".htm", ".pdf", ".docx"}
_SUFFIXES = _READERS.keys() | _OTHER_FORMATS


def read_corpus(folder: Path) -> Iterator[Loaded | Problem]:
    """Every article of the folder and every problem, by path; the first path wins an id.

    Raises CorpusError when the folder is missing or cannot be listed.
    """
    try:
        found_folder = folder.is_dir()
    except OSError as error:
        raise CorpusError(f"cannot list {folder}: {error.strerror}") from error
    if not found_folder:
        raise CorpusError(f"no folder of articles at {folder}: create it or set CORPUS_DIR")
    owners: dict[str, str] = {}
    for found in _files(folder):
        if isinstance(found, Problem):
            yield found
            continue
        for item in _read_file(folder / found, found):
            if isinstance(item, Problem):
                yield item
                continue
            article_id = item.article.id
            if article_id in owners:
                reason = (
                    f"the id {article_id!r} is already that of an article in {owners[article_id]}"
                )
                yield Problem(found, reason)
                continue
            owners[article_id] = found
            yield item


def _files(folder: Path) -> Iterator[str | Problem]:
    """Paths of possible articles relative to the folder, with /, sorted."""
    root = folder.resolve()
    problems: list[Problem] = []
    paths: list[str] = []

    def unreadable(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise CorpusError(f"cannot list {folder}: {error.strerror}") from error
        relative = os.path.relpath(error.filename, folder)
        problems.append(Problem(_printable(relative), f"cannot be listed: {error.strerror}"))

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        inner = set(folders)
        for name in folders + files:
            if _is_no_article(name):
                continue
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            if _leads_out(path, root):
                problems.append(Problem(_printable(relative), "link that leads out of the folder"))
            elif name not in inner and path.suffix.lower() in _SUFFIXES:
                if _printable(relative) == relative:
                    paths.append(relative)
                else:
                    problems.append(Problem(_printable(relative), "file name is not valid UTF-8"))
    yield from sorted(problems, key=lambda problem: problem.file)
    yield from sorted(paths)


def _leads_out(path: Path, root: Path) -> bool:
    # unlike pathlib's, these two bear loops of links and folders that cannot be entered
    is_link = os.path.islink(path)  # noqa: PTH114
    return is_link and not Path(os.path.realpath(path)).is_relative_to(root)


def _read_file(file: Path, path: str) -> Iterator[Loaded | Problem]:
    suffix = file.suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        yield Problem(path, f"{suffix} files are not read; save the article as .md or .jsonl")
        return
    try:
        if not file.is_file():
            yield Problem(path, "not a regular file")
        elif suffix not in _STREAMED and file.stat().st_size > MAX_ARTICLE_BYTES:
            yield Problem(path, "article over 2 MB")
        else:
            yield from reader(file, path)
    except OSError as error:
        yield Problem(path, f"cannot be read: {error.strerror}")


def _is_no_article(name: str) -> bool:
    return (
        name.startswith((".", "_")) or name.upper().startswith("README") or name == "golden.jsonl"
    )


def _printable(path: str) -> str:
    return path.encode("utf-8", "replace").decode()
