"""DATA_DIR/generations and the pointer file that names the live one."""

import dataclasses
import datetime
import json
import os
import re
import secrets
import shutil
from pathlib import Path

from retrieval.errors import CollectionError, NoCollectionError

KEPT = 3
"""The live generation and the two before it."""

_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{4}")


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of. With another fingerprint it is built anew, never mixed."""

    id: str
    created: str
    """UTC, ISO 8601."""
    embedding: str
    dimensions: int
    chunker: str
    schema: str
    articles: int
    chunks: int
    sentences: int


class Generations:
    """The generations of a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "generations"
        self._pointer = data_dir / "CURRENT"

    def live(self) -> str | None:
        """Id of the live generation, None before the first."""
        try:
            generation = self._pointer.read_text("ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise CollectionError(f"cannot read {self._pointer}: {error}") from error
        if not _ID.fullmatch(generation):
            raise CollectionError(f"{self._pointer} names no generation; run `baoda reload`")
        return generation

    def require_live(self) -> str:
        """Id of the live generation. Raises NoCollectionError."""
        generation = self.live()
        if generation is None:
            raise NoCollectionError("no articles are indexed yet; run `baoda reload`")
        return generation

    def new(self) -> tuple[str, Path]:
        """Id and empty folder of a generation to be built."""
        now = datetime.datetime.now(datetime.UTC)
        generation = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}"
        folder = self.folder(generation)
        folder.mkdir(parents=True)
        return generation, folder

    def folder(self, generation: str) -> Path:
        """Where a generation lies."""
        return self._folder / generation

    def manifest(self, generation: str) -> Manifest:
        """The manifest of a generation. Raises CollectionError."""
        try:
            fields = json.loads((self.folder(generation) / "manifest.json").read_text("utf-8"))
            return Manifest(**fields)
        except (OSError, ValueError, TypeError) as error:
            raise CollectionError(
                f"the index {generation} has no readable manifest; run `baoda reload --full`"
            ) from error

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest and make its generation the live one, in one step."""
        folder = self.folder(manifest.id)
        _write(folder / "manifest.json", json.dumps(dataclasses.asdict(manifest), indent=1))
        for path in folder.rglob("*"):
            _flush(path)
        _flush(folder)
        _flush(self._folder)
        _write(self._pointer, manifest.id + "\n")

    def discard(self, generation: str) -> None:
        """Delete a generation that was not published."""
        shutil.rmtree(self.folder(generation), ignore_errors=True)

    def prune(self) -> None:
        """Delete what is neither live nor among the newest; what is left of broken builds too."""
        live = self.live()
        keep = {live, *[name for name in self.kept() if name != live][: KEPT - 1]}
        for folder in self._folder.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def kept(self) -> list[str]:
        """Ids of the complete generations, newest first."""
        manifests = self._folder.glob("*/manifest.json")
        return sorted((path.parent.name for path in manifests), reverse=True)


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole, or leave it."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_text(text, "utf-8")
    _flush(temporary)
    temporary.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
