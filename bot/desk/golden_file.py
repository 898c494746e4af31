"""golden.jsonl, of which single lines are written and taken away again.

Every other line, broken ones among them, stays as it is, byte for byte. A kill leaves the file as
it was or as it is to be; what an editor changes meanwhile is not lost.
"""

import errno
import json
import os
import secrets
import stat
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from retrieval.durable import flush
from retrieval.evaluation import GOLDEN, GoldenQuestion, parse_golden
from retrieval.folding import fold
from retrieval.types import Problem

_TRIES = 5
_BOM = b"\xef\xbb\xbf"
_MODE = 0o644


class Hindrance(StrEnum):
    """Why golden.jsonl is left alone."""

    READ_ONLY = "read_only"
    LEADS_OUT = "leads_out"
    """It is a link to somewhere outside the folder of articles."""
    NO_FILE = "no_file"
    """Something else has its name."""
    NOT_UTF8 = "not_utf8"
    BUSY = "busy"
    """It is being written by others all the time."""
    FAILED = "failed"


class GoldenFileError(Exception):
    """Nothing was changed."""

    def __init__(self, hindrance: Hindrance, detail: str = "") -> None:
        super().__init__(f"{hindrance}: {detail}" if detail else hindrance)
        self.hindrance = hindrance
        self.detail = detail


class GoldenFile:
    """The golden questions of a folder of articles. May be used by several threads."""

    def __init__(self, corpus_dir: Path) -> None:
        self._corpus_dir = corpus_dir
        self._lock = threading.Lock()

    def add(self, question: GoldenQuestion) -> str | None:
        """Write a line; the id of the question where it is there already, and nothing is written.

        Raises GoldenFileError.
        """
        present: str | None = None

        def with_line(data: bytes) -> bytes:
            nonlocal present
            present = _find(data, question)
            return data if present else _added(data, _line_of(question))

        self._change(with_line)
        return present

    def remove(self, question_id: str) -> bool:
        """Take the line of a question away; whether there was one. Raises GoldenFileError."""
        removed = False

        def without_line(data: bytes) -> bytes:
            nonlocal removed
            left = _removed(data, question_id)
            removed = left != data
            return left

        self._change(without_line)
        return removed

    def _change(self, changed: Callable[[bytes], bytes]) -> None:
        with self._lock:
            try:
                path = self._path()
                for _ in range(_TRIES):
                    before = _read(path)
                    after = changed(before or b"")
                    if after == (before or b"") or _replace(path, before, after):
                        return
            except PermissionError as error:
                raise GoldenFileError(Hindrance.READ_ONLY) from error
            except OSError as error:
                if error.errno == errno.EROFS:
                    raise GoldenFileError(Hindrance.READ_ONLY) from error
                raise GoldenFileError(Hindrance.FAILED, error.strerror or "") from error
        raise GoldenFileError(Hindrance.BUSY)

    def _path(self) -> Path:
        """Where it really lies."""
        try:
            folder = self._corpus_dir.resolve()
            path = (folder / GOLDEN).resolve()
        except RuntimeError as error:  # links that lead in a circle
            raise GoldenFileError(Hindrance.NO_FILE) from error
        if not path.is_relative_to(folder):
            raise GoldenFileError(Hindrance.LEADS_OUT)
        return path


def _read(path: Path) -> bytes | None:
    """What is in it; None where there is no such file."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise GoldenFileError(Hindrance.NO_FILE)
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GoldenFileError(Hindrance.NOT_UTF8) from error
    return data


def _replace(path: Path, before: bytes | None, after: bytes) -> bool:
    """Whether the file could be replaced as a whole; False where others changed it meanwhile."""
    for leftover in path.parent.glob(f".{path.name}.????????"):
        leftover.unlink(missing_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as stream:
            stream.write(after)
            stream.flush()
            os.fchmod(stream.fileno(), _MODE if before is None else path.stat().st_mode & 0o777)
            os.fsync(stream.fileno())
        if before is not None and not os.access(path, os.W_OK):
            raise PermissionError
        if _read(path) != before:
            return False
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    flush(path.parent)
    return True


def _find(data: bytes, question: GoldenQuestion) -> str | None:
    asked = _spelt(question.question)
    for one in parse_golden(data):
        if not isinstance(one, Problem) and (
            one.id == question.id or _spelt(one.question) == asked
        ):
            return one.id
    return None


def _spelt(question: str) -> str:
    return "".join(fold(question).split()).rstrip("?。.")


def _added(data: bytes, line: bytes) -> bytes:
    end = b"\r\n" if data.endswith(b"\r\n") else b"\n"
    if not data.removeprefix(_BOM) or data.endswith(b"\n"):
        return data + line + end
    return data + (b"\r\n" if b"\r\n" in data else b"\n") + line


def _removed(data: bytes, question_id: str) -> bytes:
    lines = data.split(b"\n")
    for number, line in enumerate(lines):
        if _id_of(line) == question_id:
            is_last = number == len(lines) - 1
            kept = lines[:number] + lines[number + 1 :]
            if number == 0 and data.startswith(_BOM):
                kept[:1] = [_BOM + kept[0]] if kept else [_BOM]
            left = b"\n".join(kept)
            return left.removesuffix(b"\r") if is_last else left
    return data


def _id_of(line: bytes) -> str | None:
    found = list(parse_golden(line))
    return found[0].id if len(found) == 1 and isinstance(found[0], GoldenQuestion) else None


def _line_of(question: GoldenQuestion) -> bytes:
    fields = {
        "id": question.id,
        "question": question.question,
        "article_id": question.article_id,
        "require": [list(group) for group in question.require],
    }
    if question.asked_at:
        fields["asked_at"] = question.asked_at.isoformat()
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")
