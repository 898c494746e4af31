"""What a child process does that reads files for a parent (`isolation`): requests in, items out."""

import dataclasses
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from retrieval.corpus.isolation import OUT_OF_MEMORY
from retrieval.types import Loaded, Problem

_NICENESS = 10
_SPARE_CPU_SECONDS = 5


def serve(
    read: Callable[[Path, str], Iterator[Loaded | Problem]], seconds: float, memory_bytes: int
) -> None:
    """Answer requests until there are no more of them. What libraries print goes nowhere."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    os.nice(_NICENESS)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_AS, memory_bytes)
    with replies:
        for request in sys.stdin.buffer:
            _limit_cpu(seconds)
            fields = json.loads(request)
            try:
                items = list(_read(read, Path(fields["file"]), fields["path"]))
                reply = json.dumps([_plain(item) for item in items], ensure_ascii=False).encode()
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            replies.write(reply + b"\n")
            replies.flush()


def _read(
    read: Callable[[Path, str], Iterator[Loaded | Problem]], file: Path, path: str
) -> Iterator[Loaded | Problem]:
    try:
        yield from read(file, path)
    except RecursionError:
        yield Problem(path, "nested too deeply; save it anew")
    except OSError as error:
        yield Problem(path, f"cannot be read: {error.strerror}")


def _plain(item: Loaded | Problem) -> dict[str, object]:
    if isinstance(item, Loaded):
        return dataclasses.asdict(item)
    return {"problem": dataclasses.asdict(item)}


def _limit(kind: int, most: int) -> None:
    with suppress(ValueError, OSError):  # macOS refuses some
        resource.setrlimit(kind, (most, most))


def _limit_cpu(seconds: float) -> None:
    """A bound for the time that nobody is left to measure: after the parent was killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_CPU_SECONDS
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
