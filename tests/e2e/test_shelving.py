"""/article, /remove, /restore, /audit: the files of the collection from a chat."""

import json
from collections.abc import Iterator

import pytest

from bot.phrases import SIMPLIFIED
from retrieval.index.keys import short_key
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.desks import Editor, furnish, settings
from tests.e2e.readers import Reader, labels
from tests.e2e.running import RunningBot, until
from tests.e2e.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("shelving")
    letters = ({"title": f"渡口来信{one}", "text": f"{one}岸的来信。"} for one in "甲乙")
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in letters)
    furnish(folder, {"letters.jsonl": lines.encode()})
    with EmulatedBotApi() as api, RunningBot(folder, api.base_url, **settings(folder)) as bot:
        bot.until_it_listens()
        yield Stage(api, bot, folder / "corpus")


@pytest.fixture
def editor(stage: Stage) -> Editor:
    return Editor(stage.api)


async def settled(editor: Editor, message: SentMessage, button: str, words: str) -> SentMessage:
    """What a tap makes of a message, once these words stand in it."""
    await editor.tap(message, button)
    return await editor.until(message, words)


@pytest.mark.parametrize("words", ["青石修桥", "00.md", short_key("00.md")])
async def test_an_article_is_found_by_title_id_and_key(editor: Editor, words: str) -> None:
    shown = await editor.command(f"/article {words}")
    assert "青石修桥" in shown.text
    assert f"{SIMPLIFIED.article_file}00.md" in shown.text
    assert labels(shown) == [SIMPLIFIED.full_text, SIMPLIFIED.remove_article]


async def test_of_several_articles_one_is_chosen(editor: Editor) -> None:
    choice = await editor.command("/article 新桥")
    assert choice.text.startswith(SIMPLIFIED.which_of_these)
    shown = await editor.turn(choice, "1")
    assert SIMPLIFIED.article_file in shown.text


async def test_an_opened_article_is_found_by_a_reply(editor: Editor) -> None:
    shown = await editor.command("/article 青石修桥")
    opened = await editor.open(shown, SIMPLIFIED.full_text)
    before = editor.seen()
    editor.write("/article", reply_to=opened)
    (again,) = await editor.api.wait_for_message(
        editor.id, matching=lambda one: one.message_id > before, timeout=60
    )
    assert again.text == shown.text


async def test_what_is_not_there_and_no_words_are_told_of(editor: Editor) -> None:
    assert "/article" in (await editor.command("/article")).text
    assert "/remove" in (await editor.command("/remove")).text


async def test_what_is_removed_goes_to_the_bin_and_comes_back(stage: Stage, editor: Editor) -> None:
    assert (await editor.command("/restore")).text == SIMPLIFIED.bin_empty
    asked = await editor.command("/remove 白沙修桥")
    assert asked.text.startswith(SIMPLIFIED.remove_asks)
    assert "01.md" in asked.text
    kept = await editor.turn(asked, SIMPLIFIED.cancel)
    assert (stage.corpus / "01.md").exists()
    asked = await editor.turn(kept, SIMPLIFIED.remove_article)
    removed = await settled(
        editor, asked, SIMPLIFIED.remove_confirm, SIMPLIFIED.removed.partition("{")[0]
    )
    assert "01.md" in removed.text
    assert SIMPLIFIED.not_reloaded.partition("{")[0] not in removed.text
    assert not (stage.corpus / "01.md").exists()
    (note,) = (stage.corpus / ".bin").glob("*.json")
    assert json.loads(note.read_text())["path"] == "01.md"
    gone = SIMPLIFIED.nothing_found.format(words="白沙修桥")
    assert (await editor.command("/article 白沙修桥")).text == gone
    # another file has taken its place meanwhile
    (stage.corpus / "01.md").write_text("---\ntitle: 别的\n---\n\n别的文章。\n")
    binned = await editor.command("/restore")
    assert "白沙修桥" in binned.text
    back = await settled(editor, binned, "1", "01-2.md")
    assert back.text == SIMPLIFIED.restored.format(file="01-2.md")
    assert "别的文章" in (stage.corpus / "01.md").read_text()
    assert "白沙镇" in (stage.corpus / "01-2.md").read_text()
    await until(lambda: not any((stage.corpus / ".bin").iterdir()))
    audit = (await editor.command("/audit")).text
    assert f"{SIMPLIFIED.deed_remove} 01.md" in audit
    assert f"{SIMPLIFIED.deed_restore} 01-2.md" in audit
    assert audit.index(SIMPLIFIED.deed_restore) < audit.index(SIMPLIFIED.deed_remove)


async def test_a_file_with_several_articles_says_that_all_go(stage: Stage, editor: Editor) -> None:
    asked = await editor.command("/remove 渡口来信甲")
    assert SIMPLIFIED.remove_many(2) in asked.text


async def test_a_file_that_leads_out_by_now_stays(stage: Stage, editor: Editor) -> None:
    asked = await editor.command("/remove 云溪修桥")
    outside = stage.corpus.parent / "outside.md"
    outside.write_text("不可移动")
    file = stage.corpus / "02.md"
    content = file.read_bytes()
    file.unlink()
    file.symlink_to(outside)
    try:
        said = SIMPLIFIED.trouble_leads_out.format(name="02.md")
        await settled(editor, asked, SIMPLIFIED.remove_confirm, said)
        assert outside.exists()
        assert file.is_symlink()
    finally:
        file.unlink()
        file.write_bytes(content)


async def test_readers_know_none_of_these(stage: Stage, editor: Editor) -> None:
    reader = Reader(stage.api)
    for command in ("/article 青石修桥", "/remove 青石修桥", "/restore", "/audit", "/add x"):
        said = await reader.command(command)
        assert said.text == SIMPLIFIED.unknown_command
    for data in (
        f"m:article:confirm:{short_key('00.md')}",
        "m:article:restore:20260101-000000-000000",
        "m:article:audit:0",
    ):
        assert await reader.forge(said, data) == SIMPLIFIED.unknown_button
    assert (stage.corpus / "00.md").exists()


async def test_forged_buttons_of_an_admin_do_no_harm(stage: Stage, editor: Editor) -> None:
    shown = await editor.command("/article 青石修桥")
    assert await editor.forge(shown, "m:article:confirm:aaaaaaaaaaaa") == SIMPLIFIED.article_gone
    assert SIMPLIFIED.trouble_gone[:4] in await editor.forge(shown, "m:article:restore:..")
    assert await editor.forge(shown, "m:article:nonsense:1") == SIMPLIFIED.unknown_button
    assert await editor.forge(shown, "m:article:audit:99999999") == SIMPLIFIED.unknown_button
