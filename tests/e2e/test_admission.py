"""Who is heard: with the allow-list admins, those on it, members of its group, and no stranger."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.phrases import SIMPLIFIED
from tests.e2e.bot_api import EmulatedBotApi, SentMessage, links_of
from tests.e2e.groups import BOT, Group
from tests.e2e.readers import SECONDS, Reader
from tests.e2e.running import RunningBot, calls_for, new_reader
from tests.e2e.stage import Stage, staged
from tests.e2e.traces import traces

ADMIN, LISTED, MEMBER, STRANGER = 7_320_000_001, 7_320_000_002, 7_320_000_003, 7_320_000_004
OUTSIDER = 7_320_000_005
ALLOWED, ADMINS = -1003000000001, -1003000000002
WHERE, THERE = "职工之家建在哪个小区?", "铁路小区"
STRANGE = "海棠依旧"
"""A word that only strangers say."""

_SETTINGS = {
    "TELEGRAM_ADMIN_IDS": f"{ADMIN},{ADMINS}",
    "TELEGRAM_ALLOWED_IDS": f"{LISTED},{ALLOWED}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the guarded bot runs."""
    return tmp_path_factory.mktemp("guarded")


@pytest.fixture(scope="module")
def stage(corpus_data_dir: Path, folder: Path) -> Iterator[Stage]:
    """A bot with admins and an allow-list on which a person and a group stand."""
    with staged(folder, corpus_data_dir, **_SETTINGS) as stage:
        stage.api.join(ALLOWED, MEMBER)
        stage.api.join(ALLOWED, OUTSIDER, "left")
        yield stage


@pytest.fixture
def api(stage: Stage) -> EmulatedBotApi:
    return stage.api


def person(api: EmulatedBotApi, identity: int) -> Reader:
    return Reader(api, identity=identity)


async def asked_inline(api: EmulatedBotApi, words: str, identity: int) -> list[str]:
    """What is offered to somebody who writes after the bot's name."""
    found = await api.wait_for_inline(api.inline_query(words, identity), SECONDS)
    return [one.text for one in found.results]


def link_of(answer: SentMessage) -> str:
    """The address of the first citation of an answer."""
    return next(url for _, url in links_of(answer) if "start=" in url)


async def is_ignored(stage: Stage, chat: int, before: int) -> None:
    """Return when whatever was written to a chat before has been dealt with, with silence."""
    await person(stage.api, LISTED).ask(WHERE)
    assert calls_for(stage.api, chat)[before:] == []


@pytest.mark.parametrize("identity", [ADMIN, LISTED, MEMBER], ids=["admin", "listed", "member"])
async def test_those_admitted_are_answered_in_every_way(api: EmulatedBotApi, identity: int) -> None:
    reader = person(api, identity)
    answer = await reader.ask(WHERE)
    assert THERE in answer.text
    assert THERE in (await reader.open(answer, "[1]")).text
    assert any(THERE in text for text in await asked_inline(api, WHERE, identity))
    assert (await reader.command("/help")).text.startswith(SIMPLIFIED.help)
    before = reader.seen()
    api.follow_link(identity, link_of(answer))
    opened = await api.wait_for_message(
        identity, timeout=SECONDS, matching=lambda one: one.message_id > before
    )
    assert THERE in opened[0].text


async def test_in_a_group_on_the_list_everybody_is_heard(api: EmulatedBotApi) -> None:
    group = Group(api, ALLOWED)
    for identity in (MEMBER, new_reader(), ADMIN):
        assert THERE in (await group.ask(f"{BOT} {WHERE}", identity)).text
    assert THERE in (await group.ask(f"{BOT} {WHERE}", anonymous=True)).text


@pytest.mark.parametrize("identity", [ADMIN, LISTED, MEMBER], ids=["admin", "listed", "member"])
async def test_those_admitted_are_heard_in_any_group(api: EmulatedBotApi, identity: int) -> None:
    assert THERE in (await Group(api).ask(f"{BOT} {WHERE}", identity)).text


@pytest.mark.parametrize("identity", [STRANGER, OUTSIDER])
async def test_a_stranger_gets_silence_in_a_private_chat(stage: Stage, identity: int) -> None:
    before = len(calls_for(stage.api, identity))
    for text in (
        f"{STRANGE} {WHERE}",
        "/start",
        "/help",
        f"/search {STRANGE}",
        "/reload",
        "/forget",
    ):
        stage.api.send_text(text, identity)
    stage.api.send_other("photo", identity, caption=STRANGE)
    link = link_of(await person(stage.api, LISTED).ask(WHERE))
    stage.api.follow_link(identity, link)
    await is_ignored(stage, identity, before)


async def test_strangers_get_silence_in_their_own_groups(stage: Stage) -> None:
    group = Group(stage.api)
    for text in (f"{BOT} {STRANGE} {WHERE}", f"/ask {STRANGE}", f"/help{BOT}", f"/reload{BOT}"):
        group.write(text, STRANGER)
        group.write(text, anonymous=True)
        group.write(text, as_channel=-1003000000099)
    stage.api.edit_text(group.id, group.write(STRANGE, STRANGER), f"{BOT} {STRANGE}")
    await is_ignored(stage, group.id, 0)


async def test_a_stranger_is_offered_nothing_inline(stage: Stage) -> None:
    query = stage.api.inline_query(f"{STRANGE} {WHERE}", STRANGER)
    await is_ignored(stage, STRANGER, len(calls_for(stage.api, STRANGER)))
    assert query not in stage.api.inline_answers


async def test_a_strangers_tap_does_nothing(stage: Stage) -> None:
    group = Group(stage.api)
    answer = await group.ask(f"{BOT} {WHERE}", LISTED)
    before = len(group.calls())
    query = stage.api.press(group.id, answer.message_id, "[1]", STRANGER)
    rated = stage.api.press(group.id, answer.message_id, "👎", STRANGER)
    await is_ignored(stage, group.id, before)
    assert not {query, rated} & stage.api.toasts.keys()
    assert group.messages() == [answer]


async def test_anybody_is_told_their_number(api: EmulatedBotApi) -> None:
    told = SIMPLIFIED.your_id.format(user_id=STRANGER, chat_id=STRANGER)
    assert (await person(api, STRANGER).command("/id")).text == told
    group = Group(api)
    told = SIMPLIFIED.your_id.format(user_id=STRANGER, chat_id=group.id)
    assert (await group.ask(f"/id{BOT}", STRANGER)).text == told


async def test_only_admins_and_their_groups_may_reload(stage: Stage) -> None:
    unchanged = SIMPLIFIED.reload_unchanged.partition("{")[0]
    reader = person(stage.api, ADMIN)
    reader.write("/reload")
    await stage.api.wait_for_message(
        ADMIN, timeout=SECONDS, matching=lambda one: unchanged in one.text
    )
    admins = Group(stage.api, ADMINS)
    admins.write(f"/reload{BOT}", MEMBER)
    await admins.sees(lambda one: unchanged in one.text)
    assert (await person(stage.api, LISTED).command("/reload")).text == SIMPLIFIED.unknown_command
    group = Group(stage.api, ALLOWED)
    before = len(group.calls())
    group.write(f"/reload{BOT}", MEMBER)
    await is_ignored(stage, group.id, before)


async def test_whether_somebody_is_a_member_is_not_asked_with_every_message(stage: Stage) -> None:
    reader = person(stage.api, MEMBER)
    await reader.ask(WHERE)
    before = len(calls_for(stage.api, ALLOWED))
    await reader.ask(WHERE)
    assert "getChatMember" not in calls_for(stage.api, ALLOWED)[before:]


async def test_nothing_of_strangers_is_kept(stage: Stage, folder: Path) -> None:
    stage.api.send_text(f"{STRANGE} {WHERE}", STRANGER)
    stage.api.send_text(f"{BOT} {STRANGE} {WHERE}", STRANGER, Group(stage.api).id)
    await is_ignored(stage, STRANGER, len(calls_for(stage.api, STRANGER)))
    assert traces(folder, words=[STRANGE], people=[OUTSIDER]) == []
    assert not [line for line in stage.bot.lines if STRANGE in line or str(OUTSIDER) in line]


@pytest.mark.long
async def test_a_group_on_the_list_that_moves_stays_on_it_after_a_restart_too(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    with staged(tmp_path, corpus_data_dir, TELEGRAM_ALLOWED_IDS=-4003) as stage:
        former = Group(stage.api, -4003, chat_type="group")
        stage.api.join(former.id, MEMBER)
        assert THERE in (await former.ask(f"{BOT} {WHERE}")).text
        moved = former.move()
        assert THERE in (await moved.ask(f"{BOT} {WHERE}")).text
        assert THERE in (await person(stage.api, MEMBER).ask(WHERE)).text
        assert await stage.bot.stop() == 0
        settings = {"TELEGRAM_ALLOWED_IDS": -4003}
        with RunningBot(tmp_path, stage.api.base_url, **settings):
            assert THERE in (await moved.ask(f"{BOT} {WHERE}")).text
            assert THERE in (await person(stage.api, MEMBER).ask(WHERE)).text
            other = Group(stage.api)
            other.write(f"{BOT} {WHERE}", STRANGER)
            await moved.ask(f"{BOT} {WHERE}")
            assert other.messages() == []


async def test_a_member_of_whom_telegram_does_not_tell_at_first_is_answered(stage: Stage) -> None:
    member = new_reader()
    stage.api.join(ALLOWED, member)
    stage.api.fail_next("getChatMember", 500, "Internal Server Error")
    stage.api.fail_next("getChatMember", 429, "Too Many Requests", {"retry_after": 1})
    assert THERE in (await person(stage.api, member).ask(WHERE)).text


async def test_a_stranger_who_asks_for_their_id_is_told_and_not_stored(
    stage: Stage, folder: Path
) -> None:
    stranger, word = new_reader() + 7_330_000_000, "葡萄牙蛋挞"
    told = await person(stage.api, stranger).command(f"/id {word}")
    assert str(stranger) in told.text
    assert traces(folder, words=[word], people=[stranger]) == []


@pytest.mark.long
async def test_the_menu_of_who_is_no_admin_any_more_goes(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    former, now = new_reader(), new_reader()
    with staged(tmp_path, corpus_data_dir) as stage:
        for reader in (former, now):
            await person(stage.api, reader).command("/help")
        assert await stage.bot.stop() == 0
        for admin, other in ((former, now), (now, former)):
            settings = {"TELEGRAM_ADMIN_IDS": admin}
            with RunningBot(tmp_path, stage.api.base_url, **settings) as bot:
                await stage.api.wait_for(
                    lambda _, a=admin, o=other: (  # type: ignore[misc]
                        "reload" in stage.api.menu(a, a) and "reload" not in stage.api.menu(o, o)
                    ),
                    SECONDS,
                )
                assert await bot.stop() == 0
