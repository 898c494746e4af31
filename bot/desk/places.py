"""Folders of ours inside the folder of articles; nothing is ever put outside of that."""

import errno
import os
from enum import StrEnum
from pathlib import Path

from retrieval.durable import make_folder


class Trouble(StrEnum):
    """Why a file cannot be put somewhere, or taken from there."""

    FULL = "full"
    READ_ONLY = "read only"
    LEADS_OUT = "leads out"
    GONE = "gone"
    OTHER = "other"


class PlaceError(Exception):
    """A file cannot be put somewhere; what was to be done is not."""

    def __init__(self, trouble: Trouble, name: str, reason: str = "") -> None:
        super().__init__(trouble, name, reason)
        self.trouble = trouble
        self.name = name
        """The folder or file that it is about, relative to the folder of articles."""
        self.reason = reason
        """The system's word for it, of OTHER."""

    @classmethod
    def of(cls, error: OSError, name: str) -> "PlaceError":
        """What an error of the system means."""
        troubles = {
            errno.ENOSPC: Trouble.FULL,
            errno.EDQUOT: Trouble.FULL,
            errno.EROFS: Trouble.READ_ONLY,
            errno.EACCES: Trouble.READ_ONLY,
            errno.EPERM: Trouble.READ_ONLY,
        }
        trouble = troubles.get(error.errno or 0, Trouble.OTHER)
        return cls(trouble, name, error.strerror or type(error).__name__)


def own_folder(corpus: Path, name: str) -> Path:
    """A folder of that name right inside the folder of articles, made if need be.

    Raises PlaceError, also where it is a link.
    """
    try:
        root = Path(os.path.realpath(corpus, strict=True))
        folder = root / name
        if folder.is_symlink():
            raise PlaceError(Trouble.LEADS_OUT, name)
        make_folder(folder)
    except OSError as error:
        raise PlaceError.of(error, name) from error
    return folder


def file_inside(corpus: Path, path: str) -> Path:
    """The file with that path relative to the folder of articles, with /.

    Raises PlaceError where it is not there, or not really inside.
    """
    try:
        root = Path(os.path.realpath(corpus, strict=True))
        file = root / path
        if not os.path.lexists(file):
            raise PlaceError(Trouble.GONE, path)
        if not (_is_inside(file.parent, root) and _is_inside(file, root)):
            raise PlaceError(Trouble.LEADS_OUT, path)
        if not file.is_file():
            raise PlaceError(Trouble.GONE, path)
    except OSError as error:
        raise PlaceError.of(error, path) from error
    return file


def place_inside(corpus: Path, path: str) -> Path:
    """Where a file with that path is to stand; its folders are made. Raises PlaceError."""
    try:
        root = Path(os.path.realpath(corpus, strict=True))
        file = root / path
        if ".." in Path(path).parts or Path(path).is_absolute() or path in ("", "."):
            raise PlaceError(Trouble.LEADS_OUT, path)
        existing = file.parent
        while not existing.exists():
            existing = existing.parent
        if not _is_inside(existing, root):
            raise PlaceError(Trouble.LEADS_OUT, path)
        make_folder(file.parent)
    except OSError as error:
        raise PlaceError.of(error, path) from error
    return file


def _is_inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)
