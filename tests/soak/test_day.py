"""A short day: make test-soak runs a whole one."""

import logging
from pathlib import Path

import pytest

from tests.conftest import CORPUS
from tests.delivery.simulated import LOST, simulate
from tests.soak.answers import made_answers
from tests.soak.day import Day

QUESTIONS = 1_500


@pytest.fixture(autouse=True)
def only_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)


def passed(data_dir: Path, questions: int, *, lost_sends: int = 0) -> Day:
    """The day after so many questions."""

    async def pass_by() -> Day:
        day = Day(made_answers(CORPUS), data_dir)
        day.telegram.order("sendMessage", *[LOST] * lost_sends)
        await day.pass_by(questions)
        return day

    return simulate(pass_by())


def test_every_question_is_answered_once_and_nothing_stays(
    corpus_data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day = passed(corpus_data_dir, QUESTIONS)
    assert day.did["question"] == QUESTIONS
    assert day.did.keys() >= {"reply", "tap", "stop", "edit", "command"}
    assert day.wrong == []
    assert day.telegram.too_early == 0
    assert not day.store.open
    assert not day.left()
    assert not caplog.records


def test_an_answer_that_stands_twice_is_noticed(tmp_path: Path) -> None:
    assert len(passed(tmp_path, 5, lost_sends=1).wrong) == 1
