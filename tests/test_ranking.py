"""What sentences are weighed by, and what follows from it."""

import dataclasses
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.embedding import LocalEmbedder
from retrieval.index.collection import OneCollection
from retrieval.index.generations import Generations
from retrieval.questions.question import Asked, read_question
from retrieval.ranking.features import Described, Features, describe
from retrieval.ranking.ranking import (
    answer_features,
    can_answer,
    confidence,
    least_confidence,
    rank_passages,
    rank_sentences,
)
from retrieval.ranking.weights import load_weights
from retrieval.search import search
from retrieval.types import Passage, Strictness
from tests.conftest import ROOT
from tests.fakes import FakeEmbedder
from tests.small import reload, write

TEXTS = {
    "bridge.md": (
        "老桥修好了",
        "柳溪村的石桥修好了，花了46万元。修桥的是十二名石匠。石桥建于1932年。",
    ),
    "dam.md": ("水坝开工", "柳溪村的水坝昨天开工。2024年10月，水坝的图纸画好了。谁来修水坝？"),
    "orchard.md": ("果园来信", "果园今年收了80吨苹果。果农李小满说，明年要种梨树。"),
    "school.md": ("新校舍", "河湾镇的新校舍有12间教室，可以坐480名学生。"),
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> OneCollection:
    return made(tmp_path_factory.mktemp("ranking"), list(TEXTS))


def made(root: Path, names: list[str]) -> OneCollection:
    """A collection of the articles, whose files sort in the order of `names`."""
    folder = root / "articles"
    folder.mkdir()
    for number, name in enumerate(names):
        title, text = TEXTS[name]
        (folder / f"{number}-{name}").write_text(
            f"---\nid: {name}\ntitle: {title}\ndate: 2024-11-20\n---\n\n{text}\n", "utf-8"
        )
    reload(folder, root / "data")
    generations = Generations(root / "data")
    live = generations.require_live()
    return OneCollection(generations.folder(live), generations.manifest(live))


def found(collection: OneCollection, question: str) -> tuple[Asked, list[Passage], list[Described]]:
    asked = read_question(question)
    vector = FakeEmbedder().embed_query(question)
    with collection.use() as opened:
        passages = search(opened, asked, vector, 30)
        return asked, passages, describe(opened, asked, vector, passages)


def features(collection: OneCollection, question: str, start: str) -> Features:
    """Those of the sentence that begins so."""
    _, _, described = found(collection, question)
    return next(one.features for one in described if one.evidence.quote.startswith(start))


@pytest.mark.parametrize(
    ("question", "start", "feature", "value"),
    [
        ("石桥花了多少钱?", "柳溪村的石桥", "measure_missing", 0.0),
        ("石桥花了多少钱?", "修桥的是", "measure_missing", 1.0),
        ("修桥的有多少名石匠?", "修桥的是", "counted_missing", 0.0),
        ("修桥的有多少名石匠?", "石桥建于", "counted_missing", 1.0),
        ("石桥建于哪年?", "石桥建于", "exact_missing", 0.0),
        ("石桥建于哪年?", "修桥的是", "exact_missing", 1.0),
        ("1932年建的是什么桥?", "石桥建于", "dates_missing", 0.0),
        ("1955年建的是什么桥?", "石桥建于", "dates_missing", 1.0),
        ("2024年11月水坝怎么样?", "柳溪村的水坝", "dates_missing", 0.0),
        ("柳溪村的石桥花了多少钱?", "柳溪村的石桥", "places_missing", 0.0),
        ("柳河村的石桥花了多少钱?", "柳溪村的石桥", "places_missing", 1.0),
        ("46万元修的是什么桥?", "柳溪村的石桥", "figures_missing", 0.0),
        ("55万元修的是什么桥?", "柳溪村的石桥", "figures_missing", 1.0),
        ("2024年10月水坝怎么样?", "2024年10月", "period_missing_here", 0.0),
        ("2024年10月水坝怎么样?", "柳溪村的水坝", "period_missing_here", 1.0),
        ("2023年水坝怎么样?", "柳溪村的水坝", "period_missing", 1.0),
        ("水坝谁来修?", "谁来修水坝", "asks", 1.0),
        ("水坝谁来修?", "柳溪村的水坝", "asks", 0.0),
        ("果农李小满说了什么?", "果农李小满", "names_missing_here", 0.0),
        ("果农张建国说了什么?", "果农李小满", "names_missing_here", 1.0),
        ("果农李小满说了什么?", "果农李小满", "persons_missing", 0.0),
        ("果农张建国说了什么?", "果农李小满", "persons_missing", 1.0),
        ("哪个校舍有8间教室?", "河湾镇", "figures_missing", 1.0),
        ("哪两间教室最大?", "河湾镇", "figures_missing", 0.0),
        ("果园的工人叫什么名字?", "果园今年", "exact_missing", 1.0),
        ("果园的工人叫什么名字?", "果农李小满", "exact_missing", 0.0),
        ("新校舍“快乐角”在哪里?", "河湾镇", "quoted_missing", 1.0),
        ("新校舍可以坐多少名学生?", "河湾镇", "opening", 1.0),
    ],
)
def test_features(
    collection: OneCollection, question: str, start: str, feature: str, value: float
) -> None:
    assert getattr(features(collection, question, start), feature) == pytest.approx(value)


def test_what_lacks_a_person_or_a_small_number_cannot_answer(collection: OneCollection) -> None:
    assert not can_answer(features(collection, "果农张建国说了什么?", "果农李小满"))
    assert not can_answer(features(collection, "哪个校舍有8间教室?", "河湾镇"))
    assert can_answer(features(collection, "果农李小满说了什么?", "果农李小满"))


def test_an_amount_of_something_else_is_no_answer(collection: OneCollection) -> None:
    asked, _, described = found(collection, "石桥花了多少钱?")
    best, *others = rank_sentences(asked, described)
    assert confidence(asked, [best, *others]) > 0
    better = dataclasses.replace(others[0], score=best.score + 20, can_answer=False)
    assert confidence(asked, [best, better]) == 0


@pytest.mark.parametrize(("bridges", "crowded"), [(1, 0.0), (15, 1.0)])
def test_a_question_is_crowded_where_many_passages_hold_its_words(
    tmp_path: Path, bridges: int, crowded: float
) -> None:
    (tmp_path / "articles").mkdir()
    others = ["果园收了苹果。", "新校舍盖好了。", "水坝开工。", "集市搬家。", "书车进山。"] * 3
    for number in range(15):
        text = f"石桥{number}花了{number}万元。" if number < bridges else others[number]
        write(tmp_path / "articles" / f"{number}.md", f"新闻{number}", text)
    embedder = LocalEmbedder()
    reload(tmp_path / "articles", tmp_path / "data", embedder)
    generations = Generations(tmp_path / "data")
    live = generations.require_live()
    collection = OneCollection(generations.folder(live), generations.manifest(live))
    asked = read_question("石桥花了多少万元?")
    vector = embedder.embed_query(asked.text)
    with collection.use() as opened:
        described = describe(opened, asked, vector, search(opened, asked, vector, 20))
    collection.close()
    assert {one.features.crowded for one in described} == {crowded}


def test_a_number_in_words_counts_as_one(collection: OneCollection) -> None:
    assert features(collection, "12名石匠修了什么?", "修桥的是").figures_missing_here == 0


def test_a_passage_is_worth_its_best_sentence(collection: OneCollection) -> None:
    asked, passages, described = found(collection, "石桥花了多少钱?")
    candidates = rank_sentences(asked, described)
    ranked = rank_passages(passages, candidates)
    assert ranked[0].chunk.id in candidates[0].chunk_ids
    assert ranked[0].score == 1
    assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    assert {one.chunk.id for one in ranked} == {one.chunk.id for one in passages}


def test_nothing_found_is_no_answer() -> None:
    asked = read_question("石桥?")
    assert rank_sentences(asked, []) == []
    assert confidence(asked, []) == 0


def test_the_weights_are_of_features_that_there_are(collection: OneCollection) -> None:
    asked, _, described = found(collection, "石桥花了多少钱?")
    known = answer_features(rank_sentences(asked, described))
    for weights in load_weights().values():
        assert set(weights.order) <= set(Features.__slots__)
        assert set(weights.answer) <= {*known, "bias"}


@pytest.mark.parametrize("question", ["石桥花了多少钱?", "how much did the bridge cost?"])
def test_strictness_moves_along_the_curve(question: str) -> None:
    asked = read_question(question)
    least = [
        least_confidence(asked, one)
        for one in (Strictness.GENEROUS, Strictness.BALANCED, Strictness.STRICT)
    ]
    assert 0 < least[0] < least[1] < least[2] < 1


def test_weights_do_not_speak_against_their_features() -> None:
    for weights in load_weights().values():
        for part in (weights.order, weights.answer):
            against = {name: value for name, value in part.items() if "missing" in name}
            assert all(value <= 0 for value in against.values())
            assert all(value >= 0 for name, value in part.items() if "coverage" in name)


def test_the_order_of_the_articles_does_not_matter(tmp_path: Path) -> None:
    names = list(TEXTS)
    random.Random(3).shuffle(names)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one, other = made(tmp_path / "one", list(TEXTS)), made(tmp_path / "other", names)
    try:
        for question in ("石桥花了多少钱?", "柳溪村修了什么?", "有多少名学生?", "苹果"):
            assert scores(one, question) == scores(other, question)
    finally:
        one.close()
        other.close()


def scores(collection: OneCollection, question: str) -> list[tuple[str, dict[str, float]]]:
    asked, _, described = found(collection, question)
    return [
        (
            one.evidence.quote,
            {name: round(value, 5) for name, value in dataclasses.asdict(one.features).items()},
        )
        for one in rank_sentences(asked, described)
    ]


def test_the_hash_seed_does_not_matter(tmp_path: Path, corpus_data_dir: Path) -> None:
    lines = "".join(
        json.dumps({"id": str(number), "question": question}, ensure_ascii=False) + "\n"
        for number, question in enumerate(
            ("党群服务中心有哪些展览?", "党员量了多少个车门?", "2022年东城区排名第几?")
        )
    )
    outputs = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "bot", "ask", "--jsonl"],
            input=lines.encode(),
            env={**os.environ, "PYTHONHASHSEED": seed, "DATA_DIR": str(corpus_data_dir)},
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        outputs.append([{**one, "timings_ms": None} for one in answers])
    assert outputs[0] == outputs[1]
