"""What a process holds in memory while it works."""

import gc
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

MOST_GROWTH = 0.05
_STATUS = Path("/proc/self/status")
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """What is held once so many questions are answered."""

    resident: int | None
    """Bytes, those of mapped files too; None on systems that do not tell."""
    own: int | None
    """Without files: the embedding model's is read page by page, as words need it."""
    blocks: int
    """Pieces of memory that Python's objects are in."""


@dataclass(slots=True)
class Memory:
    """Samples of a run, taken at the end of each tenth."""

    questions: int
    samples: list[Sample] = field(default_factory=list)

    def look(self, answered: int) -> None:
        """Take a sample where another tenth is done, and print it."""
        if answered * 10 < (len(self.samples) + 1) * self.questions:
            return
        gc.collect()
        sample = Sample(_status("VmRSS"), _status("RssAnon"), sys.getallocatedblocks())
        self.samples.append(sample)
        resident, own = _in_mib(sample.resident), _in_mib(sample.own)
        print(
            f"{answered:7,} questions  resident {resident} MiB, without files {own} MiB, "
            f"{sample.blocks:11,} blocks",
            flush=True,
        )

    @property
    def growth(self) -> dict[str, float]:
        """By what is counted, from the end of the first tenth to the end, as a share."""
        first, last = self.samples[0], self.samples[-1]
        pairs = {
            "resident": (first.resident, last.resident),
            "own": (first.own, last.own),
            "blocks": (first.blocks, last.blocks),
        }
        return {
            name: after / before - 1 for name, (before, after) in pairs.items() if before and after
        }


def _status(name: str) -> int | None:
    if not _STATUS.exists():
        return None
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _in_mib(size: int | None) -> str:
    return "not told" if size is None else f"{size / _MIB:6.1f}"
