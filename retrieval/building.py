"""The next generation, built beside the live one: what a reload's child process does.

read the folder -> difference to the live generation -> copy it and apply the difference, or build
anew -> check that everything is found -> ask the golden questions. Nothing is published here.

Chroma and the answerer take a second to import: only a build that writes pays for them.
"""

import dataclasses
import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.cache import CACHE_FILE, EmbeddingCache
from retrieval.comparing import names_of
from retrieval.difference import Reading, read_difference
from retrieval.errors import CollectionError, CorpusError, GoldenError, ManyGoneError, ReloadError
from retrieval.evaluation import GoldenQuestion, read_golden
from retrieval.index.articles import ArticleStore, ArticleWriter
from retrieval.index.generations import ARTICLES, Generations, Golden, Manifest, matches
from retrieval.jobs import BuildJob, Built, Difference, many_are_gone
from retrieval.types import Embedder, Loaded, Progress, Step

if TYPE_CHECKING:
    from retrieval.index.writing import Embedding, GenerationWriter

logger = logging.getLogger(__name__)

_MAX_CHURN = 0.2
"""A larger share of chunks added or removed since all was last built anew: build anew. Chroma's
files do not shrink, and after much deleting it loses vectors."""

_CHARACTERS_A_CHUNK = 300
_BYTES_A_CHARACTER = 150
"""Of disk, for new text: in the generation and in the cache of embeddings."""

_SPARE_BYTES = 50_000_000
_INCOMING = "incoming.sqlite3"


@dataclasses.dataclass(frozen=True, slots=True)
class _Live:
    """The generation to go on from, as far as that can be done."""

    folder: Path
    articles: ArticleStore
    manifest: Manifest | None
    """None where it was made with another model or version, or is damaged."""
    damaged: bool


class Builder:
    """Builds in this process. A share of golden questions is from 0 to 1."""

    def __init__(
        self,
        *,
        data_dir: Path,
        embedder: Embedder,
        golden_min_share: float = 0.0,
        golden_max_drop: float = 1.0,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._data_dir = data_dir
        self._generations = Generations(data_dir)
        self._embedder = embedder
        self._golden_min_share = golden_min_share
        self._golden_max_drop = golden_max_drop
        self._free_bytes = free_bytes

    def check(self, generation: str) -> None:
        """Raise CollectionError unless everything in a generation can be found."""
        from retrieval.index.collection import check_complete

        check_complete(self._generations.folder(generation), self._generations.manifest(generation))

    def build(self, job: BuildJob, progress: Progress, *, lock: int) -> Built:
        """Do the job in the folder of its generation. Raises BaodaError."""
        folder = self._generations.folder(job.generation)
        with ExitStack() as stack:
            live = self._open_live(job, progress)
            if live is not None:
                stack.callback(live.articles.close)
            with closing(ArticleWriter(folder / _INCOMING)) as incoming:
                reading = read_difference(
                    job.corpus_dir,
                    live.articles if live else None,
                    incoming,
                    take_all=job.full or (live is not None and live.damaged),
                    progress=progress,
                )
            self._guard(job, live, reading.difference)
            manifest = live.manifest if live else None
            up_to_date = manifest is not None and reading.difference.nothing and not job.full
            verified = manifest is not None
            questions, complaints = read_golden(job.corpus_dir)
            failed = (*reading.failed, *complaints)
            with closing(ArticleStore(folder / _INCOMING)) as store:
                names = names_of(reading.difference, store, live.articles if live else None)
            if job.dry_run or up_to_date:
                chunks = manifest.chunks if manifest else 0
                return Built(
                    None, reading.difference, failed, chunks, 0, verified, reading.held, names
                )
            before = manifest.golden if manifest else None
            if complaints and before and not job.force:
                place = f"{complaints[0].file}:{complaints[0].line}"
                raise GoldenError(
                    f"{place}: {complaints[0].reason}; nothing changed. Correct it, or publish "
                    "without such questions: baoda reload --force"
                )
            made, embedded = self._write(job, live, reading, progress)
            if questions:
                made = self._with_golden(job, questions, before, made, progress)
            return Built(
                made,
                reading.difference,
                failed,
                made.chunks,
                embedded,
                verified,
                reading.held,
                names,
            )

    def _open_live(self, job: BuildJob, progress: Progress) -> _Live | None:
        """The live generation; where it is damaged, the articles of the newest that is not."""
        live: str | None = None
        manifest: Manifest | None = None
        damaged = job.distrust_live
        try:
            live = self._generations.live()
            if live is not None and not damaged:
                manifest = self._verified(live, progress)
        except CollectionError as error:
            logger.warning("%s; building anew", error)
            damaged = True
        candidates = [live, *self._generations.kept()] if live else self._generations.kept()
        for generation in candidates:
            if not damaged or self._generations.articles_are_sound(generation):
                folder = self._generations.folder(generation)
                return _Live(folder, ArticleStore(folder / ARTICLES), manifest, damaged)
        return None

    def _verified(self, live: str, progress: Progress) -> Manifest | None:
        manifest = self._generations.manifest(live)
        if not matches(manifest, self._embedder.fingerprint):
            return None
        if not self._generations.is_checked(live):
            progress(Step("verify"))
            self.check(live)
        return manifest

    def _guard(self, job: BuildJob, live: _Live | None, difference: Difference) -> None:
        if not difference.articles:
            raise CorpusError(f"no article in {job.corpus_dir} can be read; nothing was changed")
        gone = len(difference.removed)
        before = live.articles.counts().articles if live else 0
        if many_are_gone(gone, before) and not job.force:
            complaint = (
                f"{gone} of {before} articles are gone; nothing changed. "
                "Is the folder complete? If so: baoda reload --force"
            )
            if not job.dry_run:
                raise ManyGoneError(complaint)
            logger.warning("a reload would stop: %s", complaint)

    def _write(
        self, job: BuildJob, live: _Live | None, reading: Reading, progress: Progress
    ) -> tuple[Manifest, int]:
        """The generation, written and checked, and how many texts were embedded for it."""
        from retrieval.index.writing import Embedding, GenerationWriter

        folder = self._generations.folder(job.generation)
        with ExitStack() as stack:
            incoming = stack.enter_context(closing(ArticleStore(folder / _INCOMING)))
            self._check_disk(live, incoming)
            cache = EmbeddingCache(self._data_dir / CACHE_FILE)
            stack.callback(cache.close)
            embedding = Embedding(cache, self._embedder, progress)
            out = (*reading.difference.removed, *reading.difference.changed)
            churned = _churned(live, incoming, out)
            if live is not None and churned is not None and not job.full:
                try:
                    writer = GenerationWriter(folder, source=live.folder, progress=progress)
                    with closing(writer):
                        writer.remove(out)
                        made = self._fill(job, writer, _loaded(incoming), reading, embedding)
                    made = dataclasses.replace(made, churned=churned)
                    return self._checked(folder, made, progress), embedding.embedded
                except CollectionError as error:
                    logger.warning("%s after a small change; building anew", error)
                    _empty(folder)
            stay = _loaded(live.articles, reading.stay) if live else iter(())
            with closing(GenerationWriter(folder, source=None, progress=progress)) as writer:
                articles = chain(stay, _loaded(incoming))
                made = self._fill(job, writer, articles, reading, embedding)
            return self._checked(folder, made, progress), embedding.embedded

    def _fill(
        self,
        job: BuildJob,
        writer: "GenerationWriter",
        articles: Iterator[Loaded],
        reading: Reading,
        embedding: "Embedding",
    ) -> Manifest:
        for loaded in articles:
            writer.add(loaded, self._embedder.count_tokens)
        return writer.finish(job.generation, reading.files, embedding)

    def _checked(self, folder: Path, made: Manifest, progress: Progress) -> Manifest:
        from retrieval.index.collection import check_complete

        progress(Step("check"))
        check_complete(folder, made, just_written=True)
        (folder / _INCOMING).unlink()
        return made

    def _check_disk(self, live: _Live | None, incoming: ArticleStore) -> None:
        new = incoming.characters() * _BYTES_A_CHARACTER
        old = self._generations.size(live.folder.name) if live else 0
        needed = new + old + _SPARE_BYTES
        free = self._free_bytes(self._data_dir)
        if free < needed:
            raise ReloadError(
                f"the new index needs about {needed / 1e6:,.0f} MB, but only {free / 1e6:,.0f} MB "
                f"are free at {self._data_dir}; make room and reload again"
            )

    def _with_golden(
        self,
        job: BuildJob,
        questions: Sequence[GoldenQuestion],
        before: Golden | None,
        made: Manifest,
        progress: Progress,
    ) -> Manifest:
        """The manifest with the results. Raises ReloadError when too many questions fail."""
        from retrieval.golden import ask_golden, complaint_about
        from retrieval.index.collection import OneCollection

        golden = ask_golden(
            questions,
            OneCollection(self._generations.folder(made.id), made),
            self._embedder,
            lambda asked, failed: progress(Step("golden", asked, len(questions), failed=failed)),
        )
        complaint = complaint_about(
            golden, before, min_share=self._golden_min_share, max_drop=self._golden_max_drop
        )
        if complaint and not job.force:
            names = ", ".join(golden.failed[:10]) + (" …" if len(golden.failed) > 10 else "")
            raise GoldenError(
                f"{complaint}; nothing changed. Failed: {names}. Correct the articles or "
                "golden.jsonl, or publish all the same: baoda reload --force"
            )
        return dataclasses.replace(made, golden=golden)


def _churned(live: _Live | None, incoming: ArticleStore, out: tuple[str, ...]) -> int | None:
    """Chunks added or removed since all was built anew, about; None: they are too many."""
    if live is None or live.manifest is None:
        return None
    characters = incoming.characters() + live.articles.characters(out)
    churned = live.manifest.churned + characters // _CHARACTERS_A_CHUNK + 1
    return churned if churned <= _MAX_CHURN * live.manifest.chunks else None


def _loaded(articles: ArticleStore, ids: Collection[str] | None = None) -> Iterator[Loaded]:
    for path, article in articles.everything():
        if ids is None or article.id in ids:
            yield Loaded(article, path)


def _empty(folder: Path) -> None:
    """Delete all that a broken-off copy left, but not what was read."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != _INCOMING:
            path.unlink()
