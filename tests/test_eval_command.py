"""`baoda eval` as people and programs use it, on small sets made for these tests."""

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bot.evaluating import CACHE, Request, evaluate
from bot.settings import Settings
from retrieval.cache import EmbeddingCache
from retrieval.embedding import LocalEmbedder
from retrieval.errors import BaodaError, EvaluationError
from retrieval.evaluation.asking import ask, collection_of, embedded_texts, fill_cache
from retrieval.evaluation.measures import Outcome, judge
from retrieval.evaluation.sets import Question, read_passages, read_set, read_sets
from tests.conftest import Baoda, environment
from tests.fakes import FakeEmbedder
from tests.small import reload

PASSAGES = [
    {
        "id": "lighthouse",
        "title": "白沙岛灯塔重新点亮",
        "text": "白沙岛灯塔上周重新点亮。灯塔高42米，建于1931年。守塔人说，夜里二十海里外看得见。",
        "date": "2024-05-06",
    },
    {
        "id": "market",
        "title": "青石镇早市搬家",
        "text": "青石镇早市搬到了河东。新市场有摊位316个，停车不收费。<b>菜价</b>没有涨。",
    },
    {
        "id": "library",
        "title": "流动书车进山村",
        "text": "三辆流动书车每周二进山。书车带去两千册图书，孩子们排队借阅。",
    },
]
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "q1",
        "question": "白沙岛灯塔高多少米?",
        "answers": ["42米"],
        "positive": ["lighthouse"],
        "kind": "single",
    },
    {
        "id": "q2",
        "question": "青石镇新市场有多少个摊位?",
        "answers": ["<i>999</i>个"],
        "positive": ["market"],
        "kind": "single",
    },
    {
        "id": "q3",
        "question": "海王星探测器哪天发射?",
        "answers": [],
        "positive": [],
        "kind": "unanswerable",
    },
]


def write_lines(path: Path, items: list[dict[str, Any]]) -> Path:
    lines = [json.dumps(item, ensure_ascii=False) for item in items]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture
def passages(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "pool.passages.jsonl", PASSAGES)


@pytest.fixture
def embedded(passages: Path, tmp_path: Path) -> Settings:
    """A data folder in which the passages are embedded already."""
    settings, embedder = Settings(data_dir=tmp_path / "embedded"), LocalEmbedder()
    with closing(EmbeddingCache(settings.data_dir / CACHE)) as cache:
        fill_cache(
            embedded_texts(read_passages(passages), embedder), embedder, cache, lambda _: None
        )
    return settings


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "harbour.dev.jsonl", QUESTIONS)


def asked(questions: list[Question], passages: Path, tmp_path: Path) -> list[Outcome]:
    embedder, cache = FakeEmbedder(), EmbeddingCache(tmp_path / "cache.sqlite3")
    with collection_of(read_passages(passages), embedder, cache, lambda _: None) as collections:
        outcomes = ask(questions, collections, embedder, lambda _: None, lambda _: None)
    cache.close()
    return outcomes


class Page(HTMLParser):
    """The text, the tags and the addresses of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.marked: list[str] = []
        self.addresses: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags[-1:] == ["mark"]:
            self.marked.append(data)


def test_the_command_prints_and_keeps_what_answers_were_worth(
    baoda: Baoda,
    questions: Path,
    passages: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, data_dir = tmp_path / "first", tmp_path / "data"
    command = ("eval", str(questions), "--articles", str(passages), "--out", str(out))
    finished = baoda(*command, DATA_DIR=data_dir)
    assert finished.returncode == 0, finished.stderr.decode()
    table = finished.stdout.decode()
    for label in ("hit@1", "nDCG@10", "MRR", "answer found", "verbatim quotes", "total p95, ms"):
        assert label in table
    assert "of the model" not in table
    assert "asking 3 of 3, 0 s left" in finished.stderr.decode()

    figures = json.loads((out / "figures.json").read_text("utf-8"))["sets"]["harbour"]
    assert (figures["answerable"], figures["unanswerable"]) == (2, 1)
    assert figures["hit_at_1"] == figures["verbatim"] == 1
    assert figures["answer_found"] == 0.5
    results = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    assert [one["id"] for one in results] == ["q1", "q2", "q3"]
    assert "confidence" not in results[0]["answer"]
    assert (data_dir / CACHE).is_file()
    assert not (data_dir / "generations").exists()

    page = Page(out / "report.html")
    assert "青石镇新市场有多少个摊位?" in page.text
    assert "<i>999</i>个" in page.text
    assert "<b>菜价</b>" in page.text
    assert "白沙岛灯塔高多少米?" not in page.text  # it is no failure
    assert "svg" in page.tags
    assert not [one for one in page.addresses if not one.startswith("#")]

    mended = [*QUESTIONS[:1], QUESTIONS[1] | {"answers": ["316个"]}, QUESTIONS[2]]
    write_lines(questions, mended)
    second = tmp_path / "second"
    request = Request((questions,), passages, second, out, None)
    evaluate(Settings(data_dir=data_dir), request, as_json=False)
    printed = capsys.readouterr().out
    assert "1.000 (+0.500)" in printed
    assert "1 became right, 0 became wrong" in printed
    assert "Right now, not before (1)" in Page(second / "report.html").text


def test_json_is_one_object_on_one_line(
    embedded: Settings,
    questions: Path,
    passages: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = Request((questions,), passages, tmp_path / "out", None, 1)
    evaluate(embedded, request, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert figures["sets"]["harbour"]["answerable"] == 1
    assert figures["sets"]["harbour"]["rightly_refused"] is None
    assert figures["limit"] == 1


@pytest.mark.long
def test_without_articles_the_live_index_is_asked_the_golden_questions(
    baoda: Baoda, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    write_lines(corpus / "articles.jsonl", PASSAGES)
    settings = {"CORPUS_DIR": corpus, "DATA_DIR": tmp_path / "data"}
    reload(corpus, tmp_path / "data", LocalEmbedder())
    asks = {"id": "g1", "question": "白沙岛灯塔高多少米?"}
    golden: list[dict[str, Any]] = [
        asks | {"article_id": "lighthouse", "require": [["42", "四十二"]]},
        {"id": "g2", "question": "海王星探测器哪天发射?", "article_id": None, "require": []},
    ]
    write_lines(corpus / "golden.jsonl", golden)
    headlines = [asks | {"article": "白沙岛灯塔重新点亮", "require": []}]
    page = write_lines(tmp_path / "page.dev.jsonl", headlines)
    earlier, out = tmp_path / "earlier", tmp_path / "out"
    earlier.mkdir()
    (earlier / "figures.json").write_text('{"sets": {}}')
    command = (
        "eval",
        str(page),
        "--golden",
        "--limit",
        "2",
        "--out",
        "out",
        "--against",
        "earlier",
    )
    finished = baoda(*command, "--json", **settings)
    assert finished.returncode == 0, finished.stderr.decode()
    (line,) = finished.stdout.decode().splitlines()
    figures = json.loads(line)
    assert figures["limit"] == 2
    sets = figures["sets"]
    assert list(sets) == ["page", "golden", "all"]
    assert sets["golden"]["hit_at_1"] == sets["golden"]["rightly_refused"] == 1
    assert sets["page"]["hit_at_1"] == 1
    assert sets["all"]["answerable"] == 2
    assert "compared with" in Page(out / "report.html").text


def test_an_articles_text_that_holds_the_answer_counts_where_links_are_silver(
    passages: Path, tmp_path: Path
) -> None:
    silver = QUESTIONS[0] | {"positive": ["library"], "link_score": 0.8}
    plain = QUESTIONS[0] | {"positive": ["library"], "id": "plain"}
    file = write_lines(tmp_path / "s.jsonl", [silver, plain])
    with_text, without = asked(read_set(file, "s"), passages, tmp_path)
    assert with_text.relevant == {"library", "lighthouse"}
    assert without.relevant == {"library"}


def test_a_long_list_of_missing_articles_is_looked_up_and_one_that_was_missed_is_kept(
    passages: Path, tmp_path: Path
) -> None:
    many = [f"gone-{number}" for number in range(1200)]
    lost, missed = QUESTIONS[0] | {"positive": many}, QUESTIONS[0] | {"id": "missed"}
    file = write_lines(tmp_path / "s.jsonl", [lost, missed])
    first, second = asked(read_set(file, "s"), passages, tmp_path)
    assert (first.relevant, first.missed) == (frozenset(), None)
    assert second.relevant == {"lighthouse"}
    assert judge(second).rank == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not valid JSON"),
        ("[1]", "not an object"),
        ('{"question": "问?", "positive": []}', "the field id is missing"),
        ('{"id": "a", "question": " ", "positive": []}', "the field question is missing"),
        ('{"id": "a", "question": "' + "长" * 2001 + '", "positive": []}', "2,001 characters"),
        ('{"id": "a", "question": "问?"}', "none of the fields positive, article"),
        ('{"id": "a", "question": "问?", "positive": ["b"], "kind": "single"}', "answers is empty"),
        ('{"id": "a", "question": "问?", "positive": "b"}', "does not hold lists of strings"),
        ('{"id": "a", "question": "问?", "article_id": 5}', "neither a string nor null"),
        ('{"id": "a", "question": "问?", "article_id": null, "asked_at": "soon"}', "asked_at"),
        ('{"id": "ok", "question": "问?", "positive": []}', "'ok' is already that of line 1"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "set.jsonl"
    good = '{"id": "ok", "question": "问?", "positive": []}\n\n'
    file.write_bytes((good + line).encode("utf-8", "surrogateescape"))
    with pytest.raises(EvaluationError, match=rf"set\.jsonl:3: .*{reason}"):
        read_set(file, "set")


def test_files_without_a_question_or_an_article_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(EvaluationError, match="there is no question in it"):
        read_set(empty, "empty")
    with pytest.raises(EvaluationError, match="there is no article in it"):
        read_passages(empty)
    with pytest.raises(EvaluationError, match="No such file"):
        read_set(tmp_path / "none.jsonl", "none")
    with pytest.raises(EvaluationError, match="no such file"):
        read_passages(tmp_path / "none.jsonl")
    with pytest.raises(EvaluationError, match="not a file"):
        read_passages(tmp_path)


def test_articles_with_a_wrong_line_or_the_same_id_are_refused(tmp_path: Path) -> None:
    wrong = write_lines(tmp_path / "wrong.jsonl", [PASSAGES[0], {"id": "b", "title": "无文"}])
    with pytest.raises(EvaluationError, match=r"wrong\.jsonl:2: the field text is missing"):
        read_passages(wrong)
    twice = write_lines(tmp_path / "twice.jsonl", [PASSAGES[0], PASSAGES[1], PASSAGES[0]])
    with pytest.raises(EvaluationError, match=r"twice\.jsonl:3: .*already that of line 1"):
        read_passages(twice)


def test_ids_are_kept_apart_by_file(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = write_lines(tmp_path / "a.dev.jsonl", QUESTIONS)
    second = write_lines(tmp_path / "other" / "a.dev.jsonl", QUESTIONS)
    read = read_sets([first, second], limit=2)
    assert [(one.set, one.id) for one in read] == [
        ("a", "q1"), ("a", "q2"), ("a-2", "q1"), ("a-2", "q2"),
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="given twice"):
        read_sets([first, first])


def test_folders_that_cannot_be_used_are_named_before_anything_is_asked(
    questions: Path, passages: Path, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(EvaluationError, match="is a file"):
        evaluate(settings, Request((questions,), passages, file, None, None), as_json=False)
    out = tmp_path / "out"
    with pytest.raises(EvaluationError, match=r"there is no figures\.json"):
        evaluate(settings, Request((questions,), passages, out, tmp_path, None), as_json=False)
    (tmp_path / "figures.json").write_text("[]")
    with pytest.raises(EvaluationError, match="does not hold the figures"):
        evaluate(settings, Request((questions,), passages, out, tmp_path, None), as_json=False)
    with pytest.raises(BaodaError, match="baoda reload"):
        evaluate(settings, Request((questions,), None, out, None, None), as_json=False)


def test_the_missing_extra_is_named(
    questions: Path, passages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    request = Request((questions,), passages, tmp_path / "out", None, None)
    with pytest.raises(EvaluationError, match=r"pip install baoda\[eval\]"):
        evaluate(Settings(data_dir=tmp_path / "data"), request, as_json=False)


def test_questions_whose_article_is_not_there_are_told_of(
    embedded: Settings, passages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [QUESTIONS[0], QUESTIONS[1] | {"positive": ["gone"]}]
    questions = write_lines(tmp_path / "harbour.jsonl", items)
    evaluate(embedded, Request((questions,), passages, tmp_path / "out", None, None), as_json=False)
    told = capsys.readouterr().err
    assert "harbour: of 1 of 2 answerable questions no article is" in told
    figures = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))
    assert figures["sets"]["harbour"]["without_article"] == 1


def test_wrong_use_is_told_apart_from_wrong_files(baoda: Baoda, tmp_path: Path) -> None:
    assert baoda("eval", "--out", "x").returncode == 2
    assert baoda("eval", "--golden").returncode == 2
    finished = baoda("eval", str(tmp_path / "none.jsonl"), "--out", "x")
    assert finished.returncode == 1
    assert finished.stderr.decode().splitlines()[-1].startswith("baoda: ")


def test_what_was_asked_is_kept_when_it_is_stopped(
    embedded: Settings, questions: Path, passages: Path, tmp_path: Path
) -> None:
    many = [QUESTIONS[0] | {"id": f"q{number}"} for number in range(2000)]
    write_lines(questions, many)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "eval", str(questions), "--articles", str(passages),
         "--out", str(out)],
        env=environment(DATA_DIR=embedded.data_dir, TMPDIR=tmp_path),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    results = out / "results.jsonl"
    deadline = time.monotonic() + 60
    while not (results.is_file() and results.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors.decode()
    last = errors.decode().splitlines()[-1]
    assert last.startswith("baoda: stopped: ")
    assert len(results.read_text("utf-8").splitlines()) == int(last.split()[2])
    assert not (out / "figures.json").exists()
    assert not list(tmp_path.glob("baoda-*"))
