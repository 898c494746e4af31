"""LOG_FORMAT=json, and the request that each line belongs to."""

import asyncio
import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import logs, request_ids
from bot.journal import Journal
from tests.conftest import Baoda
from tests.store.exchanges import open_store
from tests.test_logs import KEY, NAMED, TOKEN, shown

__all__ = ["shown"]

LOGGER = logging.getLogger(NAMED[0])


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_one_object(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [], "json")
    with request_ids.request("u17"):
        LOGGER.info("%d articles\nand more", 8)
    text = shown()
    (line,) = objects(text)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "bot",
        "message": "8 articles\nand more",
        "request": "u17",
    }


def test_chinese_stays_readable(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [], "json")
    LOGGER.info("文章读不了")
    assert "文章读不了" in shown()


def test_no_secret_stands_in_a_message_an_exception_or_an_extra_field(
    shown: Callable[[], str],
) -> None:
    secret = 'a"quoted\\part'
    logs.configure("INFO", [TOKEN, KEY, secret], "json")
    hidden = {"list": [f"Bearer {KEY}", {KEY: Path(KEY)}], "object": ValueError(TOKEN), "n": 3}
    try:
        raise RuntimeError(f"{TOKEN} and {secret}")
    except RuntimeError:
        LOGGER.exception("failed with %s", secret, extra={"about": hidden, "bare": secret})
    text = shown()
    for part in ("AAH", "sk-secret", "quoted"):
        assert part not in text
    (line,) = objects(text)
    assert line["message"] == "failed with ***"
    assert line["exception"].endswith("RuntimeError: *** and ***")
    assert line["about"]["n"] == 3


def test_an_extra_field_does_not_take_the_place_of_ours(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [], "json")
    LOGGER.info("so it was", extra={"level": 7, "logger": "x", "share": float("nan")})
    (line,) = objects(shown())
    assert (line["level"], line["logger"], line["share"]) == ("INFO", "bot", "nan")


def test_text_shows_the_request_too(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [])
    with request_ids.request("u17"):
        LOGGER.info("8 articles")
    assert shown().endswith("INFO bot: [u17] 8 articles\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_the_command_line_says_is_understood_by_who_started_it(
    shown: Callable[[], str], form: logs.Format
) -> None:
    logs.configure("INFO", [], form)
    logs.say("there is no index yet")
    assert logs.said(shown().rstrip("\n")) == "there is no index yet"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_of_another_process_is_handed_on_as_it_is(
    shown: Callable[[], str], form: logs.Format
) -> None:
    logs.configure("ERROR", [KEY], form)
    LOGGER.error("its cache %s is damaged", KEY)
    written = shown().rstrip("\n")
    logs.hand_on(written)
    assert shown().rstrip("\n") == written


def test_a_bare_line_of_another_process_becomes_an_object(shown: Callable[[], str]) -> None:
    logs.configure("ERROR", [KEY], "json")
    logs.hand_on(f"free(): invalid pointer {KEY}")
    (line,) = objects(shown())
    assert line["message"] == "free(): invalid pointer ***"


def test_what_another_process_says_is_not_handed_on(shown: Callable[[], str]) -> None:
    logs.configure("INFO", [])
    logs.hand_on("baoda: there is no index yet")
    assert shown() == ""


def test_calls_that_are_stored_together_keep_their_requests(tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    async def call(journal: Journal, request: str) -> None:
        with request_ids.request(request):
            await journal.run(lambda _: seen.append((request, request_ids.current())))

    async def calls() -> None:
        journal = Journal(open_store(tmp_path))
        await asyncio.gather(*(call(journal, f"u{number}") for number in range(20)))
        journal.close()

    asyncio.run(calls())
    assert len(seen) == 20
    assert all(made == found for made, found in seen)


def test_a_process_takes_over_the_request_it_was_started_for() -> None:
    with request_ids.request("u17"):
        environment = request_ids.handed_on()
    with request_ids.request("another"):
        request_ids.adopt(environment)
        assert request_ids.current() == "u17"


def test_a_forged_id_does_not_get_into_the_log() -> None:
    environment = {"BAODA_REQUEST": "x\nERROR forged"}
    with request_ids.request("another"):
        request_ids.adopt(environment)
        assert re.fullmatch("[0-9a-f]{8}", request_ids.current())


def test_every_line_of_input_is_a_request_of_its_own_to_its_end(
    baoda: Baoda, corpus_data_dir: Path
) -> None:
    """The log holds one line for each at its end, and no word of it."""
    lines = [json.dumps({"id": n, "question": "报答杯是哪一年开始的?"}) for n in (1, 2)]
    done = baoda(
        "ask",
        "--jsonl",
        stdin="\n".join(lines).encode(),
        DATA_DIR=corpus_data_dir,
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
    )
    assert done.returncode == 0, done.stderr.decode()
    ends = [one for one in objects(done.stderr.decode()) if "timings_ms" in one]
    assert [one["outcome"] in ("answered", "refused") for one in ends] == [True, True]
    assert len({one["request"] for one in ends}) == 2
    assert "报答杯" not in done.stderr.decode()
    assert os.environ.get("BAODA_REQUEST") is None


def test_what_is_wrong_with_the_settings_is_an_object_too(baoda: Baoda) -> None:
    done = baoda("status", LOG_FORMAT="JSON", STRICTNESS="harsh", METRICS_PORT="high")
    assert done.returncode == 2
    said = objects(done.stderr.decode())
    assert [one["message"].split(":")[0] for one in said] == ["STRICTNESS", "METRICS_PORT"]
