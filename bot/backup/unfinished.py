"""A restore that was broken off."""

from pathlib import Path

from bot.backup.errors import BackupError
from bot.backup.layout import UNFINISHED


def refuse_unfinished(data_dir: Path) -> None:
    """Raise BackupError where a restore into the data folder is not finished."""
    folder = data_dir / UNFINISHED
    try:
        is_unfinished = any(folder.iterdir())
    except OSError:
        return
    if is_unfinished:
        raise BackupError(
            f"a restore into {data_dir} was broken off or is running: run the same `baoda restore` "
            f"again, or delete {folder}"
        )
