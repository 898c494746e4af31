"""Reloads: what changed, what failed, and that nothing is lost."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.building import Builder
from retrieval.errors import CorpusError, ModelUnavailableError, ReloadError
from retrieval.index.articles import ArticleStore
from retrieval.index.collection import Collection, LiveCollection
from retrieval.index.generations import Generations
from retrieval.reload import Reloader, ReloadResult
from retrieval.types import Embedder, Step, Vectors
from tests.fakes import FakeEmbedder
from tests.test_room import room

Reload = Callable[..., ReloadResult]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "articles"
    path.mkdir()
    for number in range(4):
        write(path / f"{number}.md", f"第{number}篇", f"这是第{number}篇文章的正文。" * 40)
    return path


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def reload(folder: Path, data_dir: Path, embedder: FakeEmbedder) -> Reload:
    def run(
        *, full: bool = False, force: bool = False, dry_run: bool = False, with_model: str = "fake"
    ) -> ReloadResult:
        model = embedder if with_model == "fake" else FakeEmbedder(with_model)
        reloader = make_reloader(folder, data_dir, model)
        return reloader.reload(full=full, force=force, dry_run=dry_run, progress=lambda _: None)

    return run


def make_reloader(folder: Path, data_dir: Path, embedder: Embedder) -> Reloader:
    builder = Builder(data_dir=data_dir, embedder=embedder)
    return Reloader(
        corpus_dir=folder, data_dir=data_dir, builder=builder, embedding=embedder.fingerprint
    )


def write(path: Path, title: str, text: str) -> None:
    path.write_text(f"---\ntitle: {title}\n---\n\n{text}\n", "utf-8")


def stored_ids(data_dir: Path) -> set[str]:
    generations = Generations(data_dir)
    store = ArticleStore(generations.folder(generations.require_live()) / "articles.sqlite3")
    try:
        return {article.id for _, article in store.everything()}
    finally:
        store.close()


def test_the_first_reload_adds_everything(reload: Reload, data_dir: Path) -> None:
    result = reload()
    assert result.added == ("0.md", "1.md", "2.md", "3.md")
    assert (result.previous, result.articles, result.failed) == (None, 4, ())
    assert result.embedded > result.chunks > 4
    assert Generations(data_dir).live() == result.generation


def test_nothing_of_the_process_s_memory_is_kept_with_an_index(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    reload()
    write(folder / "0.md", "第0篇", "这是改过的正文。" * 40)
    reload()
    files = list(room(data_dir))
    assert len(files) == 4
    for path, start in files:
        assert not any(path.read_bytes()[start:]), path


def test_nothing_changed_makes_no_new_generation(reload: Reload) -> None:
    first = reload()
    second = reload()
    assert second.generation == second.previous == first.generation
    assert (second.unchanged, second.embedded, second.chunks) == (4, 0, first.chunks)


def test_the_difference_is_told_and_only_new_text_is_embedded(
    reload: Reload, folder: Path, embedder: FakeEmbedder, data_dir: Path
) -> None:
    reload()
    embedder.embedded.clear()
    write(folder / "0.md", "第0篇", "完全不同的一句话。")
    write(folder / "new.md", "新来的", "新文章只有一句话。")
    (folder / "1.md").unlink()
    result = reload()
    assert (result.added, result.changed, result.removed) == (("new.md",), ("0.md",), ("1.md",))
    assert (result.unchanged, result.articles) == (2, 4)
    assert result.embedded == len(embedder.embedded) == 4
    assert stored_ids(data_dir) == {"0.md", "2.md", "3.md", "new.md"}


def test_a_full_reload_builds_anew_from_the_cache(reload: Reload) -> None:
    first = reload()
    second = reload(full=True)
    assert second.generation != first.generation
    assert (second.unchanged, second.embedded) == (4, 0)


def test_another_embedding_model_builds_anew(reload: Reload) -> None:
    first = reload()
    second = reload(with_model="another")
    assert second.generation != first.generation
    assert second.embedded == first.embedded


def test_an_article_that_cannot_be_read_now_keeps_its_last_good_version(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    reload()
    (folder / "2.md").write_text("---\ntitle: [\n---\n坏了", "utf-8")
    result = reload()
    assert [problem.file for problem in result.failed] == ["2.md"]
    assert (result.unchanged, result.removed) == (4, ())
    assert "2.md" in stored_ids(data_dir)


def test_a_dry_run_tells_the_difference_and_changes_nothing(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    first = reload()
    write(folder / "new.md", "新来的", "新文章。")
    result = reload(dry_run=True)
    assert result.added == ("new.md",)
    assert Generations(data_dir).live() == first.generation


def test_many_articles_gone_need_force(reload: Reload, folder: Path, data_dir: Path) -> None:
    first = reload()
    for number in range(2):
        (folder / f"{number}.md").unlink()
    with pytest.raises(ReloadError, match="2 of 4 articles are gone"):
        reload()
    assert Generations(data_dir).live() == first.generation
    assert reload(force=True).removed == ("0.md", "1.md")


@pytest.mark.parametrize("fault", ["missing", "empty", "unreadable articles"])
def test_without_articles_the_live_index_stays(
    reload: Reload, folder: Path, data_dir: Path, tmp_path: Path, fault: str
) -> None:
    if fault == "unreadable articles":
        for path in folder.iterdir():
            path.write_bytes(b"---\nnot: [closed\n---\n")
        with pytest.raises(CorpusError, match="no article"):
            reload()
        return
    first = reload()
    folder.rename(tmp_path / "moved")
    if fault == "empty":
        folder.mkdir()
    with pytest.raises(CorpusError, match=r"no (folder|article)"):
        reload()
    assert Generations(data_dir).live() == first.generation


def test_a_second_reload_is_told_who_holds_the_lock(reload: Reload, data_dir: Path) -> None:
    reload()
    with (data_dir / "reload.lock").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ReloadError, match=r"another reload is running \(process \d+ since"):
            reload()
    reload()


class FailingEmbedder(FakeEmbedder):
    """Stops answering after some texts, as a server does."""

    def embed_passages(self, texts: object) -> Vectors:
        if len(self.embedded) >= 4:
            raise ModelUnavailableError("gone")
        assert isinstance(texts, list)
        return super().embed_passages(texts)


def test_a_build_that_stops_leaves_nothing_and_goes_on_from_there(
    folder: Path, data_dir: Path, reload: Reload, embedder: FakeEmbedder
) -> None:
    for number in range(40):
        write(folder / f"more-{number}.md", f"更多{number}", f"另外的{number}号正文。" * 9)
    failing = FailingEmbedder()
    reloader = make_reloader(folder, data_dir, failing)
    with pytest.raises(ModelUnavailableError):
        reloader.reload(full=False, force=False, dry_run=False, progress=lambda _: None)
    assert Generations(data_dir).live() is None
    assert list((data_dir / "generations").iterdir()) == []
    whole = reload()
    assert whole.articles == 44
    assert whole.embedded == len(embedder.embedded)
    assert not set(failing.embedded) & set(embedder.embedded)


def test_three_generations_are_kept(reload: Reload, data_dir: Path) -> None:
    made = [reload(full=True).generation for _ in range(5)]
    assert Generations(data_dir).kept() == sorted((str(name) for name in made[-3:]), reverse=True)


def test_progress_counts_up_to_its_total(folder: Path, data_dir: Path) -> None:
    steps: list[Step] = []
    make_reloader(folder, data_dir, FakeEmbedder()).reload(
        full=False, force=False, dry_run=False, progress=steps.append
    )
    embedding = [step for step in steps if step.phase == "embed"]
    assert embedding[-1].done == embedding[-1].total > 0
    assert [step.done for step in embedding] == sorted(step.done for step in embedding)


def test_readers_keep_the_old_generation_until_they_are_done(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    first = reload()
    closed: list[str] = []

    class Watched(Collection):
        def close(self) -> None:
            closed.append(self.manifest.id)
            super().close()

    live = LiveCollection(Generations(data_dir), embedding="fake", open_collection=Watched)
    with live.use() as old:
        write(folder / "new.md", "新来的", "新文章。")
        second = reload()
        with live.use() as new:
            assert new.articles.article("new.md") is not None
        assert old.manifest.id == first.generation
        assert old.articles.article("new.md") is None
        assert closed == []
    assert closed == [first.generation]
    live.close()
    assert closed == [first.generation, second.generation]


@pytest.mark.parametrize("pointer", ["", "nonsense", "20250305T000000000000-abcd"])
def test_a_damaged_pointer_is_mended_by_a_reload(
    reload: Reload, data_dir: Path, pointer: str
) -> None:
    first = reload()
    (data_dir / "CURRENT").write_text(pointer, "utf-8")
    result = reload()
    assert (result.unchanged, result.embedded) == (4, 0)
    assert result.generation != first.generation
    assert Generations(data_dir).live() == result.generation


@pytest.mark.parametrize(
    "damage",
    ["articles.sqlite3", "chroma/chroma.sqlite3", "bm25/vocab.index.json", "sentences.npy"],
)
@pytest.mark.parametrize("how", ["gone", "garbage"])
def test_a_damaged_generation_is_mended_by_a_reload(
    reload: Reload, data_dir: Path, damage: str, how: str
) -> None:
    first = reload()
    path = data_dir / "generations" / str(first.generation) / damage
    path.unlink()
    if how == "garbage":
        path.write_bytes(b"garbage" * 1000)
    result = reload()
    assert result.generation != first.generation
    assert (result.articles, result.embedded) == (4, 0)
    assert stored_ids(data_dir) == {"0.md", "1.md", "2.md", "3.md"}


def test_a_last_good_version_outlives_damage_to_the_live_generation(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    reload()
    second = reload(full=True)
    path = data_dir / "generations" / str(second.generation) / "articles.sqlite3"
    path.write_bytes(path.read_bytes()[:5000] + b"garbage" * 1000)
    (folder / "2.md").write_bytes(b"---\nbad: [\n---\n")
    result = reload()
    assert (result.articles, result.embedded) == (4, 0)
    assert stored_ids(data_dir) == {"0.md", "1.md", "2.md", "3.md"}


def test_a_last_good_version_outlives_the_manifest_of_the_only_generation(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    first = reload()
    (data_dir / "generations" / str(first.generation) / "manifest.json").write_text("garbage")
    (folder / "2.md").write_bytes(b"---\nbad: [\n---\n")
    result = reload()
    assert (result.articles, result.embedded) == (4, 0)
    assert stored_ids(data_dir) == {"0.md", "1.md", "2.md", "3.md"}
    assert [one.name for one in (data_dir / "generations").iterdir()] == [result.generation]


def test_a_damaged_cache_is_made_anew(reload: Reload, data_dir: Path) -> None:
    first = reload()
    (data_dir / "embeddings.sqlite3").write_bytes(b"garbage" * 1000)
    assert reload(full=True).embedded == first.embedded


def test_another_version_keeps_last_good_articles_and_guards(
    reload: Reload, folder: Path, data_dir: Path
) -> None:
    reload()
    (folder / "2.md").write_bytes(b"---\nbad: [\n---\n")
    assert reload(with_model="another").articles == 4
    for number in (0, 1):
        (folder / f"{number}.md").unlink()
    with pytest.raises(ReloadError, match="are gone"):
        reload(with_model="a third")
    assert stored_ids(data_dir) == {"0.md", "1.md", "2.md", "3.md"}


@pytest.mark.parametrize("name", ["a#b", "a?b", "a%20b", "a b", "数据", "a'b"])
def test_any_name_of_the_data_folder_will_do(tmp_path: Path, folder: Path, name: str) -> None:
    data_dir = tmp_path / "named" / name
    reloader = make_reloader(folder, data_dir, FakeEmbedder())
    reloader.reload(full=False, force=False, dry_run=False, progress=lambda _: None)
    assert stored_ids(data_dir) == {"0.md", "1.md", "2.md", "3.md"}
    assert [path.name for path in data_dir.parent.iterdir()] == [name]
    assert (data_dir / "embeddings.sqlite3").exists()
