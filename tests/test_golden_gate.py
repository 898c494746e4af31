"""Golden questions decide whether a generation is published."""

import json
from pathlib import Path

import pytest

from retrieval.errors import ReloadError
from retrieval.golden import complaint_about
from retrieval.index.generations import Generations, Golden
from retrieval.reload import ReloadResult
from tests.fakes import FakeEmbedder
from tests.small import make_reloader, write


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder / "apples.md", "果园的收成", "东山果园今年收了80吨苹果。果农们很高兴。")
    write(folder / "bridge.md", "新桥通车", "青龙河上的新桥昨天通车。新桥长320米。")
    write(folder / "library.md", "图书馆", "城北图书馆每天开放12小时。馆内有5万册书。")
    return folder


def ask(corpus: Path, *questions: tuple[str, str | None, list[list[str]]]) -> None:
    lines = [
        json.dumps({"id": str(number), "question": one, "article_id": name, "require": require})
        for number, (one, name, require) in enumerate(questions)
    ]
    (corpus / "golden.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


RIGHT = ("东山果园今年收了多少吨苹果?", "apples.md", [["80吨"]])
ALSO_RIGHT = ("城北图书馆每天开放多少小时?", "library.md", [["12小时"]])
WRONG = ("东山果园今年收了多少吨苹果?", "apples.md", [["81吨"]])


def reload(
    corpus: Path, *, force: bool = False, min_share: float = 0.5, max_drop: float = 0.1
) -> ReloadResult:
    reloader = make_reloader(
        corpus,
        corpus.parent / "data",
        FakeEmbedder(),
        golden_min_share=min_share,
        golden_max_drop=max_drop,
    )
    return reloader.reload(full=False, force=force, dry_run=False, progress=lambda _: None)


def test_a_collection_without_golden_questions_is_not_asked(corpus: Path) -> None:
    assert reload(corpus).golden is None


def test_the_results_are_told_and_kept_in_the_manifest(corpus: Path) -> None:
    ask(corpus, RIGHT, ALSO_RIGHT, WRONG)
    result = reload(corpus)
    assert result.golden == Golden(("0", "1"), ("2",))
    generations = Generations(corpus.parent / "data")
    assert generations.manifest(generations.require_live()).golden == result.golden


def test_too_small_a_share_is_not_published(corpus: Path) -> None:
    ask(corpus, RIGHT, WRONG, WRONG)
    with pytest.raises(ReloadError, match=r"1 of 3 .* GOLDEN_MIN_SHARE=0.5 .* Failed: 1, 2"):
        reload(corpus)
    assert Generations(corpus.parent / "data").live() is None
    assert list((corpus.parent / "data" / "generations").iterdir()) == []
    assert reload(corpus, force=True).golden == Golden(("0",), ("1", "2"))


def test_one_that_is_worse_than_the_live_one_is_not_published(corpus: Path) -> None:
    ask(corpus, RIGHT, ALSO_RIGHT)
    first = reload(corpus)
    write(corpus / "library.md", "图书馆", "城北图书馆关门了。")
    with pytest.raises(ReloadError, match=r"1 fewer than before .* GOLDEN_MAX_DROP=0.1"):
        reload(corpus, min_share=0.1)
    assert Generations(corpus.parent / "data").live() == first.generation
    assert reload(corpus, min_share=0.1, max_drop=0.5).changed == ("library.md",)


def test_new_questions_do_not_count_as_worse(corpus: Path) -> None:
    ask(corpus, RIGHT, ALSO_RIGHT)
    reload(corpus)
    ask(corpus, RIGHT, ALSO_RIGHT, WRONG)
    write(corpus / "bridge.md", "新桥通车", "青龙河上的新桥昨天通车。")
    assert reload(corpus).golden == Golden(("0", "1"), ("2",))


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'{"id": "x"}',
        b'{"id": "0", "question": "again?", "article_id": null, "require": []}',
        b'{"id": "y", "question": "  ", "article_id": null, "require": []}',
        b'{"id": "y", "question": "q", "article_id": 5, "require": []}',
        b'{"id": "y", "question": "q", "article_id": null, "require": [], "asked_at": "no day"}',
    ],
)
def test_a_line_that_is_no_question_is_reported_and_the_others_are_asked(
    corpus: Path, line: bytes
) -> None:
    ask(corpus, RIGHT)
    with (corpus / "golden.jsonl").open("ab") as stream:
        stream.write(line + b"\n")
    result = reload(corpus)
    assert [(one.file, one.line) for one in result.failed] == [("golden.jsonl", 2)]
    assert result.golden == Golden(("0",), ())


def test_a_broken_line_does_not_open_the_gate(corpus: Path) -> None:
    ask(corpus, RIGHT, ALSO_RIGHT)
    first = reload(corpus)
    with (corpus / "golden.jsonl").open("ab") as stream:
        stream.write(b"{\n")
    assert [one.line for one in reload(corpus).failed] == [3]  # told though nothing changed
    write(corpus / "bridge.md", "新桥通车", "青龙河上的新桥昨天通车。")
    with pytest.raises(ReloadError, match=r"golden.jsonl:3: not a golden question.*--force"):
        reload(corpus)
    assert Generations(corpus.parent / "data").live() == first.generation
    assert reload(corpus, force=True).golden == Golden(("0", "1"), ())


def test_a_golden_file_that_is_no_text_is_reported(corpus: Path) -> None:
    (corpus / "golden.jsonl").write_bytes(b"\xff\xfe\x00")
    result = reload(corpus)
    assert [one.reason for one in result.failed] == ["not UTF-8; save it in that encoding"]
    assert result.golden is None


@pytest.mark.parametrize(
    ("passed", "before", "fine"),
    [
        ("abcd", "abcd", True),
        ("abc", "abcd", False),
        ("abc", "abc", True),
        ("bcd", "abc", True),
        ("ab", "", True),
        ("", "", False),
    ],
)
def test_what_is_complained_about(passed: str, before: str, fine: bool) -> None:
    def results(right: str) -> Golden:
        return Golden(tuple(right), tuple(sorted(set("abcd") - set(right))))

    complaint = complaint_about(results(passed), results(before), min_share=0.25, max_drop=0.2)
    assert (complaint is None) == fine
