"""What a chat model is given: each text once, neighbouring chunks in one piece."""

import random
from collections.abc import Iterator

import numpy as np
import pytest

from retrieval.answering.quoting.sources import sources_of
from retrieval.index.collection import Collection
from retrieval.index.generations import Generations
from retrieval.types import Chunk, Passage
from tests.fakes import DIMENSIONS, FakeEmbedder
from tests.small import reload, write

_WORDS = "灯会 茶农 渡口 石桥 果园 匠人 花灯 新船 村民 孩子 春天 河边 老人 纸伞 集市 夜里".split()


def story(seed: int, sentences: int = 60) -> str:
    chance = random.Random(seed)
    return "".join("".join(chance.choices(_WORDS, k=9)) + "。" for _ in range(sentences))


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    root = tmp_path_factory.mktemp("sources")
    (root / "articles").mkdir()
    write(root / "articles" / "long.md", "长文", story(1))
    write(root / "articles" / "copy.md", "转载", "本报讯 " + story(1))
    write(root / "articles" / "other.md", "别的", story(2))
    reload(root / "articles", root / "data", FakeEmbedder())
    generations = Generations(root / "data")
    live = generations.require_live()
    opened = Collection(generations.folder(live), generations.manifest(live))
    yield opened
    opened.close()


def chunks_of(collection: Collection, article_id: str) -> list[Chunk]:
    chunks = collection.articles.chunks(collection.articles.chunk_ordinals()).values()
    return sorted(
        (one for one in chunks if one.article_id == article_id), key=lambda one: one.position
    )


def passages(chunks: list[Chunk]) -> list[Passage]:
    return [Passage(chunk, rank, 1 / rank, 0.9) for rank, chunk in enumerate(chunks, start=1)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2)])
def test_neighbouring_chunks_are_one_source(collection: Collection, order: tuple[int, ...]) -> None:
    chunks = chunks_of(collection, "long.md")
    (source,) = sources_of(collection, passages([chunks[at] for at in order]))
    assert source.article.id == "long.md"
    assert source.start == chunks[0].start
    assert source.end >= chunks[2].end
    assert len(set(source.sentences)) == len(source.sentences)
    assert source.vectors.shape == (len(source.sentences), DIMENSIONS)
    starts = [span.start for span in source.sentences]
    assert starts == sorted(starts)
    assert np.allclose(np.linalg.norm(source.vectors, axis=1), 1, atol=1e-2)


def test_chunks_with_others_between_them_stay_apart_in_the_order_of_the_best(
    collection: Collection,
) -> None:
    long, other = chunks_of(collection, "long.md"), chunks_of(collection, "other.md")
    assert len(long) > 3
    found = passages([long[3], other[0], long[0], long[1]])
    sources = sources_of(collection, found)
    assert [one.article.id for one in sources] == ["long.md", "other.md", "long.md"]
    assert sources[0].start >= long[2].start
    assert sources[2].start == long[0].start


def test_a_copy_in_another_paper_is_left_out(collection: Collection) -> None:
    long, copy = chunks_of(collection, "long.md"), chunks_of(collection, "copy.md")
    (source,) = sources_of(collection, passages([copy[0], long[0]]))
    assert source.article.id == "copy.md"


def test_no_passages_are_no_sources(collection: Collection) -> None:
    assert sources_of(collection, []) == ()
