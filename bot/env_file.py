"""`.env`, which is read as a whole or refused in one line that repeats nothing of it."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from bot.texts import read_text

PATH = Path(".env")
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What `.env` sets, and what is wrong with it; with a wrong line what the others set."""

    values: Mapping[str, str]
    fault: str = ""


def read() -> EnvFile:
    """`.env` as it is now; nothing where there is none."""
    try:
        if not PATH.exists() or PATH.is_char_device():  # Docker hides a file behind /dev/null
            return EnvFile({})
        text = read_text(PATH, str(PATH))
    except OSError as error:
        advice = "start baoda in a folder that this user may use"
        return EnvFile({}, f"{PATH} cannot be looked for ({error.strerror}): {advice}")
    except ValueError as error:
        return EnvFile({}, str(error))
    if "\0" in text:
        return EnvFile({}, f"{PATH} is not UTF-8: save it as UTF-8")
    bindings = list(parse_stream(io.StringIO(text, newline=None)))
    wrong = [one for one in bindings if _is_wrong(one)]
    rest = "".join(one.original.string for one in bindings if one not in wrong)
    values = {name: value or "" for name, value in dotenv_values(stream=io.StringIO(rest)).items()}
    return EnvFile(values, _told(wrong[0]) if wrong else "")


def _is_wrong(line: Binding) -> bool:
    if line.key is None:
        return line.error
    return line.value is None or not _NAME.fullmatch(line.key)


def _told(wrong: Binding) -> str:
    text = wrong.original.string
    number = wrong.original.line + text[: len(text) - len(text.lstrip())].count("\n")
    return (
        f"{PATH}, line {number}: must be NAME=value; a value that begins with a quote must end "
        "with one"
    )
