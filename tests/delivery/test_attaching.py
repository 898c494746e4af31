"""Pictures and files beside replies. A real Bot, a simulated clock."""

from typing import Literal

import pytest

from bot.telegram.delivery import ANSWERED, Target
from bot.telegram.rendering import Attachment
from tests.delivery.simulated import FAILED, LOST, NOT_CONNECTED, Trouble, flood, refusal
from tests.delivery.test_delivery import READER, Desk, play

CHART = Attachment("图.png", b"\x89PNG", "photo", "三十天")
TABLE = Attachment("table.csv", b"a,b", "document")
METHODS = {"photo": "sendPhoto", "document": "sendDocument"}


def sent(attachment: Attachment, *troubles: Trouble) -> tuple[str, Desk]:
    """What became of it, and the desk."""
    outcomes: list[str] = []

    async def scene(desk: Desk) -> None:
        desk.telegram.order(METHODS[attachment.kind], *troubles)
        outcomes.append(await desk.delivery.attach(Target(READER, 5, 77), attachment))

    desk = play(scene)
    return outcomes[0], desk


@pytest.mark.parametrize(("attachment", "method"), [(CHART, "sendPhoto"), (TABLE, "sendDocument")])
def test_it_is_sent_into_the_topic_beside_its_message(attachment: Attachment, method: str) -> None:
    outcome, desk = sent(attachment)
    (call,) = desk.telegram.calls
    assert (outcome, call.method) == (ANSWERED, method)
    assert call.params["message_thread_id"] == 5
    assert call.params["reply_parameters"]["message_id"] == 77


def test_the_caption_is_sent_where_there_is_one() -> None:
    assert sent(CHART)[1].telegram.texts(READER) == ["三十天"]
    assert sent(TABLE)[1].telegram.texts(READER) == [None]


@pytest.mark.parametrize("kind", ["photo", "document"])
@pytest.mark.parametrize("trouble", [FAILED, NOT_CONNECTED, flood(7)])
def test_what_was_not_carried_out_is_tried_again(
    trouble: Trouble, kind: Literal["photo", "document"]
) -> None:
    outcome, desk = sent(Attachment("x", b"x", kind), trouble)
    assert outcome == ANSWERED
    assert len(desk.telegram.texts(READER)) == 1


def test_a_flood_wait_is_kept_to() -> None:
    first, second = sent(CHART, flood(7))[1].telegram.times("sendPhoto")
    assert second - first >= 7


def test_it_comes_twice_where_the_reply_was_lost() -> None:
    outcome, desk = sent(CHART, LOST)
    assert outcome == ANSWERED
    assert len(desk.telegram.texts(READER)) == 2


def test_it_does_not_come_for_ever_where_every_reply_is_lost() -> None:
    outcome, desk = sent(CHART, *[LOST] * 9)
    assert outcome == "lost"
    assert len(desk.telegram.texts(READER)) == 3


def test_what_telegram_refuses_is_told_and_not_sent_again() -> None:
    outcome, desk = sent(CHART, refusal("PHOTO_INVALID_DIMENSIONS"))
    assert outcome == "refused"
    assert len(desk.telegram.calls) == 1


def test_who_blocked_the_bot_gets_none() -> None:
    outcome, _ = sent(CHART, Trouble(403, "Forbidden: bot was blocked by the user"))
    assert outcome == "blocked"
