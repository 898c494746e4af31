"""The folder of articles as it is, against what the live generation holds of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retrieval.batches import batched
from retrieval.corpus import NOTHING_KNOWN, Known, Unchanged, WholeFile, read_corpus
from retrieval.index.articles import ArticleStore, ArticleWriter, Fingerprint, article_hash
from retrieval.jobs import Difference
from retrieval.types import Loaded, Problem, Progress, Step

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What the folder holds, new and changed articles aside."""

    difference: Difference
    failed: tuple[Problem, ...]
    files: tuple[tuple[str, bytes], ...]
    """Those that were read without a complaint, with their sha256."""
    stay: frozenset[str]
    """Ids of the articles that are to be taken from the live generation."""
    held: int
    """How many of these stay because their files cannot be read now."""


def read_difference(
    corpus_dir: Path,
    live: ArticleStore | None,
    incoming: ArticleWriter,
    *,
    take_all: bool,
    progress: Progress,
) -> Reading:
    """Read the folder; articles that are new or changed go into `incoming`, all if `take_all`.

    Otherwise files that hold the same bytes as before are not read again. An article whose file
    cannot be read now counts as unchanged. Raises CorpusError.
    """
    known = NOTHING_KNOWN
    if live is not None and not take_all:
        ids: dict[str, list[str]] = {}
        for name, path in live.ids():
            ids.setdefault(path, []).append(name)
        known = Known(live.files(), ids)
    added: list[str] = []
    changed: list[str] = []
    stay: set[str] = set()
    taken: set[str] = set()
    failed: list[Problem] = []
    files: list[tuple[str, bytes]] = []
    seen = 0

    def loaded() -> Iterator[Loaded]:
        nonlocal seen
        for item in read_corpus(corpus_dir, known):
            if isinstance(item, Loaded):
                yield item
                seen += 1
            elif isinstance(item, Unchanged):
                stay.update(item.ids)
                files.append((item.path, known.files[item.path]))
                seen += len(item.ids)
            elif isinstance(item, WholeFile):
                files.append((item.path, item.sha256))
            else:
                failed.append(item)
            progress(Step("read", seen, articles=len(added) + len(changed)))

    for batch in batched(loaded(), _BATCH):
        before = live.fingerprints([item.article.id for item in batch]) if live else {}
        for item in batch:
            name = item.article.id
            same = before.get(name) == Fingerprint(item.path, article_hash(item.article))
            if same and not take_all:
                stay.add(name)
                continue
            if not same:
                (changed if name in before else added).append(name)
            taken.add(name)
            incoming.add(item.article, path=item.path)
    broken = {problem.file for problem in failed if problem.lost}
    removed: list[str] = []
    held = 0
    for name, path in live.ids() if live else ():
        if name in taken or name in stay:
            continue
        if _is_broken(path, broken):
            stay.add(name)
            held += 1
        else:
            removed.append(name)
    unchanged = len(stay) + len(taken) - len(added) - len(changed)
    difference = Difference(
        tuple(sorted(added)), tuple(sorted(changed)), tuple(sorted(removed)), unchanged
    )
    return Reading(difference, tuple(failed), tuple(files), frozenset(stay), held)


def _is_broken(path: str, broken: set[str]) -> bool:
    """Whether the file, or a folder that it lies in, could not be read."""
    while path:
        if path in broken:
            return True
        path = path.rpartition("/")[0]
    return False
