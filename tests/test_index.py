"""The parts of a generation, on real Chroma and real files."""

import json
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import CollectionError, NoCollectionError
from retrieval.index import keywords
from retrieval.index.articles import ArticleStore, ArticleWriter, Counts, article_hash
from retrieval.index.generations import Generations, Manifest
from retrieval.index.keywords import KeywordIndex
from retrieval.index.vectors import VectorIndex
from retrieval.types import Article, Chunk, Span

ARTICLE = Article("a.md", "标题", "第一句。第二句。", byline="记者 甲", date="2025-03-05")
CHUNK = Chunk("a.md", 0, 0, 8, "第一句。第二句。")


def unit(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    vector = np.asarray(values, dtype=np.float32)
    row: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = vector / np.linalg.norm(vector)
    return row


def test_nearest_gives_cosines_best_first(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    vectors = np.stack([unit(1, 0, 0), unit(1, 1, 0), unit(0, 0, 1)])
    index.add(0, [CHUNK] * 3, vectors)
    found = index.nearest(unit(1, 0, 0), 2)
    assert list(found) == [0, 1]
    assert list(found.values()) == pytest.approx([1, 0.5**0.5], abs=1e-5)
    assert index.unreachable(3, 3) == []
    assert index.unreachable(3, 5) == [3, 4]
    index.close()


def test_a_closed_index_opens_again_with_everything_in_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 32)).astype(np.float32)
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(0, [CHUNK] * 3000, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    index.close()
    again = VectorIndex(tmp_path / "chroma")
    assert again.unreachable(32, 3000) == []
    again.close()


def test_many_equal_chunks_are_not_taken_for_damage(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(0, [CHUNK] * 600, np.tile(unit(1, 2, 3), (600, 1)))
    assert index.unreachable(3, 600) == []
    index.close()


def test_a_folder_without_an_index_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="vector index cannot be opened"):
        VectorIndex(tmp_path / "chroma")


def test_keywords_find_texts_by_shared_words(tmp_path: Path) -> None:
    keywords.build(["东城区的社区专员", "炼油厂的支部", "😀", ""], tmp_path / "bm25")
    index = KeywordIndex(tmp_path / "bm25")
    assert list(index.best("社區專員", 9)) == [0]
    assert index.best("宇宙", 9) == {}
    assert index.best("", 9) == {}
    assert index.count == 4


def test_rare_words_weigh_more_and_unknown_ones_most(tmp_path: Path) -> None:
    keywords.build(["社区 专员", "社区 支部", "社区"], tmp_path / "bm25")
    index = KeywordIndex(tmp_path / "bm25")
    assert index.rarity("社区") < index.rarity("支部") < index.rarity("宇宙")


def test_a_missing_keyword_index_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="keyword index cannot be opened"):
        KeywordIndex(tmp_path)


def test_articles_come_back_as_they_were(tmp_path: Path) -> None:
    writer = ArticleWriter(tmp_path / "articles.sqlite3")
    other = Article("b.md", "", "x" * 10)
    writer.add(ARTICLE, path="a.md", chunks=[CHUNK], sentences=[Span(0, 4), Span(4, 8)])
    writer.add(other, path="b.md", chunks=[], sentences=[Span(0, 10)])
    assert writer.close() == Counts(2, 1, 3)
    store = ArticleStore(tmp_path / "articles.sqlite3")
    assert store.article("a.md") == ARTICLE
    assert store.article("nothing") is None
    assert store.articles(["b.md", "nothing"]) == {"b.md": other}
    assert store.chunks([0]) == {0: CHUNK}
    assert [(one.ordinal, one.start) for one in store.sentences("b.md", 0, 10)] == [(2, 0)]
    assert [one.ordinal for one in store.sentences("a.md", 4, 8)] == [1]
    assert store.fingerprints()["a.md"].hash == article_hash(ARTICLE)
    assert list(store.everything()) == [(ARTICLE, [CHUNK]), (other, [])]
    assert store.counts() == Counts(2, 1, 3)
    store.close()


MANIFEST = Manifest(
    "20250305T000000000000-abcd", "2025-03-05T00:00:00+00:00", "m", 3, "1", "1", 1, 1, 1
)


def test_a_generation_is_live_once_published(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    with pytest.raises(NoCollectionError, match="baoda reload"):
        generations.require_live()
    generation, folder = generations.new()
    (folder / "x").mkdir()
    manifest = Manifest(**{**json.loads(as_json(MANIFEST)), "id": generation})
    generations.publish(manifest)
    assert generations.live() == generation
    assert generations.manifest(generation) == manifest


def as_json(manifest: Manifest) -> str:
    return json.dumps({name: getattr(manifest, name) for name in Manifest.__slots__})


@pytest.mark.parametrize("pointer", [b"", b"../../etc", b"\xff\xfe", b"20250305T000000000000-zzzz"])
def test_a_damaged_pointer_is_a_clear_error(tmp_path: Path, pointer: bytes) -> None:
    (tmp_path / "CURRENT").write_bytes(pointer)
    with pytest.raises(CollectionError, match="CURRENT"):
        Generations(tmp_path).live()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}', "\x00"])
def test_a_damaged_manifest_is_a_clear_error(tmp_path: Path, text: str) -> None:
    generations = Generations(tmp_path)
    generation, folder = generations.new()
    (folder / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(CollectionError, match="--full"):
        generations.manifest(generation)


def test_prune_keeps_the_live_one_and_removes_broken_builds(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    broken, _ = generations.new()
    generation, _ = generations.new()
    generations.publish(Manifest(**{**json.loads(as_json(MANIFEST)), "id": generation}))
    generations.prune()
    assert not generations.folder(broken).exists()
    assert generations.kept() == [generation]
