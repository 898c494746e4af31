"""The commands as other programs use them: output, exit status, errors."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from retrieval.embedding import LocalEmbedder
from retrieval.index.generations import Generations
from tests.conftest import CORPUS, Baoda, environment
from tests.e2e.bot_api import TOKEN, EmulatedBotApi
from tests.small import reload, stored

QUESTION = "东城区选派了多少名干部担任社区专员?"
TINY = """---
title: 小镇来信
byline: 记者 王一
date: 2025-03-05
---

小镇图书馆新添了320册图书。
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "letter.md").write_text(TINY, "utf-8")
    return folder


@pytest.fixture(scope="module")
def answered(
    corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[bytes]:
    """What `baoda ask QUESTION --json` did; several tests look at it."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "ask", QUESTION, "--json"],
        env=environment(DATA_DIR=corpus_data_dir),
        cwd=tmp_path_factory.mktemp("answered"),
        capture_output=True,
        timeout=120,
        check=False,
    )


def index(corpus: Path, folder: Path) -> str:
    """The id of a generation that is built anew in the default data folder, in this process."""
    result = reload(corpus, folder / ".baoda", LocalEmbedder(), full=True)
    assert result.generation is not None
    return result.generation


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.decode("utf-8").splitlines()]


def error_lines(output: bytes) -> list[str]:
    return output.decode("utf-8").splitlines()


def test_ask_prints_one_object_with_the_fields_of_the_contract(
    answered: subprocess.CompletedProcess[bytes],
) -> None:
    assert answered.returncode == 0
    (answer,) = lines(answered.stdout)
    assert list(answer) == [
        "id",
        "question",
        "answer",
        "refused",
        "mode",
        "citations",
        "passages",
        "nearest",
        "timings_ms",
    ]
    assert (answer["id"], answer["question"], answer["mode"]) == (None, QUESTION, "extractive")
    assert "150名" in answer["answer"]
    citation = answer["citations"][0]
    assert list(citation) == [
        "number",
        "article_id",
        "title",
        "byline",
        "date",
        "source",
        "field",
        "start",
        "end",
        "quote",
    ]
    assert list(answer["passages"][0]) == ["article_id", "chunk_id", "start", "end", "score"]
    assert len(answer["passages"]) == 10
    assert list(answer["timings_ms"]) == ["retrieve", "write", "check", "total"]


def test_a_citation_opens_at_its_words(
    baoda: Baoda, answered: subprocess.CompletedProcess[bytes], corpus_data_dir: Path
) -> None:
    citation = lines(answered.stdout)[0]["citations"][0]
    shown = baoda("show", citation["article_id"], "--json", DATA_DIR=corpus_data_dir)
    article = lines(shown.stdout)[0]
    assert list(article) == [
        "id",
        "title",
        "text",
        "kicker",
        "byline",
        "column",
        "date",
        "source",
        "page",
        "url",
    ]
    assert article[citation["field"]][citation["start"] : citation["end"]] == citation["quote"]


def test_ask_for_a_person_ends_with_the_sources(baoda: Baoda, corpus_data_dir: Path) -> None:
    output = baoda("ask", QUESTION, DATA_DIR=corpus_data_dir).stdout.decode()
    assert "150名" in output
    assert "[1] 基层党建活力是这样激发的 · 本报记者 赖志凯" in output


def test_a_refusal_is_an_ordinary_answer(baoda: Baoda, corpus_data_dir: Path) -> None:
    finished = baoda("ask", "月球的直径是多少公里?", "--json", DATA_DIR=corpus_data_dir)
    (answer,) = lines(finished.stdout)
    assert finished.returncode == 0
    assert answer["refused"] is True
    assert len(answer["nearest"]) == 3
    assert list(answer["nearest"][0]) == ["article_id", "title", "date"]


HOSTILE_LINES = [
    (b'{"id": 1, "question": ' + json.dumps(QUESTION).encode() + b"}", "answer"),
    (b"not json", "error"),
    (b"[1, 2]", "error"),
    (b'{"id": "no question"}', "error"),
    (b'{"id": "number", "question": 7}', "error"),
    (b'{"id": "empty", "question": ""}', "error"),
    (b'{"id": "blank", "question": " \\n\\u3000 "}', "error"),
    (b'{"id": "nul only", "question": "\\u0000"}', "error"),
    (json.dumps({"id": "2000", "question": "问" * 2000}).encode(), "answer"),
    (json.dumps({"id": "2001", "question": "问" * 2001}).encode(), "error"),
    (json.dumps({"id": "2000 trimmed", "question": " " * 9 + "问" * 2000}).encode(), "answer"),
    ('{"id": "emoji", "question": "😀👨‍👩‍👧🇨🇳"}'.encode(), "answer"),
    (b'{"id": "surrogate", "question": "\\ud800 \\u4e1c\\u57ce\\u533a"}', "answer"),
    (b'{"id": "\\ud800", "question": "\\u4e1c\\u57ce\\u533a?"}', "answer"),
    (b'{"id": "nul", "question": "\\u4e1c\\u57ce\\u0000\\u533a?"}', "answer"),
    (b'{"id": "raw bytes", "question": "\xff\xfe"}', "error"),
    (b'{"id": "date", "question": "\\u4e1c\\u57ce?", "asked_at": "2025-02-30"}', "error"),
    (b'{"id": "day", "question": "\\u4e1c\\u57ce?", "asked_at": "2025-02-28"}', "answer"),
    (b'{"id": "marks", "question": "[1] [99999999999999999999] \\u4e1c\\u57ce?"}', "answer"),
    (b'{"id": {"a": [1]}, "question": "<b>&amp; {question} %s \\\\ \'\\""}', "answer"),
    (b"[" * 100_000, "error"),
    (b'{"id": "long", "question": "' + b"a" * 1_100_000 + b'"}', "error"),
    (b'\xef\xbb\xbf{"id": "bom", "question": "\\u4e1c\\u57ce?"}', "error"),
]


def test_every_line_gets_an_answer_or_an_error_in_order(
    baoda: Baoda, corpus_data_dir: Path
) -> None:
    stdin = b"\n \n".join(line for line, _ in HOSTILE_LINES)
    finished = baoda("ask", "--jsonl", stdin=stdin, DATA_DIR=corpus_data_dir)
    assert finished.returncode == 0
    assert b"Traceback" not in finished.stderr
    results = lines(finished.stdout)
    assert len(results) == len(HOSTILE_LINES)
    for (line, expected), result in zip(HOSTILE_LINES, results, strict=True):
        assert expected in result, (line[:80], result)
        if expected == "error":
            assert list(result) == ["id", "error"]
        assert result["id"] == readable_id(line)


def readable_id(line: bytes) -> object:
    try:
        fields = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    long = len(line) > 1_000_000
    return fields.get("id") if isinstance(fields, dict) and not long else None


def test_each_line_is_answered_before_the_next_is_read(corpus_data_dir: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", "--jsonl"],
        env=environment(DATA_DIR=corpus_data_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(2):
            line = json.dumps({"id": number, "question": QUESTION}) + "\n"
            process.stdin.write(line.encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
    assert process.returncode == 0


def test_a_reader_that_goes_away_is_no_traceback(corpus_data_dir: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", "--jsonl"],
        env=environment(DATA_DIR=corpus_data_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(
        b"\n".join(json.dumps({"question": QUESTION}).encode() for _ in range(3))
    )
    assert process.returncode == 1
    assert b"Traceback" not in errors


@pytest.mark.long
def test_four_processes_ask_at_once_and_the_index_stays_whole(
    baoda: Baoda, corpus_data_dir: Path
) -> None:
    def ask(_: int) -> subprocess.CompletedProcess[bytes]:
        stdin = b"\n".join(json.dumps({"question": QUESTION}).encode() for _ in range(5))
        return baoda("ask", "--jsonl", stdin=stdin, DATA_DIR=corpus_data_dir)

    with ThreadPoolExecutor(4) as pool:
        for finished in pool.map(ask, range(4)):
            assert finished.returncode == 0
            assert ["150名" in one["answer"] for one in lines(finished.stdout)] == [True] * 5
    assert len(stored(corpus_data_dir)) == 8


def test_ask_without_an_index_names_the_command_that_makes_one(baoda: Baoda) -> None:
    for arguments in (("ask", "谁?"), ("ask", "--jsonl"), ("show", "x.md")):
        finished = baoda(*arguments, stdin=b'{"question": "x"}')
        assert finished.returncode == 1
        assert finished.stdout == b""
        (line,) = error_lines(finished.stderr)
        assert "baoda reload" in line


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ask",),
        ("ask", ""),
        ("ask", "谁?", "--jsonl"),
        ("ask", "   "),
        ("ask", "问" * 2001),
        ("nonsense",),
        ("reload", "--nonsense"),
        ("reload", "--progress", "loud"),
        ("show",),
    ],
)
def test_wrong_use_has_exit_status_2(
    baoda: Baoda, corpus_data_dir: Path, arguments: tuple[str, ...]
) -> None:
    finished = baoda(*arguments, DATA_DIR=corpus_data_dir)
    assert finished.returncode == 2
    assert b"Traceback" not in finished.stderr
    if arguments:
        assert finished.stdout == b""


@pytest.mark.parametrize("command", ["run", "chat", "ask", "reload", "status", "show"])
def test_a_wrong_setting_is_one_line_and_exit_status_2(baoda: Baoda, command: str) -> None:
    arguments = (command, "x") if command in ("ask", "show") else (command,)
    finished = baoda(*arguments, CHAT_TIMEOUT_SECONDS="soon")
    assert finished.returncode == 2
    (line,) = error_lines(finished.stderr)
    assert line.startswith("baoda: CHAT_TIMEOUT_SECONDS: ")


def test_each_wrong_setting_has_a_line(baoda: Baoda) -> None:
    finished = baoda("status", CHAT_TIMEOUT_SECONDS="soon", TIMEZONE="Mars", LOG_LEVEL="LOUD")
    names = [line.split(":")[1].strip() for line in error_lines(finished.stderr)]
    assert sorted(names) == ["CHAT_TIMEOUT_SECONDS", "LOG_LEVEL", "TIMEZONE"]


def test_a_damaged_index_is_no_answer(baoda: Baoda, corpus_data_dir: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(corpus_data_dir, data_dir)
    for path in data_dir.glob("generations/*/sentences.npy"):
        path.unlink()
    for arguments in (("ask", "--jsonl"), ("ask", "谁?")):
        line = json.dumps({"question": QUESTION})
        finished = baoda(*arguments, stdin=line.encode(), DATA_DIR=data_dir)
        assert (finished.returncode, finished.stdout) == (1, b"")
        assert "run `baoda reload`" in error_lines(finished.stderr)[-1]


def test_a_damaged_index_is_rebuilt_by_run(baoda: Baoda, tiny: Path, tmp_path: Path) -> None:
    index(tiny, tmp_path)
    for path in tmp_path.glob(".baoda/generations/*/sentences.npy"):
        path.write_bytes(b"garbage")
    stdin = "小镇图书馆添了多少册图书?\n".encode()
    finished = baoda("run", stdin=stdin, CORPUS_DIR=tiny)
    assert finished.returncode == 0
    assert "was set aside and there is none before it" in finished.stderr.decode()
    assert len(finished.stdout.splitlines()) == 1
    assert not list(tmp_path.glob(".baoda/generations/*.damaged"))


@pytest.mark.long
def test_a_damaged_index_gives_way_to_the_one_before_it(
    baoda: Baoda, tiny: Path, tmp_path: Path
) -> None:
    first, second = index(tiny, tmp_path), index(tiny, tmp_path)
    damaged = tmp_path / ".baoda" / "generations" / second
    shutil.rmtree(damaged / "bm25")
    for _ in range(2):
        finished = baoda("ask", "小镇图书馆添了多少册图书?", CORPUS_DIR=tiny)
        assert finished.returncode == 0
        assert finished.stdout
    assert Generations(tmp_path / ".baoda").live() == first
    (third,) = lines(baoda("reload", "--json", CORPUS_DIR=tiny).stdout)
    assert third["previous"] == first


@pytest.mark.long
def test_rollback_prints_what_is_live_and_what_was(
    baoda: Baoda, tiny: Path, tmp_path: Path
) -> None:
    assert baoda("rollback", "--json", CORPUS_DIR=tiny).returncode == 1
    first = index(tiny, tmp_path)
    finished = baoda("rollback", CORPUS_DIR=tiny)
    assert finished.returncode == 1
    assert error_lines(finished.stderr) == ["baoda: there is no generation before the live one"]
    second = index(tiny, tmp_path)
    (back,) = lines(baoda("rollback", "--json", CORPUS_DIR=tiny).stdout)
    assert back == {"generation": first, "previous": second}
    (report,) = lines(baoda("status", "--json", CORPUS_DIR=tiny).stdout)
    assert report["live"]["id"] == first
    assert [one["id"] for one in report["kept"]] == [second]
    assert report["watching_paused"] is True
    assert report["kept"][0]["bytes"] > 10_000
    finished = baoda("rollback", second, CORPUS_DIR=tiny)
    assert finished.stdout.decode().startswith(f"{second} is live again")
    assert baoda("rollback", "nothing", CORPUS_DIR=tiny).returncode == 1


def test_show_of_an_unknown_article_is_one_line(baoda: Baoda, corpus_data_dir: Path) -> None:
    finished = baoda("show", "nothing.md", DATA_DIR=corpus_data_dir)
    assert finished.returncode == 1
    assert error_lines(finished.stderr) == ["baoda: no article has the id 'nothing.md'"]


def test_questions_from_a_pipe_get_a_line_each_and_nothing_else(
    baoda: Baoda, corpus_data_dir: Path
) -> None:
    questions = f"{QUESTION}\n\n月球的直径是多少公里?\n{'问' * 2001}\n“正阳先锋”寓意是什么"
    finished = baoda("run", stdin=questions.encode(), DATA_DIR=corpus_data_dir)
    assert finished.returncode == 0
    answers = finished.stdout.decode().splitlines()
    assert len(answers) == 4
    assert "150名" in answers[0]
    assert "没有" in answers[1]
    assert "2,001" in answers[2]
    assert "守正创新" in answers[3]
    assert "No TELEGRAM_BOT_TOKEN is set" in finished.stderr.decode()


def test_run_indexes_first_when_there_is_no_index(baoda: Baoda, tiny: Path, tmp_path: Path) -> None:
    stdin = "小镇图书馆添了多少册图书?\n".encode()
    finished = baoda("run", stdin=stdin, CORPUS_DIR=tiny, DATA_DIR=tmp_path / "data")
    assert finished.stdout.decode() == "小镇图书馆新添了320册图书。[1]\n"
    assert "Indexing the articles first" in finished.stderr.decode()


def test_run_without_articles_is_a_clear_line(baoda: Baoda, tmp_path: Path) -> None:
    finished = baoda("run", CORPUS_DIR=tmp_path / "nowhere")
    assert finished.returncode == 1
    assert "no folder of articles at" in finished.stderr.decode()
    assert b"Traceback" not in finished.stderr


def test_output_is_utf8_whatever_the_locale(corpus_data_dir: Path) -> None:
    variables = environment(DATA_DIR=corpus_data_dir) | {"LC_ALL": "C", "PYTHONUTF8": "0"}
    variables["PYTHONIOENCODING"] = "ascii"
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "ask", QUESTION],
        env=variables,
        capture_output=True,
        check=True,
    )
    assert "150名" in finished.stdout.decode("utf-8")


def test_reload_prints_the_object_of_the_contract(baoda: Baoda, tiny: Path) -> None:
    (tiny / "broken.md").write_text("---\ntitle: [\n---\n字", "utf-8")
    first = baoda("reload", "--json", CORPUS_DIR=tiny)
    assert first.returncode == 0
    (result,) = lines(first.stdout)
    assert list(result) == [
        "generation",
        "previous",
        "added",
        "changed",
        "removed",
        "unchanged",
        "failed",
        "articles",
        "chunks",
        "embedded",
        "seconds",
        "golden",
    ]
    assert result["added"] == ["letter.md"]
    assert list(result["failed"][0]) == ["file", "line", "reason"]
    (second,) = lines(baoda("reload", "--json", CORPUS_DIR=tiny).stdout)
    assert second["generation"] == second["previous"] == result["generation"]
    assert (second["unchanged"], second["embedded"]) == (1, 0)


def test_reload_tells_how_far_it_is_as_json_lines(baoda: Baoda, tiny: Path) -> None:
    finished = baoda("reload", "--progress", "json", "--corpus", str(tiny))
    steps = [json.loads(line) for line in error_lines(finished.stderr)]
    assert list(dict.fromkeys(step["phase"] for step in steps)) == [
        "read",
        "chunk",
        "embed",
        "check",
    ]


def test_a_dry_run_changes_nothing(baoda: Baoda, tiny: Path, tmp_path: Path) -> None:
    finished = baoda("reload", "--dry-run", CORPUS_DIR=tiny)
    assert "would be: 1 added" in finished.stdout.decode()
    assert not (tmp_path / ".baoda" / "CURRENT").exists()


def test_status_says_what_is_indexed(baoda: Baoda, corpus_data_dir: Path) -> None:
    (report,) = lines(baoda("status", "--json", DATA_DIR=corpus_data_dir).stdout)
    assert report["live"]["articles"] == 8
    assert report["usable"] is True
    assert report["chat_model"] is None
    text = baoda("status", DATA_DIR=corpus_data_dir).stdout.decode()
    assert "8 articles in " in text
    assert "none yet" in baoda("status").stdout.decode()


def test_links_that_lead_in_a_circle_are_told_of_in_one_line(baoda: Baoda, tmp_path: Path) -> None:
    for name in ("articles", "questions.jsonl"):
        (tmp_path / name).symlink_to(name)
    (tmp_path / "page.txt").write_text("新桥通车\n\n新桥三月四日通车。\n", "utf-8")
    assert baoda("status", CORPUS_DIR="articles").returncode == 0
    assert baoda("split", "page.txt", CORPUS_DIR="articles").returncode == 0
    finished = baoda("eval", "questions.jsonl", "--out", "results")
    assert finished.returncode == 1
    (line,) = finished.stderr.decode().splitlines()
    assert line.startswith("baoda: questions.jsonl")


def test_doctor_finds_nothing_wrong_with_a_whole_installation(
    baoda: Baoda, corpus_data_dir: Path
) -> None:
    finished = baoda("doctor", DATA_DIR=corpus_data_dir, CORPUS_DIR=CORPUS)
    output = finished.stdout.decode()
    assert finished.returncode == 0, output
    for check in "settings disk articles index conversations".split():
        assert f" {check}: " in output
    for check in ("embedding model", "chat model"):
        assert f" {check}: " in output


@pytest.mark.parametrize(
    ("settings", "check", "advice"),
    [
        ({"TIMEZONE": "Mars/Base"}, "settings", "correct it"),
        ({"CHAT_MODEL": "nobody:m"}, "chat model", "correct it"),
        ({"CORPUS_DIR": "nowhere"}, "articles", "CORPUS_DIR"),
        ({"DATA_DIR": "/proc/nothing"}, "disk", "DATA_DIR"),
        ({"DATA_DIR": "empty"}, "index", "baoda reload"),
        pytest.param(
            {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
            "chat model",
            "OPENAI_BASE_URL",
            marks=pytest.mark.long,
        ),
        (
            {"EMBEDDING_MODEL": "bge-m3", "EMBEDDING_BASE_URL": "http://127.0.0.1:9/v1"},
            "embedding model",
            "EMBEDDING_BASE_URL",
        ),
        (
            {"TELEGRAM_BOT_TOKEN": "1:PLANTED", "TELEGRAM_API_BASE_URL": "http://127.0.0.1:9"},
            "telegram",
            "TELEGRAM_API_BASE_URL",
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_doctor_says_what_to_do(
    baoda: Baoda, corpus_data_dir: Path, settings: dict[str, str], check: str, advice: str
) -> None:
    whole: dict[str, object] = {"DATA_DIR": corpus_data_dir, "CORPUS_DIR": CORPUS}
    finished = baoda("doctor", "--json", **(whole | settings))
    assert finished.returncode == 1
    (report,) = lines(finished.stdout)
    problems = {one["check"]: one for one in report["findings"] if one["state"] == "problem"}
    assert advice in problems[check]["advice"]
    assert b"PLANTED" not in finished.stdout + finished.stderr
    assert b"Traceback" not in finished.stderr


def test_doctor_says_what_botfather_has_to_be_told(baoda: Baoda, corpus_data_dir: Path) -> None:
    with EmulatedBotApi() as api:
        api.privacy_mode = True
        finished = baoda(
            "doctor",
            "--json",
            DATA_DIR=corpus_data_dir,
            CORPUS_DIR=CORPUS,
            TELEGRAM_BOT_TOKEN=TOKEN,
            TELEGRAM_API_BASE_URL=api.base_url,
            TELEGRAM_ADMIN_IDS=1,
        )
    (report,) = lines(finished.stdout)
    (found,) = (one for one in report["findings"] if one["check"] == "telegram")
    assert (finished.returncode, found["state"]) == (0, "note")
    assert "/setprivacy" in found["advice"]


@pytest.mark.long
def test_doctor_notices_a_damaged_index(
    baoda: Baoda, corpus_data_dir: Path, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(corpus_data_dir, data_dir)
    for header in data_dir.glob("generations/*/bm25/data.csc.index.npy"):
        header.write_bytes(b"")
    (report,) = lines(baoda("doctor", "--json", DATA_DIR=data_dir, CORPUS_DIR=CORPUS).stdout)
    index = next(one for one in report["findings"] if one["check"] == "index")
    assert (index["state"], index["advice"]) == ("problem", "run `baoda reload --full`")
    asked = baoda("ask", QUESTION, DATA_DIR=data_dir)
    assert asked.returncode == 1
    assert b"Traceback" not in asked.stderr


def test_help_needs_no_settings(baoda: Baoda) -> None:
    finished = baoda("--help", CHAT_TIMEOUT_SECONDS="soon")
    assert finished.returncode == 0
    commands = "run chat ask show reload rollback status split backup restore doctor".split()
    for command in commands:
        assert command in finished.stdout.decode()
    assert "builder" not in finished.stdout.decode()


def test_the_environment_of_this_test_run_is_not_inherited() -> None:
    assert set(environment()) <= set(os.environ)
    assert not {"OPENAI_API_KEY", "TELEGRAM_BOT_TOKEN"} & set(environment())
