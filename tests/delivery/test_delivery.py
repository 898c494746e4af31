"""Replies come whole and once, whatever Telegram does. A real Bot, a simulated clock."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.telegram.delivery import ANSWERED, Calls, Closing, Delivery, FloodWaits, Outgoing, Target
from bot.telegram.rendering import Button, Part, render_text
from tests.delivery.simulated import (
    DROPPED,
    FAILED,
    LOST,
    NOT_CONNECTED,
    SmallTelegram,
    Trouble,
    flood,
    forget,
    make_bot,
    refusal,
    simulate,
)

READER, OTHER, GROUP = 1001, 1002, -100_1003
PART = Part("<b>答</b> &amp; 案", "答 & 案")
UNPARSED = refusal('can\'t parse entities: Unsupported start tag "x" at byte offset 0')


class Desk:
    """A delivery with a Telegram of its own, and what it noted."""

    def __init__(self) -> None:
        self.telegram = SmallTelegram()
        self.moves: list[tuple[int, int]] = []
        self.notes: list[dict[str, Any]] = []
        self.calls = Calls(FloodWaits(forget), self._moved)
        self.delivery = Delivery(make_bot(self.telegram), self.calls)

    async def send(self, *parts: Part, chat: int = READER, **fields: Any) -> str:
        """The outcome of a new reply."""
        return await self.deliver(Outgoing(Target(chat, **fields), parts or (PART,)))

    async def deliver(self, outgoing: Outgoing) -> str:
        """The outcome of a reply that may be on its way already."""
        return await self.delivery.deliver(outgoing, self._note)

    async def _note(self, progress: dict[str, Any]) -> None:
        self.notes.append(progress)

    async def _moved(self, former: int, new: int) -> None:
        self.moves.append((former, new))


Play = Callable[[Desk], Coroutine[Any, Any, Any]]


def play(scene: Play) -> Desk:
    """The desk after a scene."""

    async def played() -> Desk:
        desk = Desk()
        await scene(desk)
        return desk

    return simulate(played())


def test_parts_arrive_in_order_and_the_first_is_the_reply() -> None:
    parts = [*render_text("一"), *render_text("二"), *render_text("三")]
    desk = play(lambda desk: desk.send(*parts, reply_to=7))
    assert desk.telegram.texts(READER) == ["一", "二", "三"]
    replies = [call.params.get("reply_parameters") for call in desk.telegram.calls]
    assert replies == [{"message_id": 7, "allow_sending_without_reply": True}, None, None]


def test_markup_is_html_without_link_previews() -> None:
    (call,) = play(lambda desk: desk.send()).telegram.calls
    assert (call.params["text"], call.params["parse_mode"]) == (PART.markup, "HTML")
    assert call.params["link_preview_options"] == {"is_disabled": True}


@pytest.mark.parametrize("seconds", [1, 30, 3600])
def test_a_flood_wait_is_honoured_to_the_second(seconds: int) -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", flood(seconds))
        await desk.send()

    desk = play(scene)
    assert desk.telegram.times("sendMessage") == [0, seconds]
    assert desk.telegram.texts(READER) == [PART.markup]


@pytest.mark.parametrize("trouble", [FAILED, NOT_CONNECTED, Trouble(503, "Unavailable")])
def test_what_was_not_carried_out_is_tried_again_in_growing_pauses(trouble: Trouble) -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", *[trouble] * 4)
        await desk.send()

    desk = play(scene)
    assert desk.telegram.times("sendMessage") == [0, 1, 3, 7, 15]
    assert desk.telegram.texts(READER) == [PART.markup]


def test_a_day_without_telegram_costs_no_reply() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", *[NOT_CONNECTED] * 1440)
        await desk.send()

    desk = play(scene)
    assert desk.telegram.texts(READER) == [PART.markup]
    assert desk.telegram.times("sendMessage")[-1] > 23 * 3600


def test_a_send_that_never_comes_through_is_given_up() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", *[NOT_CONNECTED] * 10_000)
        assert await desk.send(PART, PART) == "given up"

    assert len(play(scene).telegram.calls) < 2_000


# Nobody can tell


@pytest.mark.parametrize("lost", range(6))
@pytest.mark.parametrize("trouble", [LOST, DROPPED], ids=["carried out", "not carried out"])
def test_where_nobody_can_tell_the_reply_stands_there_once_or_twice(
    trouble: Trouble, lost: int
) -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", *[trouble] * lost)
        assert await desk.send() == ANSWERED

    texts = play(scene).telegram.texts(READER)
    carried_out = trouble.carried_out and lost > 0
    assert texts.count(PART.markup) == (2 if carried_out else 1)
    assert texts[-1] == PART.markup


def test_an_edit_is_repeated_until_it_is_confirmed() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", DROPPED)
        desk.telegram.order("editMessageText", LOST, DROPPED, FAILED, flood(9), LOST)
        assert await desk.send() == ANSWERED

    assert play(scene).telegram.texts(READER) == [PART.markup]


# Notes, and going on from them


def test_a_reply_is_noted_before_it_is_sent_and_after_each_message() -> None:
    async def scene(desk: Desk) -> None:
        await desk.send(PART, PART)

    notes = play(scene).notes
    assert [(note["done"], note["tried"]) for note in notes] == [(0, True), (1, True)]
    assert [len(note["slots"]) for note in notes] == [0, 1]


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("stop_at", range(8))
def test_from_every_note_delivery_goes_on_without_a_second_copy(parts: int, stop_at: int) -> None:
    """The bot is killed after its note was kept, before or after Telegram carried out a send."""
    texts = [f"第{number}部分" for number in range(parts)]

    async def scene(desk: Desk) -> None:
        class Killed(Exception):
            pass

        async def note(progress: dict[str, Any]) -> None:
            desk.notes.append(progress)
            if len(desk.notes) > stop_at:
                raise Killed

        outgoing = Outgoing(
            Target(READER), tuple(render_text("\n".join([text]))[0] for text in texts)
        )
        try:
            await desk.delivery.deliver(outgoing, note)
        except Killed:
            await desk.deliver(Outgoing.from_json(desk.notes[-1]))

    assert play(scene).telegram.texts(READER) == texts


def test_a_reply_for_a_message_that_is_there_is_noted_before_it_is_edited() -> None:
    async def scene(desk: Desk) -> None:
        first = Outgoing(Target(READER), (PART,))
        await desk.deliver(first)
        desk.notes.clear()
        await desk.deliver(Outgoing(Target(READER), (Part("新", "新"),), slots=list(first.slots)))

    (note,) = play(scene).notes
    assert (note["done"], note["tried"], len(note["slots"])) == (0, False, 1)


def test_what_waits_when_the_bot_stops_is_noted_as_not_sent() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", flood(3600))

        sending = asyncio.create_task(desk.send())
        await asyncio.sleep(5)
        desk.calls.close()
        with pytest.raises(Closing):
            await sending

    desk = play(scene)
    assert desk.notes[-1]["tried"] is False
    assert desk.telegram.texts(READER) == []


def test_what_telegram_is_carrying_out_when_the_bot_stops_is_waited_for() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", Trouble(200, seconds=10))

        sending = asyncio.create_task(desk.send())
        await asyncio.sleep(1)
        desk.calls.close()
        assert await sending == ANSWERED

    assert play(scene).telegram.texts(READER) == [PART.markup]


# Messages that are there already


@pytest.mark.parametrize("is_late", [False, True])
def test_the_further_messages_of_a_late_reply_point_at_the_question_too(is_late: bool) -> None:
    async def scene(desk: Desk) -> None:
        target = Target(READER, reply_to=7)
        first = Outgoing(target, (PART,))
        await desk.deliver(first)
        parts = (Part("新", "新"), PART)
        await desk.deliver(Outgoing(target, parts, slots=list(first.slots), is_late=is_late))

    (last,) = [call for call in play(scene).telegram.calls if call.method == "sendMessage"][1:]
    assert ("reply_parameters" in last.params) == is_late


def test_a_reply_is_put_into_messages_that_are_there_and_superfluous_ones_go() -> None:
    async def scene(desk: Desk) -> None:
        first = Outgoing(Target(READER), (PART, PART, PART))
        await desk.deliver(first)
        await desk.deliver(Outgoing(Target(READER), (Part("新", "新"),), slots=list(first.slots)))

    assert play(scene).telegram.texts(READER) == ["新"]


def test_a_reply_whose_messages_are_gone_comes_anew_in_order() -> None:
    async def scene(desk: Desk) -> None:
        first = Outgoing(Target(READER), (PART, PART, PART))
        await desk.deliver(first)
        del desk.telegram.chats[READER][first.slots[1]]
        parts = tuple(Part(text, text) for text in ("甲", "乙", "丙"))
        await desk.deliver(Outgoing(Target(READER), parts, slots=list(first.slots)))

    assert play(scene).telegram.texts(READER) == ["甲", "乙", "丙"]


def test_an_edit_that_changes_nothing_is_a_success() -> None:
    async def scene(desk: Desk) -> None:
        outgoing = Outgoing(Target(READER), (PART,))
        await desk.deliver(outgoing)
        assert await desk.delivery.edit(READER, outgoing.slots[0], PART)

    assert len(play(scene).telegram.calls) == 2


# What Telegram does not take


@pytest.mark.parametrize("reason", [UNPARSED, refusal("ENTITY_BOUNDS_INVALID")])
def test_refused_markup_is_left_out_once(reason: Trouble) -> None:
    part = Part("<b>答</b>", "答", ((Button("一", data="x"),),))

    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", reason)
        assert await desk.send(part) == ANSWERED

    (message,) = play(scene).telegram.chats[READER].values()
    assert message["text"] == "答"
    assert "parse_mode" not in message
    assert message["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "x"


def test_refused_buttons_are_left_out() -> None:
    part = Part("答", "答", ((Button("一", data="x"),),))

    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", refusal("BUTTON_DATA_INVALID"))
        assert await desk.send(part) == ANSWERED

    (message,) = play(scene).telegram.chats[READER].values()
    assert "reply_markup" not in message


def test_what_is_refused_without_markup_too_is_given_up_and_recorded() -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", UNPARSED, UNPARSED)
        assert await desk.send(PART, PART) == "refused"

    assert len(play(scene).telegram.calls) == 2


@pytest.mark.parametrize(
    ("status", "description", "outcome"),
    [
        (403, "Forbidden: bot was blocked by the user", "blocked"),
        (403, "Forbidden: user is deactivated", "user gone"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "removed"),
        (403, "Forbidden: the group chat was deleted", "forbidden"),
        (400, "Bad Request: chat not found", "chat gone"),
        (400, "Bad Request: TOPIC_CLOSED", "topic closed"),
        (400, "Bad Request: message thread not found", "topic gone"),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            "no right to write",
        ),
    ],
)
def test_a_chat_that_cannot_be_written_to_is_left_alone_and_recorded(
    status: int, description: str, outcome: str
) -> None:
    async def scene(desk: Desk) -> None:
        desk.telegram.order("sendMessage", Trouble(status, description))
        assert await desk.send(PART, PART) == outcome

    assert len(play(scene).telegram.calls) == 1


def test_a_group_that_became_a_supergroup_is_followed() -> None:
    async def scene(desk: Desk) -> None:
        migrated = {"migrate_to_chat_id": -100_2000}
        desk.telegram.order(
            "sendMessage", Trouble(400, "Bad Request: group chat was upgraded", migrated)
        )
        assert await desk.send(PART, PART, chat=-2000) == ANSWERED
        assert await desk.send(chat=-2000) == ANSWERED

    desk = play(scene)
    assert len(desk.telegram.texts(-100_2000)) == 3
    assert desk.moves == [(-2000, -100_2000)]
