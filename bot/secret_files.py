"""Secrets that stand in files of their own: NAME_FILE in place of NAME."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

SUFFIX = "_FILE"
_LARGEST_BYTES = 65_536
_SHORTEST_SECRET = 8
_SOUNDS_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD)$", re.I)


def named_values() -> dict[str, str]:
    """What the environment and `.env` set, by names in capitals; the environment goes before.

    An empty value counts as not set. Raises OSError, UnicodeDecodeError.
    """
    in_file = dotenv_values(".env", encoding="utf-8")
    both = [*in_file.items(), *os.environ.items()]
    return {name.upper(): value for name, value in both if value}


def find(names: Mapping[str, str], secrets: list[str]) -> dict[str, Path]:
    """Where the secrets stand that `names`, see named_values, put into files.

    Raises ValueError for one that is also set itself.
    """
    found = {}
    for secret in secrets:
        path = names.get(secret + SUFFIX)
        if path is None:
            continue
        if secret in names:
            raise ValueError(f"{secret} and {secret}{SUFFIX} are both set: leave out one of them")
        found[secret] = Path(path).expanduser()
    return found


def read(secret: str, path: Path) -> str:
    """The one line of a file. Raises ValueError, which never repeats what stands in it."""
    where = f"{secret}{SUFFIX}: {path}"
    try:
        # a pipe without a writer would be waited for
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError(f"{where} is not a file")
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{where} cannot be read ({error.strerror})") from None
    if len(content) > _LARGEST_BYTES:
        raise ValueError(f"{where} is too large for a secret")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{where} is not UTF-8") from None
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
