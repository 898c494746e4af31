"""Faults at random in every method of the Bot API, and restarts: each question is answered.

`make test` asks a few questions, `make test-faults` five hundred of fifty readers, with waits and
delays as long as Telegram's.
"""

import asyncio
import itertools
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.crowd import Crowd, Dialogue, dialogues, with_answers
from tests.e2e.faults import HARMLESS, FaultPlan, Kind

RATE = 0.2
MOST_READERS = 50
QUESTIONS_OF_A_READER = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is asked, and how bad it gets."""

    questions: int
    restarts: int
    longest_wait: int
    seed: int

    @property
    def readers(self) -> int:
        return min(MOST_READERS, self.questions // QUESTIONS_OF_A_READER)

    @property
    def patience_seconds(self) -> float:
        return 15.0 + 6 * self.longest_wait

    def plan(self, kinds: tuple[Kind, ...]) -> FaultPlan:
        return FaultPlan(
            self.seed,
            RATE,
            kinds,
            longest_flood_seconds=self.longest_wait,
            longest_delay_seconds=self.longest_wait / 3,
        )


@pytest.fixture(scope="module")
def scale(pytestconfig: pytest.Config) -> Scale:
    names = ("questions", "restarts", "longest_wait", "fault_seed")
    return Scale(*(pytestconfig.getoption(name) for name in names))


@pytest.fixture(scope="module")
def made(
    scale: Scale, corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Dialogue]:
    asked = dialogues(scale.readers, scale.questions)
    return asyncio.run(with_answers(asked, tmp_path_factory.mktemp("calm"), corpus_data_dir))


@pytest.fixture
def crowd(made: list[Dialogue], tmp_path: Path, corpus_data_dir: Path) -> Crowd:
    return Crowd(made, tmp_path, corpus_data_dir)


async def test_every_question_gets_one_answer_whatever_is_not_carried_out(
    scale: Scale, crowd: Crowd, tell: Callable[[str], None]
) -> None:
    found = await crowd.run(
        scale.plan(HARMLESS),
        endings=[signal.SIGTERM] * scale.restarts,
        patience_seconds=scale.patience_seconds,
    )
    tell(f"{scale}: faults {dict(crowd.faults)}, {len(found)} findings")
    assert found == []


@pytest.mark.long
async def test_answers_whose_replies_are_lost_come_at_most_twice(
    scale: Scale, crowd: Crowd, tell: Callable[[str], None]
) -> None:
    endings = itertools.cycle((signal.SIGKILL, signal.SIGTERM))
    found = await crowd.run(
        scale.plan((*HARMLESS, "lost")),
        endings=list(itertools.islice(endings, scale.restarts)),
        patience_seconds=scale.patience_seconds,
        most=2,
    )
    tell(f"{scale}: faults {dict(crowd.faults)}, {len(found)} findings")
    assert found == []
