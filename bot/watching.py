"""Reloads that nobody asks for: of a folder that changed, and after damage to the index."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import logs, request_ids
from bot.attending import is_step
from bot.indexing import RELOAD, reload_outcome
from bot.meters import UNCOUNTED, Meters
from bot.settings import Settings
from retrieval import lock
from retrieval.errors import CollectionError, ReloadError
from retrieval.index.generations import Generations

logger = logging.getLogger(__name__)

_SETTLE_SECONDS = 1.0
_MOST_LOOKS = 30
"""Until a folder that goes on changing is reloaded all the same."""

Stamp = frozenset[tuple[str, int, int]]


@contextmanager
def watched(settings: Settings, *, damaged: bool, meters: Meters = UNCOUNTED) -> Iterator[None]:
    """Keep the collection right for the length of a `with` block.

    At once if the index was found `damaged`; with WATCH_SECONDS whenever the folder changed.
    """
    if settings.watch_seconds is None and not damaged:
        yield
        return
    watcher = _Watcher(settings, meters)
    thread = threading.Thread(target=watcher.run, name="watching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        watcher.stop()
        thread.join()


class _Watcher:
    def __init__(self, settings: Settings, meters: Meters) -> None:
        self._meters = meters
        self._settings = settings
        self._generations = Generations(settings.data_dir)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Reload once, then again whenever the folder changed; until stopped."""
        seen: Stamp | None = None
        while not self._stopped.is_set():
            if self._may_reload():
                now = _stamp(self._settings.corpus_dir)
                if now != seen:
                    now = self._settled(now)
                    with request_ids.request():
                        self._reload()
                    seen = now
            if self._settings.watch_seconds is None:
                return
            self._stopped.wait(self._settings.watch_seconds)

    def stop(self) -> None:
        """End, and end a reload that runs."""
        self._stopped.set()
        with self._lock:
            if self._child is not None:
                self._child.terminate()

    def _may_reload(self) -> bool:
        """Not while another reload runs or after a roll-back, nor before the first index."""
        try:
            live = self._generations.live()
        except CollectionError:
            live = None
        return (
            live is not None
            and not self._generations.watching_is_paused()
            and lock.held_by(self._settings.data_dir) is None
        )

    def _settled(self, stamp: Stamp) -> Stamp:
        """The folder's stamp once it stays the same: files may still be on their way."""
        for _ in range(_MOST_LOOKS):
            if self._stopped.wait(min(_SETTLE_SECONDS, self._settings.watch_seconds or 0)):
                break
            now = _stamp(self._settings.corpus_dir)
            if now == stamp:
                break
            stamp = now
        return stamp

    def _reload(self) -> None:
        with self._lock:
            if self._stopped.is_set():
                return
            self._child = subprocess.Popen(
                RELOAD,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=request_ids.handed_on(),
            )
        started = time.monotonic()
        output, errors = self._child.communicate()
        seconds = time.monotonic() - started
        with self._lock:
            status, self._child = self._child.returncode, None
        if self._stopped.is_set():
            return
        for line in errors.decode("utf-8", "replace").splitlines():
            if not is_step(line):
                logs.hand_on(line)
        try:
            result = reload_outcome(status, output, errors)
        except ReloadError as error:
            self._meters.reloaded("folder", "failed", seconds)
            logger.error("the folder of articles could not be reloaded: %s", error)
            return
        changed = result["generation"] != result["previous"]
        self._meters.reloaded("folder", "published" if changed else "unchanged", seconds)
        for problem in result["failed"]:
            logger.warning("%s: %s", problem["file"], problem["reason"])
        if changed:
            logger.info(
                "reloaded: %d added, %d changed, %d removed",
                len(result["added"]),
                len(result["changed"]),
                len(result["removed"]),
            )


def _stamp(folder: Path) -> Stamp:
    """Path, size and time of change of every file, as far as they can be told."""
    files = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 (thousands of files, many times)
            try:
                stat = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            files.append((path, stat.st_size, stat.st_mtime_ns))
    return frozenset(files)
