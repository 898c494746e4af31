"""What servers and libraries say of a secret is not handed on."""

from pathlib import Path

import pytest

from tests.conftest import CORPUS, Baoda
from tests.model_server import EMBEDDINGS, Reply, StubModelServer
from tests.planted import FILE, KEY, MARK, PASSWORD, TOKEN


def refused(finished: object) -> str:
    output = finished.stdout + finished.stderr  # type: ignore[attr-defined]
    assert MARK.encode() not in output
    text: str = output.decode()
    assert "Traceback" not in text
    return text


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "桥.md").write_text("---\ntitle: 新桥通车\n---\n新桥三月四日通车。\n", "utf-8")
    return folder


def test_a_server_that_repeats_the_key_does_not_get_it_printed(
    baoda: Baoda, server: StubModelServer, articles: Path
) -> None:
    for _ in range(6):
        server.queue(Reply(f"Incorrect API key: {KEY}", status=401), path=EMBEDDINGS)
    finished = baoda(
        "reload",
        CORPUS_DIR=articles,
        EMBEDDING_MODEL="stub",
        EMBEDDING_BASE_URL=server.base_url,
        EMBEDDING_API_KEY=KEY,
    )
    assert finished.returncode == 1
    assert "***" in refused(finished)


def test_passwords_in_addresses_are_not_printed(baoda: Baoda, corpus_data_dir: Path) -> None:
    finished = baoda(
        "doctor",
        "--json",
        CORPUS_DIR=CORPUS,
        DATA_DIR=corpus_data_dir,
        OPENAI_BASE_URL=f"http://me:{PASSWORD}@127.0.0.1:9/v1",
        CHAT_CONNECT_SECONDS=1,
        DATABASE_URL=f"postgresql://me:{PASSWORD}@127.0.0.1:9/baoda?sslpassword={MARK}",
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_API_BASE_URL=f"http://me:{PASSWORD}@127.0.0.1:9",
        TELEGRAM_PROXY_URL=f"http://me:{PASSWORD}@127.0.0.1:9",
    )
    assert finished.returncode == 1
    assert "cannot be reached" in refused(finished)


def test_what_does_not_fit_a_file_s_form_is_not_repeated(baoda: Baoda, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"postgresql://me:{PASSWORD}@host:port/baoda\n")
    finished = baoda("status", "--json", DATABASE_URL_FILE=tmp_path / FILE)
    assert finished.returncode == 2
    assert refused(finished).startswith(f"baoda: DATABASE_URL_FILE: what {tmp_path / FILE} holds")
