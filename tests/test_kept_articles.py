"""Articles looked up by short key and version, over real generations."""

import hashlib
import json
import sqlite3
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from retrieval.errors import CollectionError, NoCollectionError
from retrieval.index.articles import article_version
from retrieval.index.generations import Generations
from retrieval.index.kept import KeptArticles, LookedUp, Standing
from retrieval.index.keys import short_key
from retrieval.types import Holdings
from tests.fakes import FakeEmbedder
from tests.small import make_reloader, reload, stored, write

KEY = short_key("0.md")


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
def kept(data_dir: Path) -> Iterator[KeptArticles]:
    opened = KeptArticles(Generations(data_dir))
    yield opened
    opened.close()


def publish(corpus: Path, data_dir: Path, text: str, *, full: bool = False) -> str:
    """Publish a generation with that text in 0.md; the version of the article."""
    write(corpus / "0.md", "第0篇", text)
    reload(corpus, data_dir, full=full)
    return article_version(stored(data_dir)["0.md"])


def told(found: LookedUp) -> tuple[str | None, Standing]:
    return found.article.text if found.article else None, found.standing


def without_keys(data_dir: Path, generation: str) -> None:
    """Make of a generation what an earlier version of Baoda wrote."""
    folder = Generations(data_dir).folder(generation)
    with closing(sqlite3.connect(folder / "articles.sqlite3")) as database:
        names = [row[1] for row in database.execute("PRAGMA table_info(articles)")]
        columns = ", ".join(f'"{name}"' for name in names if name != "key")
        database.executescript(
            f"CREATE TABLE former AS SELECT {columns} FROM articles;"
            "DROP TABLE articles; ALTER TABLE former RENAME TO articles;"
        )
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema": "3"}), "utf-8")


def test_a_key_has_twelve_characters_of_the_hash_of_the_id() -> None:
    keys = {short_key(f"{number}.md#Ａ") for number in range(1_000)}
    assert len(keys) == 1_000
    assert {len(key) for key in keys} == {12}
    assert set("".join(keys)) <= set(string.ascii_lowercase + "234567")
    bits = int(hashlib.sha256(b"0.md").hexdigest()[:15], 16)
    assert KEY[-1] == "abcdefghijklmnopqrstuvwxyz234567"[bits % 32]


def test_the_live_version_is_current_named_or_not(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    version = publish(corpus, data_dir, "第一版。")
    assert told(kept.find(KEY, version)) == ("第一版。", Standing.CURRENT)
    assert told(kept.find(KEY, "")) == ("第一版。", Standing.CURRENT)


def test_a_version_that_is_live_no_more_comes_from_a_kept_generation(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    first = publish(corpus, data_dir, "第一版。")
    second = publish(corpus, data_dir, "第二版。")
    third = publish(corpus, data_dir, "第三版。")
    assert told(kept.find(KEY, first)) == ("第一版。", Standing.FORMER)
    assert told(kept.find(KEY, second)) == ("第二版。", Standing.FORMER)
    assert told(kept.find(KEY, third)) == ("第三版。", Standing.CURRENT)


def test_a_version_that_is_kept_nowhere_gives_the_live_one_as_changed(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    first = publish(corpus, data_dir, "第一版。")
    for number in range(2, 5):
        publish(corpus, data_dir, f"第{number}版。")
    assert told(kept.find(KEY, first)) == ("第4版。", Standing.CHANGED)


def test_a_removed_article_is_found_while_its_generation_is_kept_and_gone_then(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    version = publish(corpus, data_dir, "第一版。")
    (corpus / "0.md").unlink()
    reload(corpus, data_dir)
    assert told(kept.find(KEY, version)) == ("第一版。", Standing.FORMER)
    assert told(kept.find(KEY, "")) == ("第一版。", Standing.FORMER)
    for _ in range(2):
        reload(corpus, data_dir, full=True)
    assert told(kept.find(KEY, version)) == (None, Standing.GONE)
    assert told(kept.find(KEY, "")) == (None, Standing.GONE)
    assert told(kept.find("aaaaaaaaaaaa", version)) == (None, Standing.GONE)


def test_a_roll_back_makes_the_newer_version_a_former_one(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    first = publish(corpus, data_dir, "第一版。")
    second = publish(corpus, data_dir, "第二版。")
    assert kept.find(KEY, second).standing is Standing.CURRENT
    make_reloader(corpus, data_dir, FakeEmbedder()).roll_back(None)
    assert told(kept.find(KEY, first)) == ("第一版。", Standing.CURRENT)
    assert told(kept.find(KEY, second)) == ("第二版。", Standing.FORMER)


def test_articles_that_a_small_change_adds_have_keys_too(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    for number in range(10, 40):
        write(corpus / f"{number}.md", f"第{number}篇", f"这是第{number}篇文章的正文。" * 9)
    reload(corpus, data_dir)
    write(corpus / "added.md", "新的一篇", "刚刚添上的。")
    publish(corpus, data_dir, "第二版。")
    generations = Generations(data_dir)
    assert generations.manifest(generations.require_live()).churned > 0  # a copy, not built anew
    for article_id, article in stored(data_dir).items():
        assert kept.find(short_key(article_id), "").article == article


def test_a_kept_generation_without_keys_is_passed_over(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    first = publish(corpus, data_dir, "第一版。")
    second = publish(corpus, data_dir, "第二版。")
    publish(corpus, data_dir, "第三版。")
    without_keys(data_dir, Generations(data_dir).kept()[1])
    assert told(kept.find(KEY, first)) == ("第一版。", Standing.FORMER)
    assert told(kept.find(KEY, second)) == ("第三版。", Standing.CHANGED)


def test_a_live_generation_without_keys_is_an_error_until_the_next_reload(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    version = publish(corpus, data_dir, "第一版。")
    without_keys(data_dir, Generations(data_dir).require_live())
    with pytest.raises(CollectionError, match="baoda reload"):
        kept.find(KEY, version)
    (corpus / "1.md").write_bytes(b"\xff\xfe\x00")  # its last good version is taken over
    reload(corpus, data_dir)
    assert told(kept.find(KEY, version)) == ("第一版。", Standing.CURRENT)
    assert kept.find(short_key("1.md"), "").standing is Standing.CURRENT


def test_before_the_first_reload_there_is_no_collection(kept: KeptArticles) -> None:
    with pytest.raises(NoCollectionError):
        kept.find(KEY, "")


def test_the_open_generation_is_kept_until_another_is_live_or_it_is_closed(
    corpus: Path, data_dir: Path
) -> None:
    kept = KeptArticles(Generations(data_dir))
    publish(corpus, data_dir, "第一版。")
    kept.find(KEY, "")
    first = Generations(data_dir).require_live()
    for _ in range(4):
        reload(corpus, data_dir, full=True)
    folder = Generations(data_dir).folder(first)
    assert folder.exists()
    kept.find(KEY, "")
    reload(corpus, data_dir, full=True)
    assert not folder.exists()
    second = Generations(data_dir).require_live()
    kept.find(KEY, "")
    kept.close()
    for _ in range(4):
        reload(corpus, data_dir, full=True)
    assert not Generations(data_dir).folder(second).exists()


def dated(path: Path, date: str, source: str = "") -> None:
    path.write_text(
        f"---\ntitle: 有日期的{path.stem}\ndate: '{date}'\nsource: {source}\n---\n\n正文。\n",
        "utf-8",
    )


@pytest.fixture
def dated_corpus(corpus: Path) -> Path:
    """Four articles without a date, and four with one of three papers."""
    dated(corpus / "a.md", "2024-03-05", "工人日报")
    dated(corpus / "b.md", "2025-01-02", "工人日报")
    dated(corpus / "c.md", "2024-03-05", "北京日报")
    dated(corpus / "d.md", "2023-12-31")
    return corpus


def test_the_latest_are_the_newest_first_and_those_without_a_date_at_the_end(
    dated_corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    reload(dated_corpus, data_dir)
    ids = [article.id for article in kept.latest(0, 20)]
    assert ids[:4] == ["b.md", "a.md", "c.md", "d.md"]
    assert sorted(ids[4:]) == ["0.md", "1.md", "2.md", "3.md"]
    assert kept.latest(0, 1) == [stored(data_dir)["b.md"]]


def test_pages_of_the_latest_hold_every_article_once(
    dated_corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    reload(dated_corpus, data_dir)
    pages = [kept.latest(offset, 3) for offset in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 2, 0]
    assert [one for page in pages for one in page] == kept.latest(0, 20)


def test_the_holdings_are_counted_by_days_and_papers(
    dated_corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    reload(dated_corpus, data_dir)
    assert kept.holdings() == Holdings(
        articles=8,
        first="2023-12-31",
        last="2025-01-02",
        undated=4,
        sources=(("", 5), ("工人日报", 2), ("北京日报", 1)),
    )
    assert kept.count() == 8


def test_holdings_without_any_date_have_no_first_and_last(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    reload(corpus, data_dir)
    assert kept.holdings() == Holdings(4, "", "", 4, (("", 4),))


def test_the_latest_and_the_holdings_follow_a_reload(
    corpus: Path, data_dir: Path, kept: KeptArticles
) -> None:
    reload(corpus, data_dir)
    assert kept.count() == 4
    dated(corpus / "new.md", "2025-05-01")
    reload(corpus, data_dir)
    assert kept.count() == 5
    assert kept.latest(0, 1)[0].id == "new.md"


def test_before_the_first_reload_there_are_no_holdings(kept: KeptArticles) -> None:
    for look in (kept.holdings, kept.count, lambda: kept.latest(0, 5)):
        with pytest.raises(NoCollectionError):
            look()


def test_threads_look_up_while_generations_change(corpus: Path, data_dir: Path) -> None:
    kept = KeptArticles(Generations(data_dir))
    versions = [publish(corpus, data_dir, "第0版。")]
    with ThreadPoolExecutor(4) as threads:
        lookups = [
            threads.submit(
                lambda: [kept.find(KEY, versions[turn % len(versions)]) for turn in range(100)]
            )
            for _ in range(4)
        ]
        versions += [publish(corpus, data_dir, f"第{number}版。") for number in range(1, 3)]
        found = [one for lookup in lookups for one in lookup.result()]
    kept.close()
    assert {one.standing for one in found} <= {Standing.CURRENT, Standing.FORMER}
