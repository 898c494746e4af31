"""The one lock of everything that changes a data folder's generations."""

import datetime
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from retrieval.errors import LockedError

NAME = "reload.lock"
"""Of the file, in a data folder."""

_TRIES = 5
_PAUSE_SECONDS = 0.1
"""Between tries: who only looks whether it is held, holds it for a moment."""


@contextmanager
def exclusive(data_dir: Path) -> Iterator[int]:
    """Hold the lock; its descriptor, for a child to inherit, so that it holds the lock as well.

    It is gone with the last process that holds it. Raises LockedError, which names the holder.
    """
    with (data_dir / NAME).open("a+") as stream:
        for _ in range(_TRIES):
            if _take(stream, fcntl.LOCK_EX):
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            raise LockedError(f"another reload is running ({_holder(stream)}); try again later")
        stream.truncate(0)
        now = datetime.datetime.now(datetime.UTC)
        stream.write(f"process {os.getpid()} since {now:%Y-%m-%d %H:%M:%S} UTC")
        stream.flush()
        yield stream.fileno()


def held_by(data_dir: Path) -> str | None:
    """Who holds the lock and since when, None when nobody does."""
    try:
        with (data_dir / NAME).open() as stream:
            return None if _take(stream, fcntl.LOCK_SH) else _holder(stream)
    except OSError:
        return None


def _take(stream: TextIO, how: int) -> bool:
    try:
        fcntl.flock(stream, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(stream: TextIO) -> str:
    stream.seek(0)
    return stream.read().strip() or "another process"
