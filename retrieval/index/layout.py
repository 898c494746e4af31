"""Which version of Baoda a data folder was laid out by: a newer one's is left alone."""

import json
from pathlib import Path

from retrieval.durable import write_whole
from retrieval.errors import DataFolderError
from retrieval.index.generations import FOLDER, VERSION_FILE, Generations

LAYOUT = 1
"""Of the files in a data folder; a version that others must not touch has a larger one.

A folder without a number is of before there were any, which is the same layout.
"""


def check_layout(data_dir: Path) -> None:
    """Raise DataFolderError where a newer version laid out the folder or an index in it.

    Also where it is no folder, or cannot be read. Nothing is written. A folder that is not there
    yet is all right.
    """
    layout = _layout(data_dir / VERSION_FILE)
    for folder in (data_dir, data_dir / FOLDER):
        if folder.exists() and not folder.is_dir():
            raise DataFolderError(
                f"{folder} stands where a folder belongs: move it away, or set DATA_DIR"
            )
    if layout > LAYOUT:
        raise _newer(data_dir, f"its {VERSION_FILE} says so")
    try:
        newer = Generations(data_dir).of_a_newer_version()
    except OSError as error:
        raise _unreadable(Path(error.filename or data_dir), error) from error
    if newer is not None:
        raise _newer(data_dir, f"its index {newer} says so")


def mark_layout(data_dir: Path) -> None:
    """Note the layout in a folder where none is noted. Raises OSError."""
    path = data_dir / VERSION_FILE
    if not path.exists():
        write_whole(path, json.dumps({"layout": LAYOUT}) + "\n")


def _layout(path: Path) -> int:
    try:
        noted = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return LAYOUT
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    layout = noted.get("layout") if isinstance(noted, dict) else None
    if not isinstance(layout, int) or isinstance(layout, bool) or layout < 1:
        raise _damaged(path)
    return layout


def _newer(data_dir: Path, reason: str) -> DataFolderError:
    return DataFolderError(
        f"{data_dir} was made by a newer version of Baoda ({reason}): install that version, or "
        "set DATA_DIR to another folder"
    )


def _damaged(path: Path) -> DataFolderError:
    return DataFolderError(
        f"{path} is damaged: delete it if no newer version of Baoda has used that folder, or set "
        "DATA_DIR to another one"
    )


def _unreadable(path: Path, error: OSError) -> DataFolderError:
    return DataFolderError(
        f"{path} cannot be read ({error.strerror}): give this user the right to, or set DATA_DIR"
    )
