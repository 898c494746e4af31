"""`baoda eval` with chat models of three characters, over HTTP, on the shipped golden questions."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.evaluating import Request, evaluate
from bot.settings import Settings
from retrieval.evaluation.measures import bare, without_marks
from tests.conftest import CORPUS, environment
from tests.model_server import CHAT, Reply, StubModelServer
from tests.personas import Lying, faithful, lazy

ASKED = 58
TOKENS_READ, TOKENS_WRITTEN = 11, 7
"""Of each of the stub's answers."""

ROWS = (
    "answers of the model",
    "fallbacks",
    "sentences withheld",
    "  of all its sentences",
    "tokens read",
    "tokens written",
    "cost",
)


@dataclass(frozen=True)
class Run:
    """What `baoda eval` left behind."""

    table: list[str]
    figures: dict[str, Any]
    results: list[dict[str, Any]]
    report: str
    calls: int
    """Requests to the chat model."""

    @property
    def of_model(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.figures["sets"]["golden"]["model"]
        return figures

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [one["answer"] for one in self.results]


Model = Callable[[dict[str, Any]], str | Reply]
Evaluated = Callable[..., Run]


@pytest.fixture(scope="module")
def evaluated(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Runs the command with a model of this character, and settings."""

    def run(model: Model, **settings: object) -> Run:
        folder = tmp_path_factory.mktemp("evaluated")
        with StubModelServer() as server:
            server.respond_with(model)
            finished = subprocess.run(
                [sys.executable, "-m", "bot", "eval", "--golden", "--limit", str(ASKED),
                 "--out", "out"],
                env=environment(
                    CORPUS_DIR=CORPUS, DATA_DIR=corpus_data_dir, CHAT_MODEL="stub-model",
                    OPENAI_BASE_URL=server.base_url, **settings,
                ),
                cwd=folder,
                capture_output=True,
                timeout=120,
                check=False,
            )  # fmt: skip
            calls = sum(request.path == CHAT for request in server.requests)
        assert finished.returncode == 0, finished.stderr.decode()
        out = folder / "out"
        return Run(
            finished.stdout.decode().splitlines(),
            json.loads((out / "figures.json").read_text("utf-8")),
            [json.loads(line) for line in (out / "results.jsonl").read_text("utf-8").splitlines()],
            (out / "report.html").read_text("utf-8"),
            calls,
        )

    return run


@pytest.fixture(scope="module")
def of_faithful(evaluated: Evaluated) -> Run:
    return evaluated(faithful, CHAT_INPUT_PRICE=2, CHAT_OUTPUT_PRICE=8)


@pytest.fixture(scope="module")
def of_lazy(evaluated: Evaluated) -> Run:
    return evaluated(lazy)


@pytest.fixture(scope="module")
def liar() -> Lying:
    return Lying("\n".join(path.read_text("utf-8") for path in sorted(CORPUS.glob("*.md"))))


@pytest.fixture(scope="module")
def of_liar(evaluated: Evaluated, liar: Lying) -> Run:
    return evaluated(liar)


def value(run: Run, label: str) -> str:
    """The cell of the row that begins with a label."""
    (row,) = [line for line in run.table if line.startswith(f"{label}  ")]
    return row.split()[-1]


def written(run: Run) -> list[dict[str, Any]]:
    """Results of the answerable questions that the model was asked."""
    return [one for one in run.results if one["usage"]["prompt_tokens"] and one["expected"]]


def cited(run: Run) -> int:
    """Answers of the model that say something, each line of it with its marks."""
    told = [one for one in run.answers if one["mode"] == "llm" and not one["refused"]]
    assert all(line.endswith("]") for one in told for line in one["answer"].splitlines())
    assert all(one["citations"] for one in told)
    return len(told)


def reached(run: Run, lies: list[str]) -> list[str]:
    """The lies that stand in an answer."""
    texts = [bare(without_marks(one["answer"])) for one in run.answers]
    return [lie for lie in lies if any(bare(lie) in text for text in texts)]


@pytest.mark.long
def test_the_table_tells_what_the_model_did_and_took(
    of_faithful: Run, tell: Callable[[str], None]
) -> None:
    for label in ("hit@1", *ROWS):
        assert value(of_faithful, label) != "-"
    use = of_faithful.of_model
    assert value(of_faithful, "answers of the model") == f"{use['written']:.3f}"
    assert use["tokens_read"] == TOKENS_READ * of_faithful.calls
    assert use["tokens_written"] == TOKENS_WRITTEN * of_faithful.calls
    assert use["tokens_read_mean"] == use["tokens_read"] / ASKED
    cost = of_faithful.calls * (TOKENS_READ * 2 + TOKENS_WRITTEN * 8) / 1_000_000
    assert use["cost"] == pytest.approx(cost)
    assert use["cost_mean"] == pytest.approx(cost / ASKED)
    assert of_faithful.figures["chat_model"] == "stub-model"
    assert "chat model: stub-model" in of_faithful.report
    assert of_faithful.figures["sets"]["golden"]["milliseconds"]["write"]["p50"] > 0
    tell(f"baoda eval, faithful: {of_faithful.of_model}")


@pytest.mark.long
def test_cost_is_left_open_without_prices(of_lazy: Run) -> None:
    assert value(of_lazy, "cost") == "-"
    assert of_lazy.of_model["cost"] is None


def test_what_each_question_took_is_kept_beside_its_answer(of_liar: Run) -> None:
    asked = [one for one in of_liar.results if one["usage"]["prompt_tokens"]]
    assert len(asked) == of_liar.calls
    assert sum(one["withheld"] for one in asked) == of_liar.of_model["withheld"] > 0
    for one in of_liar.results:
        assert bool(one["fault"]) == (one["answer"]["mode"] == "fallback")
        assert set(one["answer"]) == {
            "id", "question", "answer", "refused", "mode", "citations", "passages", "nearest",
            "timings_ms",
        }  # fmt: skip


@pytest.mark.long
def test_a_faithful_model_writes_the_answers(of_faithful: Run) -> None:
    asked = written(of_faithful)
    assert len(asked) >= ASKED / 2
    told = [one for one in asked if one["answer"]["mode"] == "llm"]
    assert len(told) / len(asked) >= 0.8
    assert cited(of_faithful) >= 0.8 * len(asked)
    assert of_faithful.of_model["withheld_share"] <= 0.05


@pytest.mark.long
def test_a_lazy_models_answers_are_cited_all_the_same(
    of_lazy: Run, tell: Callable[[str], None]
) -> None:
    assert cited(of_lazy) >= 0.8 * len(written(of_lazy))
    tell(f"baoda eval, lazy: {of_lazy.of_model}")


def test_no_altered_figure_reaches_a_reader(
    of_liar: Run, liar: Lying, tell: Callable[[str], None]
) -> None:
    assert len(liar.figures) >= 20
    assert reached(of_liar, liar.figures) == []
    tell(f"baoda eval, lying: {of_liar.of_model}; {len(liar.figures)} figures altered, none passed")


def test_of_twenty_denials_of_what_is_so_at_most_one_reaches_a_reader(
    of_liar: Run, liar: Lying, tell: Callable[[str], None]
) -> None:
    denials = sorted(set(liar.denials))
    assert len(denials) >= 20
    passed = reached(of_liar, denials)
    tell(f"baoda eval, lying: {len(denials)} denials, passed: {passed}")
    assert len(passed) <= len(denials) / 20


def test_a_liar_is_quoted_over(of_liar: Run) -> None:
    lied = [one for one in of_liar.results if one["withheld"]]
    assert lied
    assert all(one["answer"]["mode"] in ("fallback", "llm") for one in lied)
    assert all(one["answer"]["citations"] for one in lied)
    assert int(value(of_liar, "fallbacks")) == of_liar.of_model["fallbacks"] > 0


def test_the_report_tells_of_every_failure_what_the_model_did(of_liar: Run) -> None:
    failed = [one for one in of_liar.results if one["verdict"]["failure"]]
    asked = [one for one in failed if one["usage"]["prompt_tokens"]]
    assert 0 < len(asked) < len(failed)
    assert of_liar.report.count(f"; {TOKENS_READ} + {TOKENS_WRITTEN} tokens<") == len(asked)
    assert all(f"fallback: {one['fault']};" in of_liar.report for one in asked if one["fault"])


def test_a_model_that_is_left_alone_is_told_of_and_the_run_goes_on(
    server: StubModelServer,
    corpus_data_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.respond_with(lambda _: Reply("no such key", status=401))
    settings = Settings(
        data_dir=corpus_data_dir, openai_base_url=server.base_url, chat_model="stub-model"
    )
    request = Request((CORPUS / "golden.jsonl",), None, tmp_path / "out", None, 8)
    evaluate(settings, request, as_json=True)
    printed = capsys.readouterr()
    told = [line for line in printed.err.splitlines() if "is left alone" in line]
    assert len(told) == 1
    assert told[0].startswith("golden dc-04: ")
    use = json.loads(printed.out)["sets"]["golden"]["model"]
    assert (use["fallbacks"], use["written"], use["withheld_share"]) == (8, 0, None)
    assert len(server.requests) == 3
