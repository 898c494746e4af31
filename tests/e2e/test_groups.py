"""Groups, supergroups, topics: when the bot speaks, where, and of what it knows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.groups import BOT, BOT_ID, Group
from tests.e2e.readers import SECONDS, Reader, answer_of, labels
from tests.e2e.running import new_reader
from tests.e2e.stage import Stage, staged

WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
FUNCTIONS, ROOMS = "那里有哪些功能区？", "心灵驿站"
ALLIES, PARTNERS = "“社区合伙人”联盟有哪些机构?", "人民医院"
HOW_MANY, TWENTY = "有多少家?", "20家"
REFUSAL = "文章里没有说到这个问题的答案。"
HELP = SIMPLIFIED.help_in_groups.format(name=BOT[1:])
CHANNEL = -1001000000077


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The bot for everybody, over the shipped corpus."""
    with staged(tmp_path_factory.mktemp("groups"), corpus_data_dir) as stage:
        yield stage


@pytest.fixture
def api(stage: Stage) -> EmulatedBotApi:
    return stage.api


@pytest.fixture
def group(api: EmulatedBotApi) -> Group:
    return Group(api)


# When it speaks


@pytest.mark.parametrize(
    "text",
    [
        f"{BOT} {WHERE}",
        f"{BOT}{WHERE}",
        f"{BOT}，{WHERE}",
        f"{WHERE}{BOT}",
        f"{WHERE} {BOT}",
        f"请问{BOT}{WHERE}",
        f"@Baoda_Test_BOT {WHERE}",
        f"{BOT}\n{WHERE}",
        f"/ask {WHERE}",
        f"/ask{WHERE}",
        f"/ask{BOT} {WHERE}",
        f"/ask{BOT}{WHERE}",
        f"/ASK@BAODA_TEST_BOT {WHERE}",
        f"@zhangsan 你问问 {BOT} {WHERE}",
    ],
)
@pytest.mark.parametrize("chat_type", ["group", "supergroup"])
async def test_a_group_is_answered_when_it_addresses_the_bot(
    api: EmulatedBotApi, text: str, chat_type: str
) -> None:
    group = Group(api, chat_type=chat_type)
    answer = await group.ask(text)
    assert THERE in answer_of(answer)
    assert answer.topic_id is None
    assert group.calls() == ["sendChatAction", "sendMessage"]
    assert len(group.messages()) == 1


async def test_a_reply_to_the_bot_is_a_question(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}")
    assert ROOMS in (await group.ask(FUNCTIONS, new_reader(), reply_to=answer.message_id)).text


def from_elsewhere(**fields: Any) -> Callable[[Group], object]:
    """A message with a mention, and fields that the emulated readers do not write by themselves."""

    def write(group: Group) -> object:
        message = {
            "message_id": 900_000,
            "date": 1,
            "chat": {"id": group.id, "type": "supergroup", "title": "Group"},
            "from": {"id": group.member, "is_bot": False, "first_name": "Reader"},
            "text": f"{BOT} {WHERE}",
        }
        return group.api.send_update({"message": message | fields})

    return write


UNADDRESSED: dict[str, Callable[[Group], object]] = {
    "a text": lambda group: group.write(WHERE),
    "a longer name": lambda group: group.write(f"@baoda_test_bot2 {WHERE}"),
    "a shorter name": lambda group: group.write(f"@baoda_test_bo {WHERE}"),
    "an address": lambda group: group.write(f"写信到 mail@baoda_test_bot {WHERE}"),
    "a name alone": lambda group: group.write("baoda_test_bot 是什么?"),
    "another's command": lambda group: group.write("/weather 北京"),
    "another's /ask": lambda group: group.write(f"/ask@weather_bot {WHERE}"),
    "another's /ask beside Chinese": lambda group: group.write(f"/ask@weather_bot{WHERE}"),
    "another's command with our name": lambda group: group.write(f"/weather {BOT}"),
    "another's command to us": lambda group: group.write(f"/weather{BOT} 北京"),
    "/id of another": lambda group: group.write("/id@weather_bot"),
    "/reload": lambda group: group.write("/reload"),
    "a mention of people": lambda group: group.write("@zhangsan 今天去吗？"),
    "another bot": lambda group: group.write(f"{BOT} {WHERE}", is_bot=True, username="other_bot"),
    "what came by inline mode": lambda group: group.write(f"{BOT} {WHERE}", via_bot=BOT[1:]),
    "a post of the channel": lambda group: group.api.forward_from_channel(
        group.id, CHANNEL, f"{BOT} {WHERE}"
    ),
    "a forward": from_elsewhere(
        forward_origin={
            "type": "user",
            "date": 1,
            "sender_user": {"id": 5, "is_bot": False, "first_name": "Someone"},
        }
    ),
    "a forward from a hidden person": from_elsewhere(
        forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "Someone"}
    ),
    "a picture": lambda group: group.api.send_other("photo", group.member, group.id),
    "a picture with our name": lambda group: group.api.send_other(
        "photo", group.member, group.id, caption=f"{BOT} {WHERE}"
    ),
    "a sticker": lambda group: group.api.send_other("sticker", group.member, group.id),
    "a voice": lambda group: group.api.send_other("voice", group.member, group.id),
    "somebody joins": lambda group: group.api.send_service("new_chat_members", group.id, 4321),
    "the bot joins": lambda group: group.api.send_service("new_chat_members", group.id, BOT_ID),
    "somebody leaves": lambda group: group.api.send_service("left_chat_member", group.id, 4321),
    "a comment": lambda group: group.write(
        WHERE, reply_to=group.api.forward_from_channel(group.id, CHANNEL, "今日头版")
    ),
}


@pytest.mark.parametrize("write", UNADDRESSED.values(), ids=UNADDRESSED)
async def test_what_is_not_for_the_bot_has_no_answer(
    group: Group, write: Callable[[Group], object]
) -> None:
    write(group)
    answer = await group.ask(f"/ask {WHERE}")
    assert group.messages() == [answer]
    assert group.calls() == ["sendChatAction", "sendMessage"]


OTHER_REPLIES: dict[str, Callable[[Group, int], object]] = {
    "a sticker": lambda group, to: group.api.send_other(
        "sticker", group.member, group.id, reply_to=to
    ),
    "a picture": lambda group, to: group.api.send_other(
        "photo", group.member, group.id, caption="这个?", reply_to=to
    ),
    "another's command": lambda group, to: group.write("/weather@weather_bot", reply_to=to),
    "another's command beside Chinese": lambda group, to: group.write(
        "/weather@weather_bot北京", reply_to=to
    ),
    "another bot": lambda group, to: group.write(WHERE, is_bot=True, reply_to=to),
}


@pytest.mark.parametrize("write", OTHER_REPLIES.values(), ids=OTHER_REPLIES)
async def test_not_every_reply_to_the_bot_is_a_question(
    group: Group, write: Callable[[Group, int], object]
) -> None:
    answer = await group.ask(f"/ask {WHERE}")
    write(group, answer.message_id)
    last = await group.ask(f"/ask {WHERE}")
    assert group.messages() == [answer, last]


# What it is asked


async def test_a_mention_alone_says_how_to_ask(group: Group) -> None:
    assert (await group.ask(BOT)).text == HELP
    assert (await Group(group.api).ask(f"/ask{BOT}")).text == HELP


async def test_a_mention_alone_in_reply_to_a_message_answers_that(group: Group) -> None:
    question = group.write(WHERE)
    asked = group.write(f"{BOT} ", new_reader(), reply_to=question)
    answer = await group.reply_to(asked)
    assert THERE in answer_of(answer)
    assert group.messages() == [answer]


async def test_a_mention_alone_in_reply_to_a_picture_answers_its_caption(group: Group) -> None:
    picture = group.api.send_other("photo", group.member, group.id, caption=WHERE)
    assert THERE in answer_of(await group.ask(BOT, reply_to=picture))


async def test_a_mention_alone_in_reply_to_a_picture_without_words_says_how_to_ask(
    group: Group,
) -> None:
    picture = group.api.send_other("photo", group.member, group.id)
    assert (await group.ask(BOT, reply_to=picture)).text == HELP


async def test_of_a_quoted_part_that_part_is_asked(group: Group) -> None:
    text = f"{ALLIES}还有，{WHERE}"
    former = {
        "message_id": group.write(text),
        "date": 1,
        "chat": {"id": group.id, "type": "supergroup", "title": "Group"},
        "from": {"id": 4321, "is_bot": False, "first_name": "Someone"},
        "text": text,
    }
    quote = {"text": WHERE, "position": len(ALLIES) + 3, "is_manual": True}
    from_elsewhere(text=BOT, reply_to_message=former, quote=quote)(group)
    answer = await group.sees(lambda _: True)
    assert THERE in answer_of(answer)
    assert PARTNERS not in answer_of(answer)


async def test_a_mention_in_reply_to_an_answer_alone_says_how_to_ask(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}")
    assert (await group.ask(BOT, reply_to=answer.message_id)).text == HELP


# Where it speaks, and what it knows there


async def test_a_topic_is_answered_in_the_topic(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}", topic_id=7)
    assert answer.topic_id == 7
    (typing,) = [
        call
        for call in group.api.calls
        if call.method == "sendChatAction" and call.chat_id == group.id
    ]
    assert typing.params["message_thread_id"] == 7
    answer = await group.ask(f"/ask {WHERE}")
    assert answer.topic_id is None


async def test_whatever_stands_in_a_topic_is_no_reply_to_whoever_opened_it(group: Group) -> None:
    group.write(WHERE, topic_id=7)
    answer = await group.ask(f"/ask {WHERE}", topic_id=7)
    assert group.messages() == [answer]


async def test_each_topic_has_a_conversation_of_its_own(group: Group) -> None:
    await group.ask(f"{BOT} {ALLIES}", topic_id=7)
    assert TWENTY not in (await group.ask(f"{BOT} {HOW_MANY}", topic_id=8)).text
    assert TWENTY not in (await group.ask(f"{BOT} {HOW_MANY}")).text
    assert TWENTY in (await group.ask(f"{BOT} {HOW_MANY}", topic_id=7)).text


async def test_new_in_a_topic_leaves_the_others(group: Group) -> None:
    await group.ask(f"{BOT} {ALLIES}", topic_id=7)
    await group.ask(f"{BOT} {ALLIES}", topic_id=8)
    begun = await group.ask(f"/new{BOT}", topic_id=7)
    assert (begun.text, begun.topic_id) == (SIMPLIFIED.begun_anew, 7)
    assert TWENTY not in (await group.ask(f"{BOT} {HOW_MANY}", topic_id=7)).text
    assert TWENTY in (await group.ask(f"{BOT} {HOW_MANY}", topic_id=8)).text


async def test_group_and_private_chat_know_nothing_of_each_other(group: Group) -> None:
    reader = Reader(group.api)
    await group.ask(f"{BOT} {ALLIES}", reader.id)
    assert TWENTY not in (await reader.ask(HOW_MANY)).text
    assert TWENTY in (await group.ask(f"{BOT} {HOW_MANY}")).text


async def test_a_comment_under_a_post_is_answered_in_its_thread(group: Group) -> None:
    post = group.api.forward_from_channel(group.id, CHANNEL, ALLIES)
    comment = group.write("好消息！", reply_to=post)
    answer = await group.ask(BOT, new_reader(), reply_to=post)
    assert PARTNERS in answer_of(answer)
    assert answer.topic_id is None
    assert TWENTY in (await group.ask(f"{BOT} {HOW_MANY}", reply_to=comment)).text


# Edits


async def test_an_edited_question_is_answered_where_the_answer_stands(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}", topic_id=7)
    assert answer.reply_to is not None
    group.api.edit_text(group.id, answer.reply_to, f"{BOT} {ALLIES}")
    changed = await group.changed(answer)
    assert PARTNERS in changed.text
    assert (changed.topic_id, len(group.messages())) == (7, 1)


async def test_an_edit_that_takes_the_mention_away_leaves_the_answer(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}")
    assert answer.reply_to is not None
    group.api.edit_text(group.id, answer.reply_to, ALLIES)
    last = await group.ask(f"{BOT} {ALLIES}")
    assert group.messages() == [answer, last]


async def test_a_mention_that_is_added_afterwards_is_a_question(group: Group) -> None:
    text = group.write(WHERE)
    group.api.edit_text(group.id, text, f"{BOT} {WHERE}")
    assert THERE in answer_of(await group.reply_to(text))
    assert len(group.messages()) == 1


async def test_edited_chatter_has_no_answer(group: Group) -> None:
    text = group.write("今天天气不错")
    group.api.edit_text(group.id, text, WHERE)
    answer = await group.ask(f"{BOT} {WHERE}")
    assert group.messages() == [answer]


# Buttons


async def test_any_member_may_open_rate_and_close(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}", topic_id=7)
    other = new_reader()
    assert await group.tap(answer, "[1]", other) == ""
    opened = await group.sees(lambda one: one.reply_to == answer.message_id)
    assert opened.topic_id == 7
    assert await group.tap(opened, labels(opened)[-1], new_reader()) == ""
    assert await group.tap(answer, "👍", other) == SIMPLIFIED.thanks
    await group.changed(answer)
    assert [one.message_id for one in group.messages()] == [answer.message_id]


# Privacy mode


async def test_with_privacy_mode_replies_and_commands_are_answered(api: EmulatedBotApi) -> None:
    api.privacy_mode = True
    try:
        group = Group(api)
        group.write(WHERE)
        answer = await group.ask(f"/ask{BOT} {WHERE}")
        assert ROOMS in (await group.ask(FUNCTIONS, reply_to=answer.message_id)).text
        assert len(group.messages()) == 2
    finally:
        api.privacy_mode = False


# Who cannot be told from others


async def test_anonymous_admins_are_answered(group: Group) -> None:
    assert THERE in (await group.ask(f"{BOT} {WHERE}", anonymous=True)).text
    assert (await group.ask(f"/forget{BOT}", anonymous=True)).text == ENGLISH.nobody


async def test_the_id_of_anonymous_admins_is_not_that_of_telegrams_bot(group: Group) -> None:
    assert (await group.ask("/id", anonymous=True)).text == ENGLISH.your_id.format(
        user_id="–", chat_id=group.id
    )
    assert (await group.ask("/id", as_channel=CHANNEL)).text == ENGLISH.your_id.format(
        user_id=CHANNEL, chat_id=group.id
    )


async def test_who_writes_as_a_channel_is_answered(group: Group) -> None:
    assert THERE in (await group.ask(f"{BOT} {WHERE}", as_channel=CHANNEL)).text


# Groups that move


async def test_a_conversation_goes_on_in_the_group_that_it_moved_to(api: EmulatedBotApi) -> None:
    former = Group(api, -4001, chat_type="group")
    await former.ask(f"{BOT} {ALLIES}")
    moved = former.move()
    assert TWENTY in (await moved.ask(f"{BOT} {HOW_MANY}")).text


async def test_an_answer_comes_to_the_group_that_moved_meanwhile(api: EmulatedBotApi) -> None:
    former = Group(api, -4002, chat_type="group")
    await former.ask(f"{BOT} {WHERE}")
    moved = former.move(told=False)
    former.write(f"{BOT} {ALLIES}")
    assert PARTNERS in (await moved.sees(lambda _: True)).text
    assert TWENTY in (await moved.ask(f"{BOT} {HOW_MANY}")).text
    assert len(moved.messages()) == 2


# What nobody may do


async def test_an_answer_is_not_closed_by_a_forged_tap(group: Group) -> None:
    answer = await group.ask(f"{BOT} {WHERE}")
    query = group.api.press(group.id, answer.message_id, "x", new_reader(), forged=True)
    await group.api.wait_for(lambda _: query in group.api.toasts, SECONDS)
    assert [one.message_id for one in group.messages()] == [answer.message_id]


async def test_words_of_others_are_no_feedback_of_ones_own(group: Group) -> None:
    others = group.write("只对朋友说的话")
    told = await group.ask(f"/feedback{BOT}", reply_to=others)
    assert told.text == SIMPLIFIED.feedback_usage
