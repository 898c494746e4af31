"""The data folder, the disk under it, who may read it, and the folder of articles."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.data_folder import check_data_folder
from bot.findings.finding import Finding
from bot.revisions import FILE_NAME
from bot.settings import Settings
from retrieval.errors import BaodaError, CollectionError
from retrieval.index.generations import Generations

_LEAST_FREE_BYTES = 500_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_INBOX = "inbox"


def disk(settings: Settings) -> Finding:
    """Whether there is room, also for an index that is built anew beside the live one."""
    folder = settings.data_dir.absolute()
    try:
        while not folder.is_dir():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
    except OSError as error:
        advice = "set DATA_DIR to a folder that this user may write"
        return Finding("disk", "problem", f"{folder}: {error.strerror}", advice)
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = "give this user the right to write there, or set DATA_DIR"
        return Finding("disk", "problem", f"{folder} cannot be written", advice)
    needed = max(_LEAST_FREE_BYTES, _rebuilding_takes(settings.data_dir))
    detail = f"{free / 1e9:.1f} GB free at {folder.resolve()}"
    if free < needed:
        detail += f"; up to {needed / 1e9:.1f} GB are needed while an index is built anew"
        return Finding("disk", "problem", detail, "make room, or set DATA_DIR to another disk")
    return Finding("disk", "ok", detail)


def data_folder(settings: Settings) -> Finding:
    """Whether this version and this user may use all of it."""
    try:
        check_data_folder(settings)
    except BaodaError as error:
        advice = "do what that line says; `baoda` does nothing with the folder until then"
        return Finding("data folder", "problem", str(error), advice)
    if not settings.data_dir.exists():
        return Finding("data folder", "ok", f"{settings.data_dir} is made at the first start")
    locked = [path for path in _files(settings.data_dir) if not os.access(path, _rights(path))]
    if locked:
        names = ", ".join(path.name for path in locked[:5])
        advice = f"give them to the user that runs baoda: chown -R … {settings.data_dir}"
        return Finding("data folder", "problem", f"this user may not write {names}", advice)
    return Finding("data folder", "ok", f"{settings.data_dir}, of this version or an older one")


def privacy(settings: Settings) -> Finding:
    """Whether others on this machine may read what readers asked, or change it."""
    conversations = sorted(settings.data_dir.glob(f"{FILE_NAME}*"))
    open_ = [path for path in conversations if _mode(path) & _OTHERS]
    if open_:
        names = " ".join(str(path) for path in open_)
        detail = f"other users of this machine may read {names}"
        return Finding("privacy", "note", detail, f"chmod 600 {names}")
    if _mode(settings.data_dir) & stat.S_IWOTH:
        detail = f"other users of this machine may write {settings.data_dir}"
        return Finding("privacy", "problem", detail, f"chmod o-w {settings.data_dir}")
    return Finding("privacy", "ok", "conversations are closed to other users")


def inbox(settings: Settings) -> Finding:
    """Whether the articles that admins send can be kept."""
    if not settings.telegram_admin_ids:
        return Finding("inbox", "note", "no admins: nobody sends articles from Telegram")
    for folder in (settings.corpus_dir / _INBOX, settings.corpus_dir):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            advice = "give this user the right to write there, for admins to send articles"
            return Finding("inbox", "problem", f"{folder} cannot be written", advice)
    return Finding("inbox", "ok", f"articles that admins send go to {settings.corpus_dir}")


def _rebuilding_takes(data_dir: Path) -> int:
    generations = Generations(data_dir)
    try:
        live = generations.live()
        return 2 * generations.size(live) if live else 0
    except (CollectionError, OSError):
        return 0


def _files(data_dir: Path) -> Iterator[Path]:
    """What a running bot and a reload write, as far as it is there."""
    yield data_dir
    yield from (path for path in data_dir.iterdir() if not path.name.startswith("."))


def _rights(path: Path) -> int:
    return os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0
