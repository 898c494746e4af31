"""`baoda backup` and `baoda restore`."""

import sys
from dataclasses import asdict
from pathlib import Path

from bot.backup.restoring import Target, restore_backup
from bot.backup.writing import Places, write_backup
from bot.results import to_line
from bot.settings import Settings, secret_paths
from bot.store.address import is_file
from bot.wiring import database_url
from retrieval.corpus import printable


def back_up(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Write a backup and print what is in it. Raises BaodaError."""
    database = database_url(settings)
    is_missing = is_file(database) and not Path(str(database.database)).exists()
    places = Places(
        settings.data_dir,
        settings.corpus_dir,
        None if is_missing else database,
        secret_paths(),
    )
    made = write_backup(places, file)
    if as_json:
        fields = {name: value for name, value in asdict(made).items() if name != "header"}
        header = made.header
        print(
            to_line(
                {"file": str(file), "generation": header.generation, "created": header.created}
                | fields
            )
        )
    for skipped in made.skipped:
        print(f"{printable(skipped.file)}: {skipped.reason}", file=sys.stderr)
    if not as_json:
        print(
            f"{file}: index {made.header.generation or 'none'}, {made.questions} questions, "
            f"{made.articles} files of articles; {made.bytes / 1e6:.1f} MB, {made.seconds:.1f} s"
        )


def restore(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Restore a backup and print what came of it. Raises BaodaError."""
    named = None if settings.database_url is None else database_url(settings)
    target = Target(settings.data_dir, settings.corpus_dir, named)
    restored, seconds = restore_backup(file, target)
    header = restored.header
    if as_json:
        fields = {name: value for name, value in asdict(restored).items() if name != "header"}
        print(
            to_line(
                {"file": str(file), "generation": header.generation, "created": header.created}
                | fields
                | {"seconds": seconds}
            )
        )
        return
    print(
        f"{file} of {header.created}: index {header.generation or 'none'}, {restored.questions} "
        f"questions, {restored.articles} files of articles; {seconds:.1f} s"
    )
    if restored.settled:
        print(
            f"{restored.settled} updates were being answered during the backup and are not "
            "answered again."
        )
