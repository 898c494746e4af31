"""What a reload asks of whoever builds its generation, and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from retrieval.index.generations import Manifest
from retrieval.types import Problem, Progress

_MOST_GONE = 0.3
"""A larger share of the articles gone looks like a folder that is not there."""


def many_are_gone(gone: int, before: int) -> bool:
    """Whether, of so many articles before, so many gone stop a reload that is not forced."""
    return gone > _MOST_GONE * before


@dataclass(frozen=True, slots=True)
class BuildJob:
    """What to build: into the empty folder of `generation`, from the articles of `corpus_dir`."""

    generation: str
    corpus_dir: Path
    full: bool
    force: bool
    dry_run: bool
    distrust_live: bool
    """The live generation is taken for damaged."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Ids of articles that came, changed or went, sorted, and how many stayed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int

    @property
    def nothing(self) -> bool:
        """Whether all stayed."""
        return not (self.added or self.changed or self.removed)

    @property
    def articles(self) -> int:
        """How many there are now."""
        return len(self.added) + len(self.changed) + self.unchanged


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a job."""

    manifest: Manifest | None
    """None: there is nothing to publish."""
    difference: Difference
    failed: tuple[Problem, ...]
    chunks: int
    embedded: int
    live_verified: bool
    """The live generation can be gone on from: it is whole, and of this model and version."""
    held: int = 0
    """Articles that stay in their last good version, for their files cannot be read now."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the first of the articles that came, changed or went are called, by id."""


class Building(Protocol):
    """Builds generations and checks them."""

    def build(self, job: BuildJob, progress: Progress, *, lock: int) -> Built:
        """Do the job, holding the open descriptor `lock`. Raises BaodaError."""

    def check(self, generation: str) -> None:
        """Raise CollectionError unless everything in a generation can be found."""
