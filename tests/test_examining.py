"""All golden questions asked of the live index, and of the one before it what must be."""

import json
import shutil
from pathlib import Path

import pytest

from bot.desk.examining import Asked, Examined, examined
from bot.settings import Settings
from retrieval.errors import NoCollectionError
from retrieval.index.generations import Generations
from tests.fakes import FakeEmbedder
from tests.small import reload, write

APPLES, BRIDGE = "东山果园今年收了多少吨苹果?", "青龙河上的新桥有多长?"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder / "apples.md", "果园的收成", "东山果园今年收了80吨苹果。果农们很高兴。")
    write(folder / "bridge.md", "新桥通车", "青龙河上的新桥昨天通车。新桥长320米。")
    return folder


def ask(corpus: Path, *questions: tuple[str, str, str]) -> None:
    lines = [
        json.dumps({"id": one, "question": one, "article_id": name, "require": [[words]]})
        for one, name, words in questions
    ]
    (corpus / "golden.jsonl").write_text("\n".join(lines), "utf-8")


def build(corpus: Path) -> str:
    made = reload(corpus, corpus.parent / "data", FakeEmbedder(), full=True)
    assert made.generation is not None
    return made.generation


def examine(corpus: Path) -> tuple[Examined, list[Asked]]:
    steps: list[Asked] = []
    settings = Settings(corpus_dir=corpus, data_dir=corpus.parent / "data")
    return examined(settings, FakeEmbedder(), steps.append), steps


def was_right(found: Examined) -> dict[str, bool | None]:
    return {one.id: one.was_right for one in found.failures}


def test_of_the_first_index_nothing_is_new(corpus: Path) -> None:
    build(corpus)
    ask(corpus, (APPLES, "apples.md", "81吨"), (BRIDGE, "bridge.md", "320米"))
    found, _ = examine(corpus)
    assert (found.passed, found.total, found.former) == (1, 2, None)
    assert was_right(found) == {APPLES: None}


def test_a_question_added_since_is_asked_of_both(corpus: Path) -> None:
    build(corpus)
    write(corpus / "apples.md", "果园的收成", "东山果园今年收了75吨苹果。果农们很高兴。")
    build(corpus)
    ask(corpus, (APPLES, "apples.md", "80吨"), (BRIDGE, "bridge.md", "321米"))
    found, _ = examine(corpus)
    assert was_right(found) == {APPLES: True, BRIDGE: False}


def test_of_the_former_index_only_what_is_not_known_is_asked(corpus: Path) -> None:
    ask(corpus, (APPLES, "apples.md", "80吨"), (BRIDGE, "bridge.md", "320米"))
    build(corpus)
    write(corpus / "apples.md", "果园的收成", "东山果园今年收了75吨苹果。果农们很高兴。")
    build(corpus)
    found, steps = examine(corpus)
    assert was_right(found) == {APPLES: True}
    assert steps == [Asked(1, 2), Asked(2, 2), Asked(1, 1, former=True)]


def test_what_the_former_index_got_wrong_and_this_one_right_is_mended(corpus: Path) -> None:
    ask(corpus, (APPLES, "apples.md", "75吨"))
    build(corpus)
    write(corpus / "apples.md", "果园的收成", "东山果园今年收了75吨苹果。果农们很高兴。")
    build(corpus)
    found, _ = examine(corpus)
    assert (found.failures, found.mended) == ((), ((APPLES, APPLES),))


def test_where_the_former_index_is_damaged_what_was_noted_counts(corpus: Path) -> None:
    ask(corpus, (APPLES, "apples.md", "80吨"))
    former = build(corpus)
    write(corpus / "apples.md", "果园的收成", "东山果园今年收了75吨苹果。果农们很高兴。")
    build(corpus)
    folder = Generations(corpus.parent / "data").folder(former)
    (folder / "sentences.npy").unlink()
    shutil.rmtree(folder / "chroma")
    ask(corpus, (APPLES, "apples.md", "80吨"), (BRIDGE, "bridge.md", "321米"))
    found, _ = examine(corpus)
    assert was_right(found) == {APPLES: True, BRIDGE: None}


def test_what_this_index_passed_when_it_was_made_broke_since(corpus: Path) -> None:
    ask(corpus, (APPLES, "apples.md", "80吨"))
    build(corpus)
    build(corpus)
    ask(corpus, (APPLES, "apples.md", "81吨"))
    assert was_right(examine(corpus)[0]) == {APPLES: True}


def test_an_article_that_is_gone_has_no_title(corpus: Path) -> None:
    build(corpus)
    ask(corpus, (APPLES, "gone.md", "80吨"))
    (failure,) = examine(corpus)[0].failures
    assert (failure.expected, failure.title, failure.cited) == ("gone.md", None, ("apples.md",))


def test_without_an_index_there_is_nothing_to_ask(corpus: Path) -> None:
    ask(corpus, (APPLES, "apples.md", "80吨"))
    with pytest.raises(NoCollectionError):
        examine(corpus)
