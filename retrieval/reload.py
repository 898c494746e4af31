"""From files to a checked, published generation, and back to a former one."""

import dataclasses
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from retrieval import lock
from retrieval.cache import CACHE_FILE
from retrieval.child import BuilderDiedError
from retrieval.durable import make_folder
from retrieval.errors import CollectionError, HinderedCollectionError, ReloadError, reason_of
from retrieval.index.generations import (
    READABLE,
    Generations,
    Golden,
    Manifest,
    check_fingerprint,
)
from retrieval.index.layout import check_layout, mark_layout
from retrieval.jobs import Building, BuildJob, Built
from retrieval.pruning import prune_cache
from retrieval.types import Problem, Progress

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class ReloadResult:
    """What a reload did. Without a change `generation` equals `previous`; times in seconds."""

    generation: str | None
    previous: str | None
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    failed: tuple[Problem, ...]
    articles: int
    chunks: int
    embedded: int
    seconds: float
    golden: Golden | None
    held: int
    """Articles that stay in their last good version, for their files cannot be read now."""
    names: Mapping[str, str]
    """What the first of the articles that came, changed or went are called, by id."""
    outdated: bool
    """Whether the live generation was damaged, or of another model or version, or not there."""


class Reloader:
    """Publishes generations of a data folder: the next one, or a former one again."""

    def __init__(
        self, *, corpus_dir: Path, data_dir: Path, builder: Building, embedding: str
    ) -> None:
        self._corpus_dir = corpus_dir
        self._data_dir = data_dir
        self._generations = Generations(data_dir)
        self._builder = builder
        self._embedding = embedding

    def reload(self, *, full: bool, force: bool, dry_run: bool, progress: Progress) -> ReloadResult:
        """Read the folder and publish what is new in it; readers see the old until the end.

        `full` builds even without a change, `force` also when many articles are gone or golden
        questions fail. Raises CorpusError, ReloadError, CollectionError, ModelUnavailableError or,
        where a newer version has used the data folder, DataFolderError; then nothing changed.
        """
        started = time.monotonic()
        try:
            make_folder(self._data_dir)
            with lock.exclusive(self._data_dir) as descriptor:
                check_layout(self._data_dir)
                mark_layout(self._data_dir)
                self._generations.clean()
                previous = self._live()
                job = BuildJob(
                    generation=self._generations.new(),
                    corpus_dir=self._corpus_dir,
                    full=full,
                    force=force,
                    dry_run=dry_run,
                    distrust_live=False,
                )
                try:
                    built = self._build(job, progress, descriptor)
                    if built.manifest:
                        made = dataclasses.replace(built.manifest, previous=previous)
                        self._generations.publish(made)
                finally:
                    if self._live() != job.generation:
                        self._generations.discard(job.generation)
                if not dry_run:
                    self._settle(built, previous)
        except OSError as error:
            where = error.filename or self._data_dir
            raise ReloadError(f"the reload stopped: {where}: {reason_of(error)}") from error
        published = built.manifest
        return ReloadResult(
            generation=published.id if published else previous,
            previous=previous,
            added=built.difference.added,
            changed=built.difference.changed,
            removed=built.difference.removed,
            unchanged=built.difference.unchanged,
            failed=built.failed,
            articles=built.difference.articles,
            chunks=built.chunks,
            embedded=built.embedded,
            seconds=round(time.monotonic() - started, 3),
            golden=published.golden if published else None,
            held=built.held,
            names=built.names,
            outdated=not built.live_verified,
        )

    def roll_back(self, generation: str | None) -> tuple[str, str]:
        """Make a kept generation live again, the one before the live one unless it is named.

        What is live now and what was. Raises CollectionError or ReloadError; then nothing changed.
        """
        try:
            return self._roll_back(generation)
        except OSError as error:
            where = error.filename or self._data_dir
            raise ReloadError(f"the roll-back stopped: {where}: {reason_of(error)}") from error

    def verify_live(self) -> str | None:
        """Look through the live generation, once; a damaged one gives way to the last good one.

        What was found wrong, None when all is well. Raises LockedError while a reload runs.
        """
        complaint = self._mend_pointer()
        while (live := self._live()) is not None and not self._generations.is_checked(live):
            try:
                if self._generations.manifest(live).schema not in READABLE:
                    break  # made by another version, which is no damage
                self._builder.check(live)
            except HinderedCollectionError as error:
                logger.warning("the live index cannot be looked through now: %s", error)
                break
            except CollectionError as error:
                with lock.exclusive(self._data_dir):
                    last = self._generations.set_aside(live)
                serving = f"{last} of before it serves" if last else "there is none before it"
                reason = str(error).removesuffix("; run `baoda reload`")
                complaint = f"the index {live} was set aside and {serving}: {reason}"
            else:
                self._note_checked(live)
                break
        return complaint

    def _mend_pointer(self) -> str | None:
        """What was wrong with the pointer, None when it names a generation or there is none."""
        live = self._live()
        kept = self._generations.kept()
        if not kept or (live is not None and self._generations.folder(live).is_dir()):
            return None
        with lock.exclusive(self._data_dir):
            self._generations.point_to(kept[0])
        return f"CURRENT named no generation; {kept[0]} serves"

    def _live(self) -> str | None:
        try:
            return self._generations.live()
        except CollectionError as error:
            if isinstance(error.__cause__, OSError):
                raise ReloadError(str(error)) from error
            logger.warning("%s", error)
            return None

    def _note_checked(self, generation: str) -> None:
        """Where that cannot be kept it is looked through again at the next start."""
        try:
            self._generations.note_checked(generation)
        except OSError as error:
            logger.warning("that the index is sound cannot be kept: %s", reason_of(error))

    def _prune(self, published: Manifest) -> None:
        """Delete generations beyond the kept ones and what only they had in the cache."""
        dead = self._generations.superfluous()
        kept = [name for name in self._generations.kept() if name not in dead]
        built_anew = not published.churned
        if dead or built_anew:
            cache = self._data_dir / CACHE_FILE
            deleted = prune_cache(cache, self._generations, kept, [] if built_anew else dead)
            logger.debug("%d embeddings are not needed any more", deleted)
        self._generations.prune(dead)

    def _build(self, job: BuildJob, progress: Progress, descriptor: int) -> Built:
        try:
            return self._builder.build(job, progress, lock=descriptor)
        except BuilderDiedError as error:
            if error.phase != "verify":
                raise
            logger.warning("%s; building anew without the live index", error)
            self._generations.discard(job.generation)
            self._generations.folder(job.generation).mkdir()
            again = dataclasses.replace(job, distrust_live=True)
            return self._builder.build(again, progress, lock=descriptor)

    def _settle(self, built: Built, previous: str | None) -> None:
        """Note what was looked through, delete what is not needed any more."""
        if built.manifest is not None:
            self._generations.note_checked(built.manifest.id)
            self._prune(built.manifest)
            return
        self._generations.resume_watching()
        if previous and built.live_verified and not self._generations.is_checked(previous):
            self._generations.note_checked(previous)

    def _roll_back(self, generation: str | None) -> tuple[str, str]:
        with lock.exclusive(self._data_dir):
            check_layout(self._data_dir)
            previous = self._generations.require_live()
            if generation is None:
                generation = self._generations.before(previous)
                if generation is None:
                    raise CollectionError("there is no generation before the live one")
            if generation not in self._generations.kept():
                raise CollectionError(
                    f"no generation {generation} is kept; `baoda status` lists those that are"
                )
            check_fingerprint(self._generations.manifest(generation), self._embedding)
            if generation != previous:
                self._builder.check(generation)
                self._generations.roll_back(generation)
                self._generations.note_checked(generation)
            return generation, previous
