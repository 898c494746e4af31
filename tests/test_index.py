"""The parts of a generation, on real Chroma and real files."""

import datetime
import itertools
import json
from pathlib import Path

import bm25s
import numpy as np
import pytest

from retrieval.errors import CollectionError, NoCollectionError
from retrieval.index.articles import ArticleStore, ArticleWriter, Counts, article_hash
from retrieval.index.generations import Generations, Manifest
from retrieval.index.keys import short_key
from retrieval.index.keywords import KeywordIndex, KeywordWriter
from retrieval.index.room import blank_room
from retrieval.index.vectors import VectorIndex, copy_index
from retrieval.types import Article, Chunk, Span
from retrieval.words import index_words

ARTICLE = Article("a.md", "标题", "第一句。第二句。", byline="记者 甲", date="2025-03-05")
CHUNK = Chunk("a.md", 0, 0, 8, "第一句。第二句。")


def unit(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    vector = np.asarray(values, dtype=np.float32)
    row: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = vector / np.linalg.norm(vector)
    return row


def test_nearest_gives_cosines_best_first(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    vectors = np.stack([unit(1, 0, 0), unit(1, 1, 0), unit(0, 0, 1)])
    index.add(range(3), [CHUNK] * 3, vectors)
    found = index.nearest(unit(1, 0, 0), 2)
    assert list(found) == [0, 1]
    assert list(found.values()) == pytest.approx([1, 0.5**0.5], abs=1e-5)
    assert index.unreachable(3, range(3)) == []
    assert index.unreachable(3, range(5)) == [3, 4]
    index.close()


def test_a_closed_index_opens_again_with_everything_in_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(3000, 32)).astype(np.float32)
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(3000), [CHUNK] * 3000, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    index.close()
    blank_room(tmp_path / "chroma")
    again = VectorIndex(tmp_path / "chroma")
    assert again.unreachable(32, range(3000)) == []
    again.close()


def test_many_equal_chunks_are_not_taken_for_damage(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(600), [CHUNK] * 600, np.tile(unit(1, 2, 3), (600, 1)))
    assert index.unreachable(3, range(600)) == []
    index.close()


def test_chunks_that_were_removed_are_not_found_and_others_are(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(300, 32)).astype(np.float32)
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(300), [CHUNK] * 300, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    index.remove(range(0, 300, 10))
    left = [ordinal for ordinal in range(300) if ordinal % 10]
    assert index.unreachable(32, left) == []
    assert index.count() == 270
    assert index.unreachable(32, range(20)) == [0, 10]
    index.close()


def test_above_thirty_thousand_chunks_are_looked_up_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.index.vectors._MOST_IN_ONE_QUERY", 100)
    monkeypatch.setattr("retrieval.index.vectors._BLOCK", 64)
    rows = np.random.default_rng(2).normal(size=(300, 32)).astype(np.float32)
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(300), [CHUNK] * 300, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert index.unreachable(32, range(300)) == []
    assert index.unreachable(32, range(303)) == [300, 301, 302]
    index.close()


def test_strays_are_found_kept_and_removed(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(3), [CHUNK] * 3, np.stack([unit(1, 0, 0), unit(1, 1, 0), unit(0, 0, 1)]))
    index.adopt([2])
    assert next(iter(index.nearest(unit(0, 0.1, 1), 2))) == 2
    assert len(index.nearest(unit(0, 0.1, 1), 2)) == 2
    index.close()
    copy_index(tmp_path / "chroma", tmp_path / "copy")
    again = VectorIndex(tmp_path / "copy")
    assert next(iter(again.nearest(unit(0, 0.1, 1), 1))) == 2
    again.remove([2])
    assert set(again.nearest(unit(0, 0.1, 1), 3)) == {0, 1}
    again.close()
    assert not (tmp_path / "copy" / "strays.npz").exists()
    (tmp_path / "chroma" / "strays.npz").write_bytes(b"garbage")
    with pytest.raises(CollectionError, match="vector index cannot be opened"):
        VectorIndex(tmp_path / "chroma")


def test_a_copy_of_an_index_that_is_open_holds_the_same(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path / "chroma", create=True)
    index.add(range(3), [CHUNK] * 3, np.stack([unit(1, 0, 0), unit(1, 1, 0), unit(0, 0, 1)]))
    copy_index(tmp_path / "chroma", tmp_path / "copy")
    copied = VectorIndex(tmp_path / "copy")
    copied.add([3], [CHUNK], np.stack([unit(1, 2, 3)]))
    assert copied.unreachable(3, range(4)) == []
    assert index.count() == 3
    copied.close()
    index.close()


def test_a_folder_without_an_index_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="vector index cannot be opened"):
        VectorIndex(tmp_path / "chroma")


def keywords(folder: Path, *texts: str) -> KeywordIndex:
    writer = KeywordWriter()
    writer.add(range(len(texts)), texts, "")
    writer.save(folder)
    return KeywordIndex(folder)


def test_a_name_and_a_relative_date_are_found(tmp_path: Path) -> None:
    writer = KeywordWriter()
    for ordinal, text in enumerate(("社区的合伙人", "“社区合伙人”去年7月成立", "社区合伙")):
        writer.add([ordinal], [text], "", names=["社区合伙人"], written=datetime.date(2025, 3, 20))
    writer.save(tmp_path / "bm25")
    index = KeywordIndex(tmp_path / "bm25")
    assert next(iter(index.best("社區合伙人", 9))) == 1
    assert list(index.best("2024年7月", 9)) == [1]
    assert list(index.best("前年", 9, datetime.date(2026, 1, 1))) == [1]
    assert list(index.best("前年", 9)) == []


def test_keywords_find_texts_by_shared_words(tmp_path: Path) -> None:
    index = keywords(tmp_path / "bm25", "东城区的社区专员", "炼油厂的支部", "😀", "")
    assert list(index.best("社區專員", 9)) == [0]
    assert index.best("宇宙", 9) == {}
    assert index.best("", 9) == {}
    assert index.count == 4


def test_words_of_the_article_find_each_of_its_chunks(tmp_path: Path) -> None:
    writer = KeywordWriter()
    writer.add([4, 7], ["社区专员", "炼油厂"], "记者 李潼")
    writer.save(tmp_path / "bm25")
    assert set(KeywordIndex(tmp_path / "bm25").best("记者", 9)) == {4, 7}


def test_keywords_that_go_on_from_others_are_as_if_made_at_once(tmp_path: Path) -> None:
    keywords(tmp_path / "a", "东城区的社区专员", "炼油厂的支部", "宇宙飞船")
    writer = KeywordWriter(tmp_path / "a")
    writer.remove([2])
    writer.add([9], ["支部的书记"], "")
    writer.save(tmp_path / "b")
    index = KeywordIndex(tmp_path / "b")
    anew = keywords(tmp_path / "c", "东城区的社区专员", "炼油厂的支部", "支部的书记")
    assert index.ordinals() == [0, 1, 9]
    assert not index.knows("宇宙飞船")
    for question in ("支部书记", "东城区专员", "炼油厂"):
        found = index.best(question, 9).values()
        assert list(found) == pytest.approx(list(anew.best(question, 9).values()))


def test_scores_are_those_of_bm25s(tmp_path: Path) -> None:
    texts = [f"{word}的{other}" * (1 + number % 3) for number, (word, other) in enumerate(PAIRS)]
    index = keywords(tmp_path / "bm25", *texts)
    theirs = bm25s.BM25(method="lucene")
    theirs.index([index_words(text) for text in texts], show_progress=False)
    for question in ("社区书记", "支部培训 展厅", "车间"):
        words = [word for word in index_words(question) if index.knows(word)]
        expected = {row: score for row, score in enumerate(theirs.get_scores(words)) if score > 0}
        assert index.best(question, 99) == pytest.approx(expected, rel=1e-5)
        assert expected


PAIRS = list(
    itertools.product(("社区", "支部", "车间", "展厅"), ("书记", "培训", "社区", "讲解员"))
)


def test_rare_words_weigh_more_and_unknown_ones_most(tmp_path: Path) -> None:
    index = keywords(tmp_path / "bm25", "社区 专员", "社区 支部", "社区")
    assert index.rarity("社区") < index.rarity("支部") < index.rarity("宇宙")


def test_a_missing_keyword_index_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="keyword index cannot be opened"):
        KeywordIndex(tmp_path)


OTHER = Article("b.md", "", "x" * 10)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "articles.sqlite3"
    writer = ArticleWriter(path)
    first = writer.add(ARTICLE, path="a.md")
    writer.add_parts(
        first,
        chunks=[CHUNK],
        chunk_hashes=[b"c"],
        sentences=[Span(0, 4), Span(4, 8)],
        sentence_hashes=[b"s", b"t"],
    )
    second = writer.add(OTHER, path="b.md")
    writer.add_parts(
        second, chunks=[], chunk_hashes=[], sentences=[Span(0, 10)], sentence_hashes=[b"u"]
    )
    writer.set_files([("a.md", b"hash")])
    writer.close()
    return path


def test_articles_come_back_as_they_were(database: Path) -> None:
    store = ArticleStore(database)
    assert store.article("a.md") == ARTICLE
    assert store.article("nothing") is None
    assert store.by_key(short_key("b.md")) == OTHER
    assert store.by_key(short_key("nothing")) is None
    assert store.articles(["b.md", "nothing"]) == {"b.md": OTHER}
    assert store.chunks([0]) == {0: CHUNK}
    assert [
        (one.ordinal, one.start) for one in store.sentences_in([("b.md", Span(0, 10))])["b.md"]
    ] == [(2, 0)]
    assert [one.ordinal for one in store.sentences_in([("a.md", Span(4, 8))])["a.md"]] == [1]
    assert store.fingerprints(["a.md"])["a.md"].hash == article_hash(ARTICLE)
    assert list(store.everything()) == [("a.md", ARTICLE), ("b.md", OTHER)]
    assert list(store.all_chunks(0)) == [(0, ARTICLE, CHUNK)]
    assert [(one[0], one[2]) for one in store.all_sentences(1)] == [
        (1, Span(4, 8)),
        (2, Span(0, 10)),
    ]
    assert store.counts() == Counts(2, 1, 3)
    assert store.files() == {"a.md": b"hash"}
    assert list(store.ids()) == [("a.md", "a.md"), ("b.md", "b.md")]
    assert store.characters() == 18
    assert store.characters(["b.md"]) == 10
    store.close()


def test_ordinals_of_removed_articles_are_not_given_again(database: Path) -> None:
    writer = ArticleWriter(database)
    assert writer.remove(["a.md", "nothing"]) == [0]
    assert writer.next_ordinals() == (1, 3)
    writer.add_parts(
        writer.add(ARTICLE, path="a.md"),
        chunks=[CHUNK],
        chunk_hashes=[b"c"],
        sentences=[Span(0, 8)],
        sentence_hashes=[b"v"],
    )
    writer.close()
    store = ArticleStore(database)
    assert [path for path, _ in store.everything()] == ["b.md", "a.md"]
    assert store.sentence_rows() == 4
    assert store.counts() == Counts(2, 1, 2)
    store.close()


MANIFEST = Manifest(
    "20250305T000000000000-abcd", "2025-03-05T00:00:00+00:00", "m", 3, "1", "1", 1, 1, 1
)


def test_a_generation_is_live_once_published(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    with pytest.raises(NoCollectionError, match="baoda reload"):
        generations.require_live()
    generation = generations.new()
    (generations.folder(generation) / "x").mkdir()
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
    generation = generations.new()
    (generations.folder(generation) / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(CollectionError, match="--full"):
        generations.manifest(generation)


def test_prune_keeps_the_live_one_and_removes_broken_builds(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    broken = generations.new()
    generation = generations.new()
    generations.publish(Manifest(**{**json.loads(as_json(MANIFEST)), "id": generation}))
    generations.prune(generations.superfluous())
    assert not generations.folder(broken).exists()
    assert generations.kept() == [generation]
