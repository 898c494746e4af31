"""Secrets that stand in files of their own: NAME_FILE in place of NAME."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from bot.texts import read_text

SUFFIX = "_FILE"
_SHORTEST_SECRET = 8
_SOUNDS_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD)$", re.I)


def find(names: Mapping[str, str], secrets: list[str]) -> dict[str, Path]:
    """Where the secrets stand that `names` put into files.

    Raises ValueError for one that is also set itself, and for a home folder that nobody has.
    """
    found = {}
    for secret in secrets:
        path = names.get(secret + SUFFIX)
        if path is None:
            continue
        if secret in names:
            raise ValueError(f"{secret} and {secret}{SUFFIX} are both set: leave out one of them")
        try:
            found[secret] = from_home(Path(path))
        except ValueError as error:
            raise ValueError(f"{secret}{SUFFIX}: {error}") from None
    return found


def from_home(path: Path) -> Path:
    """The path with `~` put in full. Raises ValueError."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(
            f"{path.parts[0]} is no home folder that is known here: write the whole path"
        ) from None


def read(secret: str, path: Path) -> str:
    """The one line of a file. Raises ValueError, which never repeats what stands in it."""
    where = f"{secret}{SUFFIX}: {path}"
    text = read_text(path, where)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise ValueError(f"{where} is empty")
    if len(f"{text}.".splitlines()) > 1 or "\0" in text:
        raise ValueError(f"{where} must hold the secret alone, on one line")
    return text


def is_open_to_all(path: Path) -> bool:
    """Whether everybody on this machine may read it. Raises OSError."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def of_others(names: Mapping[str, str]) -> tuple[str, ...]:
    """What sounds like a key or a password in the environment, whosever it is.

    A LangChain provider reads its own, and may repeat it in an error.
    """
    return tuple(
        value
        for name, value in names.items()
        if _SOUNDS_SECRET.search(name) and len(value) >= _SHORTEST_SECRET
    )
