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

    questions: int
    resident: int | None
    """Bytes; None on systems that do not tell."""
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
        sample = Sample(answered, _resident(), sys.getallocatedblocks())
        self.samples.append(sample)
        resident = "" if sample.resident is None else f"{sample.resident / _MIB:9.1f} MiB"
        print(f"{answered:7,} questions {resident} {sample.blocks:11,} blocks", flush=True)

    @property
    def growth(self) -> dict[str, float]:
        """Of what the system and Python count, from the first tenth to the end, as a share."""
        first, last = self.samples[0], self.samples[-1]
        growth = {"blocks": last.blocks / first.blocks - 1}
        if first.resident is not None and last.resident is not None:
            growth["resident"] = last.resident / first.resident - 1
        else:
            print("this system does not tell how much memory a process takes: only blocks count")
        return growth


def _resident() -> int | None:
    if not _STATUS.exists():
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else None
