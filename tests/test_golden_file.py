"""golden.jsonl changed line by line: nothing else of it changes, whatever happens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.golden_file import GoldenFile, GoldenFileError, Hindrance
from retrieval.evaluation import GoldenQuestion, read_golden
from tests.conftest import ROOT

NEW = GoldenQuestion("life-0a1b2c3d", "渡船每天开几班?", "ferry.md", (("16班",),))
OTHER = b'{"id": "a", "question": "?!", "article_id": null, "require": [], "note": "\xe4\xb8\x80"}'

LINES = st.one_of(
    st.just(OTHER),
    st.just(b""),
    st.just(b"   "),
    st.just(b"{ broken"),
    st.just("// 说明".encode()),
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])).map(str.encode),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "golden.jsonl"


def hindrance(folder: Path) -> Hindrance:
    with pytest.raises(GoldenFileError) as caught:
        GoldenFile(folder).add(NEW)
    return caught.value.hindrance


@given(st.lists(LINES), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.booleans())
def test_all_else_stays_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    end: bytes,
    is_ended: bool,
    has_bom: bool,
) -> None:
    path = tmp_path_factory.mktemp("golden") / "golden.jsonl"
    before = (b"\xef\xbb\xbf" if has_bom else b"") + end.join(lines) + (end if is_ended else b"")
    path.write_bytes(before)
    file = GoldenFile(path.parent)
    assert file.add(NEW) is None
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.endswith(b"\n") == (before.endswith(b"\n") or not before.strip(b"\xef\xbb\xbf"))
    assert NEW in read_golden(path.parent)[0]
    assert file.remove(NEW.id)
    assert path.read_bytes() == before


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_is_taken_from_anywhere(path: Path, end: bytes, place: int) -> None:
    lines = [OTHER, b"{ broken"]
    lines.insert(place, OTHER.replace(b'"a"', b'"x"'))
    path.write_bytes(end.join(lines))
    assert GoldenFile(path.parent).remove("x")
    assert path.read_bytes() == end.join([OTHER, b"{ broken"])


def test_the_first_line_goes_without_the_mark_before_it(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + OTHER + b"\n{ broken\n")
    assert GoldenFile(path.parent).remove("a")
    assert path.read_bytes() == b"\xef\xbb\xbf{ broken\n"


def test_a_file_begins_with_its_first_question(path: Path) -> None:
    assert GoldenFile(path.parent).add(NEW) is None
    assert read_golden(path.parent) == ((NEW,), ())
    assert path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "question", ["渡船每天开几班?", "渡船每天开几班？", "渡船 每天 开几班", "渡船每天開幾班?"]
)
def test_the_same_question_is_there_however_it_is_spelt(path: Path, question: str) -> None:
    present: dict[str, object] = {
        "id": "mine",
        "question": question,
        "article_id": None,
        "require": [],
    }
    path.write_text(json.dumps(present), "utf-8")
    before = path.read_bytes()
    assert GoldenFile(path.parent).add(NEW) == "mine"
    assert path.read_bytes() == before


def test_what_is_not_there_cannot_be_taken_away(path: Path) -> None:
    path.write_bytes(OTHER)
    assert not GoldenFile(path.parent).remove("b")
    assert path.read_bytes() == OTHER


def test_mode_and_link_within_the_folder_stay(path: Path) -> None:
    real = path.with_name("questions")
    real.write_bytes(OTHER)
    real.chmod(0o640)
    path.symlink_to(real.name)
    GoldenFile(path.parent).add(NEW)
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert NEW in read_golden(path.parent)[0]


def test_a_link_that_leads_out_is_left_alone(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "golden.jsonl").symlink_to(path)
    assert hindrance(folder) is Hindrance.LEADS_OUT
    assert not path.exists()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_left_alone(path: Path, make: object) -> None:
    assert callable(make)
    make(path)
    assert hindrance(path.parent) is Hindrance.NO_FILE


def test_another_encoding_is_left_alone(path: Path) -> None:
    content = "渡船".encode("gbk")
    path.write_bytes(content)
    assert hindrance(path.parent) is Hindrance.NOT_UTF8
    assert path.read_bytes() == content


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root may write to")
def test_a_folder_that_cannot_be_written_to_is_said_to_be() -> None:
    assert hindrance(Path("/sys")) is Hindrance.READ_ONLY


def test_what_an_editor_writes_meanwhile_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(OTHER + b"\n")
    flushes: list[int] = []

    def flush_late(descriptor: int) -> None:
        if not flushes:
            path.write_bytes(OTHER + b"\nby an editor\n")
        flushes.append(descriptor)

    monkeypatch.setattr(os, "fsync", flush_late)
    GoldenFile(path.parent).add(NEW)
    assert path.read_bytes().startswith(OTHER + b"\nby an editor\n")
    assert NEW in read_golden(path.parent)[0]
    assert [one.name for one in path.parent.iterdir()] == ["golden.jsonl"]


def test_a_file_that_changes_all_the_time_is_left_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"")

    def write(descriptor: int) -> None:
        path.write_bytes(path.read_bytes() + b"\n")

    monkeypatch.setattr(os, "fsync", write)
    assert hindrance(path.parent) is Hindrance.BUSY
    assert not path.read_bytes().strip()


_KILLED = """
import os, sys
from pathlib import Path
from bot.desk.golden_file import GoldenFile
from retrieval.evaluation import GoldenQuestion

path, other = Path(sys.argv[1]), bytes.fromhex(sys.argv[2])
question = GoldenQuestion("life-0a1b2c3d", "渡船每天开几班?", "ferry.md", (("16班",),))

def die_at(moment):
    def counted(function):
        def call(*arguments, **named):
            nonlocal moment
            if moment == 0:
                os._exit(9)
            moment -= 1
            return function(*arguments, **named)
        return call
    for name in ("fsync", "fchmod", "open", "replace", "unlink", "close"):
        setattr(os, name, counted(getattr(os, name)))
    Path.open = counted(Path.open)

for moment in range(12):
    path.write_bytes(other)
    if not (child := os.fork()):
        die_at(moment)
        GoldenFile(path.parent).add(question)
        os._exit(0)
    os.waitpid(child, 0)
    print(path.read_bytes().hex())
"""


def test_a_kill_leaves_the_file_as_it_was_or_as_it_is_to_be(path: Path) -> None:
    path.write_bytes(OTHER)
    GoldenFile(path.parent).add(NEW)
    wanted = path.read_bytes()
    command = [sys.executable, "-c", _KILLED, str(path), OTHER.hex()]
    finished = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    assert {bytes.fromhex(one) for one in finished.stdout.decode().split()} == {OTHER, wanted}
    path.write_bytes(OTHER)
    GoldenFile(path.parent).add(NEW)
    assert [one.name for one in path.parent.iterdir()] == ["golden.jsonl"]
