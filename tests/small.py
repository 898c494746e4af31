"""Small collections made with the fake embedding model, and what is in them."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from retrieval.answering.answerer import Answerer
from retrieval.building import Builder
from retrieval.index.articles import ArticleStore
from retrieval.index.collection import LiveCollection, check_complete
from retrieval.index.generations import ARTICLES, Generations
from retrieval.reload import Reloader, ReloadResult
from retrieval.types import Article, Embedder, Progress
from tests.fakes import FakeEmbedder


def write(path: Path, title: str, text: str) -> None:
    path.write_text(f"---\ntitle: {title}\n---\n\n{text}\n", "utf-8")


def make_reloader(
    folder: Path,
    data_dir: Path,
    embedder: Embedder,
    *,
    golden_min_share: float = 0.0,
    golden_max_drop: float = 1.0,
    free_bytes: Callable[[Path], int] = lambda _: 10**12,
) -> Reloader:
    builder = Builder(
        data_dir=data_dir,
        embedder=embedder,
        golden_min_share=golden_min_share,
        golden_max_drop=golden_max_drop,
        free_bytes=free_bytes,
    )
    return Reloader(
        corpus_dir=folder, data_dir=data_dir, builder=builder, embedding=embedder.fingerprint
    )


def reload(
    folder: Path,
    data_dir: Path,
    embedder: Embedder | None = None,
    *,
    full: bool = False,
    force: bool = False,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> ReloadResult:
    reloader = make_reloader(folder, data_dir, embedder or FakeEmbedder())
    return reloader.reload(full=full, force=force, dry_run=dry_run, progress=progress)


def stored(data_dir: Path) -> dict[str, Article]:
    """The articles of the live generation, by id, after looking through all of it."""
    generations = Generations(data_dir)
    live = generations.require_live()
    check_complete(generations.folder(live), generations.manifest(live))
    store = ArticleStore(generations.folder(live) / ARTICLES)
    try:
        return {article.id: article for _, article in store.everything()}
    finally:
        store.close()


@contextmanager
def answering(data_dir: Path, embedder: Embedder, today: datetime.date) -> Iterator[Answerer]:
    """An answerer over the live generation that has no model but the embedding one."""
    live = LiveCollection(Generations(data_dir), embedding=embedder.fingerprint)
    made = Answerer(live=live, embedder=embedder, writer=None, today=lambda: today)
    yield made
    made.close()
