"""Articles by chat: what admins send is understood, corrected, and added or given up."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL
from retrieval.corpus.markdown import read as read_markdown
from retrieval.types import Loaded
from tests import documents
from tests.e2e.bot_api.server import DOWNLOAD
from tests.e2e.desks import (
    ADMINS_CHAT,
    NOTE,
    TEXT,
    TITLE,
    Editor,
    inbox,
    is_card,
    markdown,
    opened_desk,
    packed,
)
from tests.e2e.readers import SECONDS, Reader, labels
from tests.e2e.running import new_reader
from tests.e2e.stage import Stage

PAGE = (Path(__file__).parent.parent / "pages" / "yunxi.txt").read_bytes()
LONG = "这是一段说明，用来看看长的文字会不会被当成文章。" * 20


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened_desk(tmp_path_factory.mktemp("inbox")) as stage:
        yield stage


@pytest.fixture
def editor(stage: Stage) -> Editor:
    return Editor(stage.api)


def json_lines(*articles: dict[str, str]) -> bytes:
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in articles).encode()


def is_empty(folder: Path) -> bool:
    return not any(folder.iterdir())


FORMATS = {
    "灯塔.md": markdown(TITLE, TEXT, byline="林远舟", date="2025-03-01"),
    "灯塔.jsonl": json_lines({"id": "1", "title": TITLE, "text": TEXT, "byline": "林远舟"}),
    "灯塔.txt": NOTE.encode(),
    "灯塔.html": documents.page(
        documents.paragraphs(TEXT.split("\n")), f"<title>{TITLE}</title>"
    ).encode(),
    "灯塔.pdf": documents.pdf(title=TITLE),
    "灯塔.docx": documents.docx(
        documents.paragraph(TITLE, "Title") + "".join(map(documents.paragraph, TEXT.split("\n")))
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name.endswith(("md", "txt", "docx")) else pytest.mark.long)
        for name in FORMATS
    ],
)
async def test_a_file_of_any_format_is_shown_as_it_was_understood(
    editor: Editor, name: str
) -> None:
    card = await editor.card(editor.send(name, FORMATS[name]))
    assert card.text.startswith(SIMPLIFIED.draft_head)
    assert TITLE in card.text
    assert SIMPLIFIED.field_date in card.text
    assert labels(card) == [SIMPLIFIED.draft_add, SIMPLIFIED.draft_discard]
    assert len(editor.messages()) == 1


async def test_what_is_confirmed_is_a_file_and_can_be_asked_about(
    stage: Stage, editor: Editor
) -> None:
    card = await editor.card(editor.send("灯塔.txt", NOTE.encode()))
    await editor.correct(card, "日期：2025年3月1日\n来源：海岬晚报\n网址：https://example.org/1")
    await editor.tap(card, SIMPLIFIED.draft_add)
    done = await editor.until(card, SIMPLIFIED.draft_added)
    assert f"inbox/{TITLE}.md" in done.text
    file = stage.corpus / "inbox" / f"{TITLE}.md"
    (read,) = read_markdown(file, "a")
    assert isinstance(read, Loaded)
    article = read.article
    assert (article.title, article.byline) == (TITLE, "本报记者 林远舟")
    assert (article.date, article.source) == ("2025-03-01", "海岬晚报")
    assert (article.url, article.text) == ("https://example.org/1", TEXT)
    opened = await editor.open(done, SIMPLIFIED.full_text)
    assert TITLE in opened.text
    assert "九年" in (await editor.ask("石岬灯塔熄灭了几年？")).text
    # the same once more: a word about it on the card, and no second file
    again = await editor.card(editor.api.forward_text(NOTE, editor.id))
    assert SIMPLIFIED.draft_duplicate.split("{")[0] in again.text
    await editor.tap(again, SIMPLIFIED.draft_discard)
    await editor.until(again, SIMPLIFIED.draft_discarded)
    assert inbox(stage) == [file.name]
    audit = await editor.command("/audit")
    assert f"{SIMPLIFIED.deed_add} inbox/{TITLE}.md" in audit.text
    # a reply to what is done is told so, and changes nothing
    written = editor.write("标题：别的", reply_to=done)
    assert (await editor.reply_to(written)).text == SIMPLIFIED.draft_closed


@pytest.mark.long
async def test_a_newspaper_page_is_a_list_of_its_articles(editor: Editor) -> None:
    card = await editor.card(editor.send("page.txt", PAGE))
    assert card.text.startswith(SIMPLIFIED.drafts_found(8))
    one = await editor.turn(card, "2")
    assert "三江水厂" in one.text
    changed = await editor.correct(one, "标题：水厂夜里抢修")
    assert "水厂夜里抢修" in changed.text
    out = await editor.turn(one, SIMPLIFIED.draft_leave_out)
    assert SIMPLIFIED.draft_left_out in out.text
    back = await editor.turn(one, SIMPLIFIED.draft_back)
    assert "2. 水厂夜里抢修" in back.text
    assert SIMPLIFIED.draft_add_all(7) in labels(back)
    corrected = await editor.correct(card, "3 标题：插秧\n删 4 5\n6 日期：2026-04-20")
    assert "3. 插秧" in corrected.text
    assert SIMPLIFIED.draft_add_all(5) in labels(corrected)
    written = editor.write("标题：没说哪篇", reply_to=card)
    assert (await editor.reply_to(written)).text == SIMPLIFIED.fault_which_article
    written = editor.write("99 标题：没有", reply_to=card)
    assert "99" in (await editor.reply_to(written)).text


async def test_an_album_has_one_card(editor: Editor) -> None:
    sent = [
        editor.send(f"{number}.md", markdown(f"第{number}篇", f"{number}号码头修好了。"), **album)
        for number in range(3)
        for album in [{"media_group_id": f"a{editor.id}", "caption": "看看"}]
    ]
    card = await editor.card(sent[0])
    assert card.text.startswith(SIMPLIFIED.drafts_found(3))
    assert all(f"第{number}篇" in card.text for number in range(3))
    assert len(editor.messages()) == 1


@pytest.mark.long
async def test_an_archive_is_a_list_in_pages_with_what_was_wrong(editor: Editor) -> None:
    members = {f"{one:02}.md": markdown(f"第{one}篇", f"{one}号码头修好了。") for one in range(11)}
    card = await editor.card(editor.send("all.zip", packed(members | {"x.exe": b"MZ\0\0"})))
    assert card.text.startswith(SIMPLIFIED.drafts_found(11))
    assert "x.exe" in card.text
    assert "第10篇" not in card.text
    other = await editor.turn(card, "▶")
    assert "11. 第10篇" in other.text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("evil.zip", packed({"../../outside.md": b"x"})),
        pytest.param("a.exe", b"MZ\x90\0", marks=pytest.mark.long),
        pytest.param("a.pdf", b"\x89PNG\r\n\x1a\n", marks=pytest.mark.long),
        pytest.param("a.txt", b"", marks=pytest.mark.long),
        pytest.param("a\u202egpj.md\n/../b", b"\0\0\0\0", marks=pytest.mark.long),
    ],
)
async def test_what_cannot_be_read_is_refused_with_a_reason(
    stage: Stage, editor: Editor, name: str, data: bytes
) -> None:
    card = await editor.card(editor.send(name, data))
    assert card.text.startswith(SIMPLIFIED.draft_nothing)
    assert SIMPLIFIED.draft_problems in card.text
    assert labels(card) == [SIMPLIFIED.draft_discard]
    assert not list(stage.corpus.parent.rglob("outside.md"))


async def test_a_text_that_is_passed_on_is_an_article(editor: Editor) -> None:
    card = await editor.card(editor.api.forward_text(NOTE, editor.id))
    assert TITLE in card.text
    assert "林远舟" in card.text
    assert labels(card) == [SIMPLIFIED.draft_add, SIMPLIFIED.draft_discard]


async def test_add_takes_the_text_after_it_and_fields_before_that(editor: Editor) -> None:
    card = await editor.card(editor.write(f"/add 标题：灯塔\n日期：2025-03-02\n{TEXT}"))
    assert "灯塔\n" in card.text
    assert "2025-03-02" in card.text
    assert TEXT.split("\n")[0] in card.text


@pytest.mark.long
async def test_add_takes_what_it_replies_to(editor: Editor) -> None:
    text = editor.write("码头今天重新开放。")
    await editor.reply_to(text)
    asked = editor.api.send_text("/add 标题：码头", editor.id, reply_to=text)
    card = await editor.card(asked)
    assert "码头今天重新开放" in card.text
    assert "码头\n" in card.text


async def test_add_alone_says_how(editor: Editor) -> None:
    assert (await editor.command("/add")).text == SIMPLIFIED.add_usage


async def test_a_long_text_of_ones_own_may_be_a_question_after_all(editor: Editor) -> None:
    card = await editor.card(editor.write(f"青石镇的新桥有多长？\n{LONG}"))
    before = editor.seen()
    await editor.tap(card, SIMPLIFIED.draft_question)
    await editor.until(card, SIMPLIFIED.draft_asked)
    (answer,) = await editor.api.wait_for_message(
        editor.id, timeout=SECONDS, matching=lambda one: one.message_id > before
    )
    assert answer.reply_to == card.message_id


@pytest.mark.long
async def test_a_short_text_and_one_about_an_answer_are_questions(editor: Editor) -> None:
    answer = await editor.ask("青石镇的新桥有多长？")
    assert "100" in answer.text
    assert not is_card(await editor.ask(f"还有呢？\n{LONG}", reply_to=answer))


async def test_a_text_that_telegram_cut_is_one_article(editor: Editor) -> None:
    first = editor.api.forward_text(f"{TITLE}\n\n" + "灯" * 3990 + "。", editor.id)
    editor.api.forward_text("末尾一句话。", editor.id)
    card = await editor.card(first + 1)
    assert SIMPLIFIED.characters(3998) in card.text
    assert len(editor.messages()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("日期：昨天", SIMPLIFIED.fault_wrong_date),
        ("颜色：红", SIMPLIFIED.fault_unknown_field),
        ("谢谢", SIMPLIFIED.fault_unknown_field),
    ],
)
async def test_a_correction_that_cannot_be_followed_says_how_it_is_written(
    editor: Editor, text: str, said: str
) -> None:
    card = await editor.card(editor.send("a.txt", NOTE.encode()))
    written = editor.write(f"作者：别人\n{text}", reply_to=card)
    told = (await editor.reply_to(written)).text
    assert told == f"{said.format(line=text)}\n{SIMPLIFIED.nothing_corrected}"
    assert "别人" not in editor.now(card).text


@pytest.mark.long
async def test_a_correction_that_is_edited_counts_as_it_is_then(editor: Editor) -> None:
    card = await editor.card(editor.api.forward_text(NOTE, editor.id))
    before = editor.now(card)
    sent = editor.write("标题：灯塔熄灭", reply_to=card)
    before = await editor.changed(before)
    editor.api.edit_text(editor.id, sent, "标题：灯塔又亮了")
    assert "灯塔又亮了" in (await editor.changed(before)).text


async def test_a_correction_that_replies_to_nothing_is_for_the_newest_card(editor: Editor) -> None:
    card = await editor.card(editor.api.forward_text(NOTE, editor.id))
    before = editor.now(card)
    editor.write("来源：湾报")
    assert "湾报" in (await editor.changed(before)).text


async def test_a_correction_that_changes_nothing_says_so(editor: Editor) -> None:
    card = await editor.card(editor.api.forward_text(NOTE, editor.id))
    same = await editor.reply_to(editor.write(f"标题：{TITLE}", reply_to=card))
    assert same.text == SIMPLIFIED.nothing_to_correct


async def test_the_words_under_a_picture_are_an_article(editor: Editor) -> None:
    card = await editor.card(editor.api.send_other("photo", editor.id, caption=NOTE))
    assert TITLE in card.text


async def test_what_is_passed_on_commands_nothing(stage: Stage, editor: Editor) -> None:
    reader = Reader(stage.api)
    await reader.ask("灯塔在哪里？")
    answer = await reader.reply_to(stage.api.forward_text("/forget", reader.id))
    assert SIMPLIFIED.unknown_command not in answer.text
    held = (await reader.command("/privacy")).text
    assert SIMPLIFIED.questions_kept(0) not in held
    card = await editor.card(stage.api.forward_text("/reload 是什么意思", editor.id))
    assert "/reload" in card.text


async def test_fields_in_a_caption_count(editor: Editor) -> None:
    card = await editor.card(editor.send("a.txt", NOTE.encode(), caption="请收\n来源：海岬晚报"))
    assert "海岬晚报" in card.text


async def test_a_file_that_is_too_big_is_not_fetched(editor: Editor) -> None:
    card = await editor.card(editor.send("a.pdf", b"%PDF-", size=30_000_000))
    assert "20 MB" in card.text
    assert not any(call.method == "getFile" for call in editor.api.calls[-3:])


@pytest.mark.long
async def test_a_file_is_asked_for_twice(editor: Editor) -> None:
    editor.api.fail_next(DOWNLOAD, 502, "Bad Gateway")
    card = await editor.card(editor.send("a.txt", NOTE.encode()))
    assert TITLE in card.text


@pytest.mark.long
async def test_a_file_that_telegram_does_not_give_is_told_of(stage: Stage, editor: Editor) -> None:
    editor.api.fail_next(DOWNLOAD, 502, "Bad Gateway", times=2)
    card = await editor.card(editor.send("a.txt", NOTE.encode()))
    assert SIMPLIFIED.file_unavailable in card.text
    assert list((stage.corpus.parent / "data" / "uploads").iterdir()) == []


async def test_an_inbox_that_leads_out_is_not_written_to(
    stage: Stage, editor: Editor, tmp_path: Path
) -> None:
    folder = stage.corpus / "inbox"
    aside = stage.corpus / ".aside"
    if folder.exists():
        folder.rename(aside)
    folder.symlink_to(tmp_path)
    try:
        card = await editor.card(editor.send("a.md", markdown("链接之外", TEXT)))
        await editor.tap(card, SIMPLIFIED.draft_add)
        refused = await editor.until(card, "inbox")
        assert SIMPLIFIED.trouble_leads_out.format(name="inbox") in refused.text
        assert SIMPLIFIED.draft_add in labels(refused)
        assert is_empty(tmp_path)
    finally:
        folder.unlink()
        if aside.exists():
            aside.rename(folder)


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh-hant"])
async def test_the_card_speaks_the_language_of_the_admin(stage: Stage, language: str) -> None:
    editor = Editor(stage.api, language)
    words = ENGLISH if language == "en" else TRADITIONAL
    card = await editor.card(editor.send("a.txt", NOTE.encode()), words)
    field = "title: Lighthouse" if language == "en" else "標題：Lighthouse"
    assert "Lighthouse" in (await editor.correct(card, field)).text


@pytest.mark.long
async def test_in_an_admins_chat_what_is_addressed_is_taken(stage: Stage) -> None:
    api, member = stage.api, new_reader()
    sent = api.send_document(
        "a.txt", NOTE.encode(), member, ADMINS_CHAT, caption="@baoda_test_bot 收录"
    )
    (card,) = await api.wait_for_message(
        ADMINS_CHAT, timeout=SECONDS, matching=lambda one: one.reply_to == sent and is_card(one)
    )
    api.send_text("标题：群里改的", member, ADMINS_CHAT, reply_to=card.message_id)
    await api.wait_for_message(
        ADMINS_CHAT, timeout=SECONDS, matching=lambda one: "群里改的" in one.text
    )
    api.send_document("b.txt", NOTE.encode(), member, ADMINS_CHAT)
    asked = api.send_text("/add", member, ADMINS_CHAT, reply_to=sent)
    await api.wait_for_message(
        ADMINS_CHAT, timeout=SECONDS, matching=lambda one: one.reply_to == asked and is_card(one)
    )
    assert len(api.sent(ADMINS_CHAT)) == 2


async def test_a_reader_gets_the_usual_words(stage: Stage, editor: Editor) -> None:
    reader = Reader(stage.api)
    before = len([call for call in stage.api.calls if call.method == "getFile"])
    stage.api.send_document("a.txt", NOTE.encode(), reader.id)
    (said,) = await stage.api.wait_for_message(reader.id, timeout=SECONDS)
    assert said.text == SIMPLIFIED.only_text
    assert (await reader.command("/add 标题：一")).text == SIMPLIFIED.unknown_command
    long = reader.write(f"青石镇的新桥有多长？\n{LONG}")
    assert not is_card(await reader.reply_to(long))
    card = await editor.card(editor.send("a.txt", NOTE.encode()))
    add = next(one["callback_data"] for one in card.buttons)
    assert await reader.forge(said, add) == SIMPLIFIED.unknown_button
    after = len([call for call in stage.api.calls if call.method == "getFile"])
    assert after == before + 1


async def test_a_card_obeys_nobody_in_another_chat(stage: Stage, editor: Editor) -> None:
    card = await editor.card(editor.send("a.md", markdown("别处", TEXT)))
    other = Editor(stage.api)
    theirs = await other.card(other.send("a.txt", NOTE.encode()))
    add = next(one["callback_data"] for one in card.buttons)
    assert await other.forge(theirs, add) == SIMPLIFIED.draft_gone
    assert "别处.md" not in inbox(stage)
    for data in ("m:inbox:add:", "m:inbox:add:99999999999999999999", "m:inbox:open:1.999999"):
        await other.forge(theirs, data)
    assert await other.forge(theirs, "m:inbox:nonsense:1") != ""


@pytest.mark.long
async def test_others_are_answered_while_a_file_is_read(stage: Stage, editor: Editor) -> None:
    members = {f"{one:03}.md": markdown(f"第{one}篇", f"{one}号码头。") for one in range(100)}
    sent = editor.send("all.zip", packed(members))
    asked = editor.write("青石镇的新桥有多长？")
    assert "100" in (await editor.reply_to(asked)).text
    card = await editor.card(sent)
    assert card.text.startswith(SIMPLIFIED.drafts_found(100))
