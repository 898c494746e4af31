"""WATCH_SECONDS: a running front answers from the folder as it is."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.index.generations import Generations
from tests.conftest import environment
from tests.small import write

Baoda = Callable[..., subprocess.CompletedProcess[bytes]]
SECONDS = 120


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder / "library.md", "图书馆", "城北图书馆每天开放12小时。")
    write(folder / "bridge.md", "新桥", "青龙河上的新桥昨天通车。新桥的两头各有一个花园。")
    return folder


@pytest.fixture
def chat(tmp_path: Path, corpus: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`baoda chat` with its input from a pipe, looking at the folder every second."""
    settings = environment(CORPUS_DIR=corpus, DATA_DIR=tmp_path / "data", WATCH_SECONDS=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        env=settings,
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def answer(chat: subprocess.Popen[bytes], question: str) -> str:
    assert chat.stdin is not None
    assert chat.stdout is not None
    chat.stdin.write(question.encode() + b"\n")
    chat.stdin.flush()
    return chat.stdout.readline().decode()


def wait_for_answer(chat: subprocess.Popen[bytes], text: str) -> None:
    deadline = time.monotonic() + SECONDS
    while text not in (said := answer(chat, "城北图书馆每天开放多少小时?")):
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def test_a_changed_folder_is_reloaded_and_a_rolled_back_one_left_alone(
    chat: subprocess.Popen[bytes], corpus: Path, tmp_path: Path, baoda: Baoda
) -> None:
    assert "12小时" in answer(chat, "城北图书馆每天开放多少小时?")
    write(corpus / "library.md", "图书馆", "城北图书馆每天开放13小时。")
    wait_for_answer(chat, "13小时")
    settings = {"CORPUS_DIR": corpus, "DATA_DIR": tmp_path / "data"}
    assert baoda("rollback", **settings).returncode == 0
    wait_for_answer(chat, "12小时")
    rolled_back = Generations(tmp_path / "data").live()
    write(corpus / "library.md", "图书馆", "城北图书馆每天开放14小时。")
    time.sleep(4)
    assert Generations(tmp_path / "data").live() == rolled_back
    assert "12小时" in answer(chat, "城北图书馆每天开放多少小时?")
    assert baoda("reload", **settings).returncode == 0
    wait_for_answer(chat, "14小时")
    (corpus / "library.md").write_text("---\nnot: [closed\n---\n", "utf-8")
    write(corpus / "park.md", "公园", "新公园里种了300棵树。")
    deadline = time.monotonic() + SECONDS
    while "300棵" not in answer(chat, "新公园里种了多少棵树?"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "14小时" in answer(chat, "城北图书馆每天开放多少小时?")
