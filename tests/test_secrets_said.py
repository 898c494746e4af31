"""What servers and libraries say of a secret is not handed on."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.chunking import VERSION
from retrieval.errors import OutdatedCollectionError
from retrieval.index.generations import (
    SCHEMA_VERSION,
    Manifest,
    check_fingerprint,
    check_servable,
)
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


def test_a_password_in_the_embedder_s_address_is_kept_nowhere(
    baoda: Baoda, server: StubModelServer, articles: Path, tmp_path: Path
) -> None:
    place = {"CORPUS_DIR": articles, "DATA_DIR": tmp_path / "data", "EMBEDDING_MODEL": "stub"}
    address = server.base_url.replace("://", f"://me:{PASSWORD}@")
    finished = baoda("reload", **place, EMBEDDING_BASE_URL=address)
    assert finished.returncode == 0, finished.stderr
    for path in (tmp_path / "data").rglob("*"):
        assert not path.is_file() or MARK.encode() not in path.read_bytes(), path

    # as a former version left it
    (manifest,) = (tmp_path / "data").glob("generations/*/manifest.json")
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("://", "://me:former-word@"), "utf-8")
    finished = baoda("status", "--json", **place, EMBEDDING_BASE_URL=server.base_url)
    assert b"former-word" not in finished.stdout
    live = json.loads(finished.stdout)["live"]
    assert live["serves"]
    assert not live["usable"]


def test_a_password_in_a_former_index_is_in_no_error() -> None:
    made_by = "stub at http://me:former-word@host/v1?key=former-word"
    manifest = Manifest("", "", made_by, 1, VERSION, SCHEMA_VERSION, 1, 1, 1)
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_fingerprint(manifest, "another"),
        lambda: check_servable(manifest, lambda _: False),
    )
    for check in checks:
        with pytest.raises(
            OutdatedCollectionError, match=r"\(stub at http://host/v1[,)]"
        ) as caught:
            check()
        assert "former-word" not in str(caught.value)
