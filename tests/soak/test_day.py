"""A short day: make test-soak runs a whole one."""

import logging
from pathlib import Path

import pytest

from tests.conftest import CORPUS
from tests.delivery.simulated import simulate
from tests.soak.answers import made_answers
from tests.soak.day import Day

QUESTIONS = 2_000


def test_every_question_is_answered_once_and_nothing_stays(
    corpus_data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def passed() -> Day:
        day = Day(made_answers(CORPUS), corpus_data_dir)
        await day.pass_by(QUESTIONS)
        return day

    caplog.set_level(logging.ERROR)
    day = simulate(passed())
    assert day.did["question"] == QUESTIONS
    assert day.wrong == []
    assert day.telegram.too_early == 0
    assert not day.store.open
    assert not day.left()
