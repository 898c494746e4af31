"""Room in the graph's files keeps nothing of what lay in memory; on real Chroma's files."""

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import CollectionError
from retrieval.index.room import HEADER, blank_room
from retrieval.index.vectors import VectorIndex
from retrieval.types import Chunk
from tests.planted import MARK

CHUNKS = 40
GRAPH, LENGTHS = "data_level0.bin", "length.bin"


def room(folder: Path) -> Iterator[tuple[Path, int]]:
    """The files with room, and where it begins."""
    for header in folder.glob(f"**/{HEADER}"):
        _, used, size = struct.unpack_from("<3Q", header.read_bytes(), 12)
        yield header.with_name(GRAPH), used * size
        yield header.with_name(LENGTHS), used * 4


def mark_room(folder: Path) -> None:
    """Leave a secret there, as a former version might have."""
    for path, start in room(folder):
        data = path.read_bytes()
        path.write_bytes(data[:start] + (MARK.encode() * len(data))[: len(data) - start])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("room") / "chroma"
    rows = np.random.default_rng(0).normal(size=(CHUNKS, 32)).astype(np.float32)
    index = VectorIndex(folder, create=True)
    chunks = [Chunk("a.md", 0, 0, 3, "第一句")] * CHUNKS
    index.add(range(CHUNKS), chunks, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    index.settle()
    index.close()
    index = VectorIndex(folder)
    assert index.unreachable(32, range(CHUNKS)) == []
    index.close()
    blank_room(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "chroma")


@pytest.fixture
def header(folder: Path) -> Path:
    (path,) = folder.glob(f"*/{HEADER}")
    return path


def test_room_is_blanked_and_nothing_else(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.bin")}
    mark_room(folder)
    blank_room(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*.bin")} == before
    for path, start in room(folder):
        assert 0 < start < len(before[path])
        assert any(before[path][:start])
        assert not any(before[path][start:])
    index = VectorIndex(folder)
    assert index.unreachable(32, range(CHUNKS)) == []
    index.close()


def test_reading_writes_no_graph(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.bin")}
    for _ in range(2):
        index = VectorIndex(folder)
        assert len(index.nearest(np.full(32, 32**-0.5, dtype=np.float32), 5)) == 5
        index.close()
    assert {path: path.read_bytes() for path in folder.rglob("*.bin")} == before


def test_where_no_graph_is_written_yet_nothing_is_blanked(tmp_path: Path) -> None:
    blank_room(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [(0, "<i", 2), (12, "<Q", CHUNKS - 1), (28, "<Q", 8), (20, "<Q", 2**60)],
    ids=["another number", "no room", "other elements", "too many elements"],
)
def test_a_graph_of_another_form_is_an_error(
    folder: Path, header: Path, offset: int, form: str, value: int
) -> None:
    data = bytearray(header.read_bytes())
    struct.pack_into(form, data, offset, value)
    header.write_bytes(data)
    with pytest.raises(CollectionError, match="form that is not known here"):
        blank_room(folder)


def test_a_header_that_breaks_off_is_an_error(folder: Path, header: Path) -> None:
    header.write_bytes(header.read_bytes()[:20])
    with pytest.raises(CollectionError, match=f"{HEADER} of the vector index"):
        blank_room(folder)


def test_a_graph_that_breaks_off_is_an_error(folder: Path, header: Path) -> None:
    graph = header.with_name(GRAPH)
    graph.write_bytes(graph.read_bytes()[:100])
    with pytest.raises(CollectionError, match=f"{GRAPH} of the vector index"):
        blank_room(folder)


def test_a_file_that_is_missing_is_an_error(folder: Path, header: Path) -> None:
    header.with_name(GRAPH).unlink()
    with pytest.raises(CollectionError, match="cannot be written"):
        blank_room(folder)
