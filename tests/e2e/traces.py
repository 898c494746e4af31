"""What of somebody is left in the files of a folder."""

from collections.abc import Iterable
from pathlib import Path


def traces(folder: Path, *, words: Iterable[str] = (), people: Iterable[int] = ()) -> list[str]:
    """Which of the words and of the numbers of people stand in which file, byte by byte.

    A number as text, or as SQLite writes one of five or six bytes.
    """
    wanted = {word: [word.encode()] for word in words}
    wanted |= {str(one): [str(one).encode(), one.to_bytes(6, "big")] for one in people}
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        contents = file.read_bytes()
        found += [
            f"{word} in {file.name}"
            for word, forms in wanted.items()
            if any(form in contents for form in forms)
        ]
    return found
