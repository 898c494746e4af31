"""Files that were removed from the collection, kept until somebody wants them back."""

import datetime
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bot.article_files import PARTIAL
from bot.desk.places import PlaceError, Trouble, file_inside, own_folder, place_inside
from retrieval.durable import flush

BIN = ".bin"
"""Inside the folder of articles; readers pass over names that begin with a full stop."""

_NOTE = ".json"
_STAMP = "%Y%m%d-%H%M%S-%f"
_MAX_NAME_BYTES = 200
_MAX_SAME_NAME = 1_000


@dataclass(frozen=True, slots=True)
class Binned:
    """A file in the bin."""

    token: str
    """Its name begins with this: when it was removed. No two have the same."""
    path: str
    """Where it was, relative to the folder of articles."""
    key: str
    """Of the article that it was removed for, see short_key."""
    title: str
    articles: int
    """How many it holds."""
    at: str
    """When it was removed, an ISO time."""
    restored: str = ""
    """Where it stands again, once it does."""


class Bin:
    """CORPUS_DIR/.bin."""

    def __init__(self, corpus: Path) -> None:
        self._corpus = corpus

    def remove(
        self, path: str, *, key: str, title: str, articles: int, now: datetime.datetime
    ) -> Binned:
        """Put a file of the collection into the bin. Raises PlaceError."""
        file = file_inside(self._corpus, path)
        folder = own_folder(self._corpus, BIN)
        binned = Binned(now.strftime(_STAMP), path, key, title, articles, now.isoformat())
        target = folder / f"{binned.token}-{_shortened(file.name)}"
        try:
            if os.path.lexists(target):
                raise PlaceError(Trouble.OTHER, BIN, "try again")
            _write_note(target, binned)
            file.rename(target)
            # its new place first: a power cut between the two may leave it twice, but not nowhere
            flush(folder)
            flush(file.parent)
        except OSError as error:
            raise PlaceError.of(error, path) from error
        return binned

    def restore(self, token: str) -> str:
        """Where a file of the bin stands again, relative to the folder of articles.

        Under its old path, or a numbered one where another file has that. Done again, until it is
        settled, it changes nothing. Raises PlaceError.
        """
        found = next((one for one in self._entries() if one[1].token == token), None)
        if found is None or not (found[0].exists() or found[1].restored):
            raise PlaceError(Trouble.GONE, BIN)
        file, binned = found
        if binned.restored and not file.exists():
            return binned.restored
        try:
            for path in _paths(binned.path):
                if not _is_put(file, place_inside(self._corpus, path)):
                    continue
                flush((self._corpus / path).parent)
                _write_note(file, replace(binned, restored=path))
                file.unlink(missing_ok=True)
                flush(file.parent)
                return path
        except OSError as error:
            raise PlaceError.of(error, binned.path) from error
        raise PlaceError(Trouble.OTHER, binned.path, "too many files of that name")

    def settle(self, token: str) -> None:
        """Know nothing any more of a file that was brought back."""
        for file, binned in self._entries():
            if binned.token == token and not file.exists():
                with suppress(OSError):
                    _note_of(file).unlink(missing_ok=True)

    def newest(self, limit: int) -> list[Binned]:
        """What was removed last, the newest first."""
        binned = [one for file, one in self._entries() if file.is_file()]
        return sorted(binned, key=lambda one: one.token, reverse=True)[:limit]

    def of_article(self, key: str) -> Binned | None:
        """The file that was removed last for that article."""
        return next((one for one in self.newest(_MAX_SAME_NAME) if one.key == key), None)

    def _entries(self) -> Iterator[tuple[Path, Binned]]:
        folder = self._corpus / BIN
        try:
            if folder.is_symlink():
                return
            notes = list(folder.glob(f"*{_NOTE}"))
        except OSError:
            return
        for note in notes:
            file = note.with_name(note.name.removesuffix(_NOTE))
            try:
                binned = Binned(**json.loads(note.read_text("utf-8")))
            except (OSError, ValueError, TypeError, RecursionError):
                continue  # put there by somebody else
            if file.name.startswith(f"{binned.token}-"):
                yield file, binned


def _note_of(file: Path) -> Path:
    return file.with_name(file.name + _NOTE)


def _write_note(file: Path, binned: Binned) -> None:
    """Beside a file of the bin; whole or not at all."""
    partial = file.with_name(f".{binned.token}{PARTIAL}")
    partial.write_text(json.dumps(asdict(binned), ensure_ascii=False, indent=1), "utf-8")
    flush(partial)
    partial.replace(_note_of(file))
    flush(file.parent)


def _is_put(file: Path, target: Path) -> bool:
    """Give the file that place; False where another one has it."""
    try:
        os.link(file, target, follow_symlinks=False)
    except FileExistsError:
        return file.exists() and target.exists() and file.samefile(target)
    except OSError:  # a file system without hard links
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            return False
        file.replace(target)
    return True


def _paths(path: str) -> Iterator[str]:
    whole = Path(path)
    yield path
    for number in range(2, _MAX_SAME_NAME):
        yield whole.with_name(f"{whole.stem}-{number}{whole.suffix}").as_posix()


def _shortened(name: str) -> str:
    """The name without the end of its stem where it is long: the note tells all of it."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (a name, not a path)
    room = _MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + suffix
