"""Former generations, damaged ones, and who may delete what."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from retrieval.errors import CollectionError, LockedError
from retrieval.index.collection import Collection, LiveCollection
from retrieval.index.generations import Generations
from retrieval.lock import exclusive, held_by
from tests.fakes import FakeEmbedder
from tests.small import make_reloader, reload, stored, write

EMBEDDER = FakeEmbedder()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(4):
        write(folder / f"{number}.md", f"第{number}篇", f"这是第{number}篇文章的正文。" * 9)
    return folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def made(corpus: Path, data_dir: Path) -> list[str]:
    """Three generations, oldest first; article 0 tells which."""
    names = []
    for number in range(3):
        write(corpus / "0.md", "第0篇", f"这是第{number}版。")
        names.append(str(reload(corpus, data_dir).generation))
    return names


def version(data_dir: Path) -> str:
    return stored(data_dir)["0.md"].text


def roll_back(corpus: Path, data_dir: Path, generation: str | None = None) -> tuple[str, str]:
    return make_reloader(corpus, data_dir, EMBEDDER).roll_back(generation)


def test_a_roll_back_makes_the_one_before_live_and_can_be_undone(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    assert roll_back(corpus, data_dir) == (made[1], made[2])
    assert version(data_dir) == "这是第1版。"
    assert roll_back(corpus, data_dir) == (made[0], made[1])
    assert version(data_dir) == "这是第0版。"
    assert roll_back(corpus, data_dir, made[2]) == (made[2], made[0])
    assert version(data_dir) == "这是第2版。"
    assert roll_back(corpus, data_dir, made[2]) == (made[2], made[2])
    assert Generations(data_dir).kept() == made[::-1]


def test_a_reload_after_a_roll_back_goes_on_from_there_and_keeps_three(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    roll_back(corpus, data_dir)
    result = reload(corpus, data_dir)
    assert (result.previous, result.changed) == (made[1], ("0.md",))
    assert version(data_dir) == "这是第2版。"
    assert Generations(data_dir).kept() == [result.generation, made[1], made[0]]
    assert roll_back(corpus, data_dir) == (made[1], result.generation)


def test_watching_pauses_after_a_roll_back_until_a_reload(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    generations = Generations(data_dir)
    assert not generations.watching_is_paused()
    roll_back(corpus, data_dir)
    assert generations.watching_is_paused()
    write(corpus / "0.md", "第0篇", "这是第1版。")
    assert reload(corpus, data_dir).generation == made[1]  # nothing changed
    assert not generations.watching_is_paused()
    assert generations.kept() == made[::-1]
    roll_back(corpus, data_dir, made[0])
    assert generations.watching_is_paused()
    reload(corpus, data_dir)
    assert not generations.watching_is_paused()


@pytest.mark.parametrize("name", ["20250305T000000000000-abcd", "../..", "nothing", "CURRENT"])
def test_only_a_kept_generation_can_be_rolled_back_to(
    corpus: Path, data_dir: Path, made: list[str], name: str
) -> None:
    with pytest.raises(CollectionError, match="is kept"):
        roll_back(corpus, data_dir, name)
    assert Generations(data_dir).live() == made[2]


def test_there_may_be_none_before_the_live_one(corpus: Path, data_dir: Path) -> None:
    only = reload(corpus, data_dir).generation
    with pytest.raises(CollectionError, match="no generation before"):
        roll_back(corpus, data_dir)
    assert Generations(data_dir).live() == only


def test_a_damaged_generation_is_not_rolled_back_to(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    shutil.rmtree(data_dir / "generations" / made[1] / "bm25")
    with pytest.raises(CollectionError, match="keyword index"):
        roll_back(corpus, data_dir)
    assert Generations(data_dir).live() == made[2]


def test_one_of_another_model_is_not_rolled_back_to(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    reload(corpus, data_dir, FakeEmbedder("another"))
    with pytest.raises(CollectionError, match="another embedding model"):
        make_reloader(corpus, data_dir, FakeEmbedder("another")).roll_back(None)


def test_a_roll_back_waits_for_no_reload(corpus: Path, data_dir: Path, made: list[str]) -> None:
    with exclusive(data_dir), pytest.raises(LockedError, match="another reload is running"):
        roll_back(corpus, data_dir)
    assert held_by(data_dir) is None


def test_remains_of_builds_go_with_the_next_reload(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    generations = Generations(data_dir)
    complete = generations.new()  # built and checked, but its parent died before the pointer
    shutil.rmtree(generations.folder(complete))
    shutil.copytree(generations.folder(made[2]), generations.folder(complete))
    broken = generations.new()
    (generations.folder(broken) / "incoming.sqlite3").write_bytes(b"half")
    (data_dir / ".CURRENT.0123abcd").write_text("half", "utf-8")
    assert complete not in generations.kept()
    reload(corpus, data_dir)
    assert generations.kept() == made[::-1]
    assert sorted(path.name for path in (data_dir / "generations").iterdir()) == made
    assert not list(data_dir.glob(".*"))


def test_a_clock_that_goes_back_does_not_confuse_the_order(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    future = f"29990101T000000000000-{made[2][-4:]}"
    generations = Generations(data_dir)
    generations.folder(made[2]).rename(generations.folder(future))
    text = (generations.folder(future) / "manifest.json").read_text("utf-8")
    (generations.folder(future) / "manifest.json").write_text(text.replace(made[2], future))
    (data_dir / "CURRENT").write_text(future)
    write(corpus / "0.md", "第0篇", "这是第3版。")
    newest = str(reload(corpus, data_dir).generation)
    assert newest > future
    assert roll_back(corpus, data_dir) == (future, newest)


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_a_damaged_live_generation_gives_way_to_the_last_good_one(
    corpus: Path, data_dir: Path, made: list[str], how: str
) -> None:
    folder = data_dir / "generations" / made[2]
    if how == "missing":
        shutil.rmtree(folder / "chroma")
    else:
        (folder / "sentences.npy").write_bytes(b"garbage")
    complaint = make_reloader(corpus, data_dir, EMBEDDER).verify_live()
    assert complaint is not None
    assert made[2] in complaint
    assert f"{made[1]} of before it serves" in complaint
    assert version(data_dir) == "这是第1版。"
    result = reload(corpus, data_dir)
    assert (result.changed, result.embedded) == (("0.md",), 0)
    assert version(data_dir) == "这是第2版。"
    assert not list((data_dir / "generations").glob("*.damaged"))


@pytest.mark.parametrize("pointer", [b"", b"\xc1junk", b"20250305T000000000000-abcd", None])
def test_a_damaged_pointer_leads_to_the_newest_again(
    corpus: Path, data_dir: Path, made: list[str], pointer: bytes | None
) -> None:
    (data_dir / "CURRENT").unlink()
    if pointer is not None:
        (data_dir / "CURRENT").write_bytes(pointer)
    reloader = make_reloader(corpus, data_dir, EMBEDDER)
    assert reloader.verify_live() == f"CURRENT named no generation; {made[2]} serves"
    assert reloader.verify_live() is None
    assert version(data_dir) == "这是第2版。"
    assert Generations(data_dir).kept() == made[::-1]


def test_an_unreadable_manifest_stops_no_reload(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    (data_dir / "generations" / made[2] / "manifest.json").write_bytes(b"{")
    result = reload(corpus, data_dir)
    assert result.generation == Generations(data_dir).live()
    assert version(data_dir) == "这是第2版。"
    assert made[2] not in [path.name for path in (data_dir / "generations").iterdir()]


def test_damage_to_all_leaves_none(corpus: Path, data_dir: Path, made: list[str]) -> None:
    for name in made:
        shutil.rmtree(data_dir / "generations" / name / "chroma")
    complaint = make_reloader(corpus, data_dir, EMBEDDER).verify_live()
    assert "there is none before it" in str(complaint)
    assert Generations(data_dir).live() is None
    assert len(reload(corpus, data_dir).added) == 4


def test_the_live_generation_is_looked_through_once(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    generations = Generations(data_dir)
    assert generations.is_checked(made[2])  # before it was published
    checks: list[str] = []

    class Counting:
        def check(self, generation: str) -> None:
            checks.append(generation)

    reloader = make_reloader(corpus, data_dir, EMBEDDER)
    reloader._builder = Counting()  # type: ignore[assignment]
    assert reloader.verify_live() is None
    (data_dir / "checked.json").unlink()
    assert reloader.verify_live() is None
    assert reloader.verify_live() is None
    assert checks == [made[2]]


def test_one_of_another_model_is_not_taken_for_damaged(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    (data_dir / "checked.json").unlink()
    assert make_reloader(corpus, data_dir, FakeEmbedder("another")).verify_live() is None
    assert Generations(data_dir).live() == made[2]


def test_a_generation_that_is_read_is_not_deleted(corpus: Path, data_dir: Path) -> None:
    first = str(reload(corpus, data_dir).generation)
    live = LiveCollection(Generations(data_dir), embedding="fake")
    with live.use() as collection:
        for _ in range(4):
            reload(corpus, data_dir, full=True)
        assert collection.manifest.id == first
        assert collection.articles.article("1.md") is not None
        assert (data_dir / "generations" / first).exists()
    live.close()
    reload(corpus, data_dir, full=True)
    assert not (data_dir / "generations" / first).exists()


def test_a_reader_goes_on_when_the_new_generation_cannot_be_used(
    corpus: Path, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = reload(corpus, data_dir).generation
    live = LiveCollection(Generations(data_dir), embedding="fake")
    with live.use() as collection:
        assert collection.manifest.id == first
    reload(corpus, data_dir, FakeEmbedder("another"))
    for _ in range(3):
        with live.use() as collection:
            assert collection.manifest.id == first
    (data_dir / "CURRENT").unlink()
    with live.use() as collection:
        assert collection.manifest.id == first
    warnings = [record.getMessage() for record in caplog.records]
    assert len([one for one in warnings if "the former index goes on serving" in one]) == 2
    third = reload(corpus, data_dir).generation
    with live.use() as collection:
        assert collection.manifest.id == third
    live.close()


def test_a_follower_lets_go_of_a_former_generation_by_itself(corpus: Path, data_dir: Path) -> None:
    reload(corpus, data_dir)
    closed = threading.Event()

    class Watched(Collection):
        def close(self) -> None:
            super().close()
            closed.set()

    live = LiveCollection(Generations(data_dir), embedding="fake", open_collection=Watched)
    live.follow()
    with live.use():
        pass
    reload(corpus, data_dir, full=True)
    assert closed.wait(2)
    live.close()


def test_what_is_kept_says_what_it_is_made_of(
    corpus: Path, data_dir: Path, made: list[str]
) -> None:
    manifest = json.loads((data_dir / "generations" / made[2] / "manifest.json").read_text())
    assert (manifest["articles"], manifest["embedding"]) == (4, "fake")
    assert Generations(data_dir).size(made[2]) > 10_000
