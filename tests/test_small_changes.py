"""A small change is applied to a copy of the live generation; much change builds anew."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.index.collection import Collection
from retrieval.index.generations import Generations, Manifest
from retrieval.questions.question import read_question
from retrieval.search import search
from tests.fakes import FakeEmbedder
from tests.small import reload, stored, write

COUNT = 40
EMBEDDER = FakeEmbedder()


def body(word: str, sentences: int = 30) -> str:
    return "".join(f"{word}的第{number}件事发生在{word}。" for number in range(sentences))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("forty")
    (root / "corpus").mkdir()
    for number in range(COUNT):
        write(root / "corpus" / f"{number}.md", f"第{number}篇", body(f"地方{number}"))
    reload(root / "corpus", root / "data")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A folder `corpus` of forty articles and their index in `data`."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def manifest(root: Path) -> Manifest:
    generations = Generations(root / "data")
    return generations.manifest(generations.require_live())


def found(root: Path, question: str) -> list[tuple[str, int, float]]:
    generations = Generations(root / "data")
    live = generations.require_live()
    collection = Collection(generations.folder(live), generations.manifest(live))
    try:
        passages = search(collection, read_question(question), EMBEDDER.embed_query(question), 10)
        return [(one.chunk.article_id, one.chunk.position, one.score) for one in passages]
    finally:
        collection.close()


def test_one_changed_article_is_applied_to_a_copy(root: Path) -> None:
    write(root / "corpus" / "3.md", "新的第3篇", body("彩虹岛"))
    embedder = FakeEmbedder()
    result = reload(root / "corpus", root / "data", embedder)
    assert (result.changed, result.unchanged) == (("3.md",), COUNT - 1)
    assert result.embedded == len(embedder.embedded) <= 40
    assert manifest(root).churned > 0
    articles = stored(root / "data")
    assert articles["3.md"].title == "新的第3篇"
    assert len(articles) == COUNT
    assert found(root, "彩虹岛发生了什么事")[0][0] == "3.md"
    assert "3.md" not in [name for name, *_ in found(root, "地方3的第7件事")][:1]


def test_each_sentence_of_a_copy_has_its_own_vector(root: Path) -> None:
    write(root / "corpus" / "3.md", "新的第3篇", body("彩虹岛"))
    (root / "corpus" / "39.md").unlink()
    reload(root / "corpus", root / "data")
    write(root / "corpus" / "7.md", "第7篇", body("水帘洞"))
    reload(root / "corpus", root / "data")
    generations = Generations(root / "data")
    live = generations.require_live()
    collection = Collection(generations.folder(live), generations.manifest(live))
    try:
        for ordinal, article, span in collection.articles.all_sentences(0):
            expected = EMBEDDER.embed_query(article.text[span.start : span.end])
            row = collection.sentence_vectors(ordinal, 1)[0]
            assert np.dot(row, expected) == pytest.approx(1, abs=1e-3)
    finally:
        collection.close()


def test_adding_and_removing_an_article_leaves_what_was_before(root: Path) -> None:
    questions = ("地方3的第7件事", "第12篇", "发生在哪里", "地方8")
    articles = stored(root / "data")
    before = [found(root, question) for question in questions]
    write(root / "corpus" / "new.md", "新来的", body("彩虹岛"))
    assert reload(root / "corpus", root / "data").added == ("new.md",)
    (root / "corpus" / "new.md").unlink()
    assert reload(root / "corpus", root / "data").removed == ("new.md",)
    assert stored(root / "data") == articles
    for question, expected in zip(questions, before, strict=True):
        now = found(root, question)
        assert [one[2] for one in now] == pytest.approx([one[2] for one in expected], abs=1e-4)


def test_much_churn_builds_anew_from_the_cache(root: Path) -> None:
    for number in range(COUNT // 4):
        write(root / "corpus" / f"{number}.md", f"第{number}篇", body(f"别处{number}"))
    reload(root / "corpus", root / "data")
    assert manifest(root).churned == 0


def test_small_changes_add_up_until_all_is_built_anew(root: Path) -> None:
    churned = []
    for number in range(6):
        write(root / "corpus" / f"{number}.md", f"第{number}篇", body(f"别处{number}"))
        result = reload(root / "corpus", root / "data")
        assert result.embedded <= 40
        churned.append(manifest(root).churned)
    assert churned[0] > 0
    assert 0 in churned
    assert len(stored(root / "data")) == COUNT


@pytest.mark.parametrize("damage", ["bm25/words.json", "bm25/words.npy"])
def test_a_copy_that_fails_gives_way_to_a_build(root: Path, damage: str) -> None:
    live = Generations(root / "data").require_live()
    (root / "data" / "generations" / live / damage).write_bytes(b"garbage")
    write(root / "corpus" / "3.md", "新的第3篇", body("彩虹岛"))
    result = reload(root / "corpus", root / "data")
    assert (result.changed, result.embedded) == (("3.md",), result.embedded)
    assert manifest(root).churned == 0
    assert stored(root / "data")["3.md"].title == "新的第3篇"


def test_the_cache_keeps_only_what_a_kept_generation_uses(root: Path) -> None:
    write(root / "corpus" / "new.md", "新来的", body("彩虹岛"))
    first = reload(root / "corpus", root / "data").embedded
    (root / "corpus" / "new.md").unlink()
    for number in range(3):
        write(root / "corpus" / "0.md", "第0篇", body(f"别处{number}"))
        reload(root / "corpus", root / "data")
    write(root / "corpus" / "new.md", "新来的", body("彩虹岛"))
    embedder = FakeEmbedder()
    assert reload(root / "corpus", root / "data", embedder).embedded == first
    assert reload(root / "corpus", root / "data", embedder, full=True).embedded == 0


def test_only_files_that_changed_are_read_again(root: Path, tmp_path: Path) -> None:
    (root / "corpus" / "many.jsonl").write_text(
        "\n".join(json.dumps({"id": f"m{one}", "text": f"第{one}条。"}) for one in range(5)),
        "utf-8",
    )
    reload(root / "corpus", root / "data")
    (root / "corpus" / "many.jsonl").rename(root / "corpus" / "moved.jsonl")
    result = reload(root / "corpus", root / "data")
    assert result.changed == ("m0", "m1", "m2", "m3", "m4")  # they come from another file now
    assert result.embedded == 0
    (root / "corpus" / "a.jsonl").write_text('{"id": "m3", "text": "抢先的。"}', "utf-8")
    result = reload(root / "corpus", root / "data")
    assert result.changed == ("m3",)
    assert [problem.file for problem in result.failed] == ["moved.jsonl"]
    assert "already that of an article in a.jsonl" in result.failed[0].reason
    assert stored(root / "data")["m3"].text == "抢先的。"
    (root / "corpus" / "a.jsonl").unlink()
    assert reload(root / "corpus", root / "data").changed == ("m3",)
    assert stored(root / "data")["m3"].text == "第3条。"


def test_articles_of_a_folder_that_cannot_be_listed_stay(root: Path) -> None:
    (root / "corpus" / "deep").mkdir()
    write(root / "corpus" / "deep" / "a.md", "深处", body("海底"))
    reload(root / "corpus", root / "data")
    shutil.rmtree(root / "corpus" / "deep")
    (root / "corpus" / "deep").symlink_to("/")  # leads out: not read
    result = reload(root / "corpus", root / "data")
    assert (result.removed, result.failed[0].file) == ((), "deep")
    assert "deep/a.md" in stored(root / "data")


def test_a_removed_line_is_gone_even_if_the_file_has_remarks(root: Path) -> None:
    lines = [
        {"id": "dated", "text": "有日期的。", "date": "not a day"},
        {"id": "second", "text": "第二条。"},
    ]
    path = root / "corpus" / "two.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert len(reload(root / "corpus", root / "data").failed) == 1
    path.write_text(json.dumps(lines[0]), "utf-8")
    assert reload(root / "corpus", root / "data").removed == ("second",)


Edit = tuple[str, int, int]
EDITS = st.lists(
    st.tuples(st.sampled_from(["write", "remove"]), st.integers(0, 13), st.integers(0, 3)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds=st.lists(EDITS, min_size=1, max_size=3))
def test_any_edits_end_in_what_a_first_build_gives(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[Edit]]
) -> None:
    root = tmp_path_factory.mktemp("edits")
    corpus = root / "corpus"
    corpus.mkdir()
    for number in range(12):
        write(corpus / f"{number}.md", f"第{number}篇", body(f"地方{number}", 6))
    reload(corpus, root / "data")
    for edits in rounds:
        for what, number, variant in edits:
            path = corpus / f"{number}.md"
            if what == "write":
                write(path, f"第{number}篇", body(f"处所{variant}", 5 + variant))
            else:
                path.unlink(missing_ok=True)
        reload(corpus, root / "data", force=True)
        again = reload(corpus, root / "data")
        assert again.generation == again.previous  # reload twice = reload once
    reload(corpus, root / "anew")
    assert stored(root / "data") == stored(root / "anew")


@pytest.mark.parametrize("count", [120, 250])
def test_many_equal_articles_stop_nothing(tmp_path: Path, count: int) -> None:
    corpus, data_dir = tmp_path / "corpus", tmp_path / "data"
    corpus.mkdir()
    text = "今天晴，最高气温二十五度，最低气温十二度，东南风三级。"
    lines = [
        json.dumps({"id": f"d{one}", "title": "天气预报", "text": text}) for one in range(count)
    ]
    (corpus / "daily.jsonl").write_text("\n".join(lines), "utf-8")
    write(corpus / "a.md", "渔港", body("渔船码头", 3))
    write(corpus / "b.md", "石桥", body("青龙河石桥", 3))
    assert reload(corpus, data_dir).articles == count + 2
    assert len(stored(data_dir)) == count + 2
    write(corpus / "a.md", "渔港", body("渔船新码头", 3))
    reload(corpus, data_dir)
    generations = Generations(data_dir)
    live = generations.require_live()
    collection = Collection(generations.folder(live), generations.manifest(live))
    try:
        for question, name in (("渔船新码头的事", "a.md"), ("青龙河石桥的事", "b.md")):
            near = collection.vectors.nearest(EMBEDDER.embed_query(question), 5)
            best = collection.articles.chunks(list(near)[:1])[next(iter(near))]
            assert best.article_id == name
    finally:
        collection.close()


def test_the_order_of_reloads_does_not_matter(root: Path) -> None:
    random.Random(7).shuffle(numbers := list(range(4)))
    for number in numbers:
        write(root / "corpus" / f"x{number}.md", f"另{number}篇", body(f"村庄{number}"))
        reload(root / "corpus", root / "data")
    reload(root / "corpus", root / "anew")
    assert stored(root / "data") == stored(root / "anew")
