"""Writes docs/transcript.md, and the shorter conversation in the README: `make transcript`.

The real bot, as a process with an index of the shipped corpus, talks with a scripted reader over
the emulated Bot API. What stands in the files is what it sent.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bot.phrases import SIMPLIFIED
from tests.conftest import CORPUS, ROOT, environment
from tests.e2e.bot_api import EmulatedBotApi, SentMessage
from tests.e2e.desks import ADMINS, NOTE, TITLE, Editor
from tests.e2e.readers import SECONDS, Reader, is_final
from tests.e2e.running import RunningBot

TRANSCRIPT, README = ROOT / "docs" / "transcript.md", ROOT / "README.md"
BEGIN, END = "<!-- a conversation, by make transcript -->", "<!-- the end of it -->"
_TOP = """# A conversation with Baoda

Written by `make transcript`: the real bot, without any key, on the articles in `corpus/`, and a
reader and an editor who follow a script. Quotations are folded in Telegram until they are tapped.
"""
_MARKDOWN = re.compile(r"[\\`*_<>~|]")
_LINE_START = re.compile(r"^(\d*)([-+#=.)])", re.MULTILINE)
_MEMBERS = {"Lin": 8001, "Zhou": 8002}
_QUOTATIONS = ("blockquote", "expandable_blockquote")


class Scribe:
    """A reader, or an editor, whose conversation is written down."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._name = "Editor" if isinstance(reader, Editor) else "Reader"
        self._paragraphs: list[str] = []

    @property
    def text(self) -> str:
        """The conversation as Markdown."""
        return "\n\n".join(self._paragraphs) + "\n"

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._paragraphs.append(f"## {text}")

    async def ask(self, question: str) -> SentMessage:
        """A question and what comes back."""
        self._say(question)
        return self._hear(await self._reader.ask(question))

    async def reply(self, to: SentMessage, text: str) -> SentMessage:
        """The same, in reply to a message."""
        first = to.text.partition("\n")[0]
        self._note(f"replies to “{_escaped(first)}”:")
        self._say(text)
        return self._hear(await self._reader.ask(text, reply_to=to))

    async def command(self, text: str) -> SentMessage:
        """A command and what follows it."""
        self._say(text)
        return self._hear(await self._reader.command(text))

    async def open(self, message: SentMessage, button: str) -> SentMessage:
        """A tap that brings a message."""
        self._tap(button)
        return self._hear(await self._reader.open(message, button))

    async def turn(self, message: SentMessage, button: str) -> SentMessage:
        """A tap that changes the message."""
        self._tap(button, "and that message becomes")
        return self._hear(await self._reader.turn(message, button))

    async def rate(self, message: SentMessage, button: str) -> SentMessage:
        """A tap that changes no more than the buttons."""
        before = self._reader.now(message)
        toast = await self._reader.tap(message, button)
        changed = await self._reader.changed(before)
        self._tap(button, f"is told “{toast}”, and the buttons become")
        self._paragraphs.append(_buttons(changed))
        return changed

    async def close(self, message: SentMessage, button: str) -> None:
        """A tap that takes a message away."""
        await self._reader.tap(message, button)
        await self._reader.api.wait_for(
            lambda _: all(one.message_id != message.message_id for one in self._reader.messages())
        )
        self._tap(button, "and that message is gone.", colon="")

    async def edit(self, answer: SentMessage, question: str) -> SentMessage:
        """A question that is changed, and what becomes of its answer."""
        self._note("changes the question:")
        self._say(question)
        changed = await self._reader.edit(answer, question)
        self._paragraphs.append("*and the answer, where it stands, becomes:*")
        return self._hear(changed)

    def _say(self, text: str) -> None:
        self._paragraphs.append(f"**{self._name}:** {_lines(_escaped(text), '')}")

    def _note(self, what: str) -> None:
        self._paragraphs.append(f"*The {self._name.lower()} {what}*")

    def _tap(self, button: str, outcome: str = "", colon: str = ":") -> None:
        what = f", {outcome}" if outcome else ""
        self._note(f"taps {_button(button)}{what}{colon}")

    def _hear(self, message: SentMessage) -> SentMessage:
        said = markdown(message)
        gap = "\n\n" if said.startswith(">") else " "
        self._paragraphs.append(f"**Baoda:**{gap}{said}")
        if message.buttons:
            self._paragraphs.append(_buttons(message))
        return message


class DeskScribe(Scribe):
    """An editor at work on the collection."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor

    async def forward(self, text: str) -> SentMessage:
        """An article that somebody wrote, and the card that shows how it was understood."""
        self._note("forwards an article:")
        self._say(text)
        sent = self._editor.api.forward_text(text, self._editor.id)
        return self._hear(await self._editor.card(sent))

    async def correct(self, card: SentMessage, text: str) -> SentMessage:
        """A reply to the card, and what becomes of it."""
        self._note("replies to the card, which changes:")
        self._say(text)
        return self._hear(await self._editor.correct(card, text))

    async def settle(self, message: SentMessage, button: str, words: str) -> SentMessage:
        """A tap, and the message once these words stand in it."""
        self._tap(button, "and that message becomes in the end")
        await self._editor.tap(message, button)
        return self._hear(await self._editor.until(message, words))


def markdown(message: SentMessage) -> str:
    """A message of the bot in Markdown."""
    units = message.text.encode("utf-16-le")
    size = len(units) // 2
    quotations = [one for one in message.entities if one["type"] in _QUOTATIONS]
    edges = {0, size}
    for one in quotations:
        edges |= {one["offset"], one["offset"] + one["length"]}
    blocks = []
    for start, end in zip(sorted(edges), sorted(edges)[1:], strict=False):
        quoted = any(one["offset"] <= start < one["offset"] + one["length"] for one in quotations)
        block = _lines(_marked(message, units, start, end), "> " if quoted else "")
        blocks.append(block)
    return "\n\n".join(filter(None, blocks))


def _marked(message: SentMessage, units: bytes, start: int, end: int) -> str:
    """A stretch of the text with the marks of what is bold or a link in it."""
    opened: dict[int, list[str]] = {}
    closed: dict[int, list[str]] = {}
    for one in message.entities:
        first, last = one["offset"], one["offset"] + one["length"]
        if one["type"] == "text_link":
            marks = ("[", f"]({one['url']})")
        elif one["type"] == "bold":
            marks = ("<b>", "</b>")  # asterisks beside Chinese punctuation are shown as such
        else:
            continue
        if start <= first and last <= end:
            opened.setdefault(first, []).append(marks[0])
            closed.setdefault(last, []).insert(0, marks[1])
    places = sorted({start, end, *opened, *closed})
    pieces = []
    for place, following in zip(places, [*places[1:], end], strict=True):
        if start <= place <= end:
            pieces += [*closed.get(place, ()), *opened.get(place, ())]
            text = units[2 * place : 2 * min(following, end)].decode("utf-16-le")
            pieces.append(_escaped(text))
    return "".join(pieces).replace("</b><b>", "")


def _lines(text: str, prefix: str) -> str:
    """Each line on a line of its own, an empty one as the end of a paragraph."""
    paragraphs = [
        f"\\\n{prefix}".join(filter(None, paragraph.split("\n")))
        for paragraph in re.split(r"\n{2,}", text.strip("\n"))
    ]
    blank = f"\n{prefix.rstrip()}\n{prefix}"
    return prefix + blank.join(paragraphs) if any(paragraphs) else ""


def _escaped(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", text))


def _buttons(message: SentMessage) -> str:
    rows = (message.reply_markup or {}).get("inline_keyboard", ())
    return "\\\n".join(" ".join(_button(button["text"]) for button in row) for row in rows)


def _button(label: str) -> str:
    return label if label.startswith("[") else f"[ {label} ]"


class Minutes:
    """What is said in a group, written down; the bot answers some of it."""

    def __init__(self, api: EmulatedBotApi, chat_id: int) -> None:
        self._api = api
        self._chat_id = chat_id
        self._paragraphs: list[str] = []

    @property
    def text(self) -> str:
        """The conversation as Markdown."""
        return "\n\n".join(self._paragraphs) + "\n"

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._paragraphs.append(f"## {text}")

    def say(self, name: str, text: str, to: int | None = None) -> int:
        """What somebody says, in reply to a message of somebody; the number of the message."""
        replying = ", replying" if to else ""
        self._paragraphs.append(f"**{name}{replying}:** {_escaped(text)}")
        return self._api.send_text(
            text, _MEMBERS[name], self._chat_id, chat_type="supergroup", reply_to=to
        )

    async def hear(self, asked: int) -> SentMessage:
        """What the bot replies to a message."""
        (reply,) = await self._api.wait_for_message(
            self._chat_id,
            timeout=SECONDS,
            matching=lambda one: one.reply_to == asked and is_final(one),
        )
        said = markdown(reply)
        gap = "\n\n" if said.startswith(">") else " "
        self._paragraphs.append(f"**Baoda:**{gap}{said}")
        if reply.buttons:
            self._paragraphs.append(_buttons(reply))
        return reply

    async def choose(self, name: str, words: str) -> None:
        """What somebody is offered after the bot's name, and sends of it."""
        query = self._api.inline_query(words, _MEMBERS[name])
        offered = await self._api.wait_for_inline(query, SECONDS)
        self._paragraphs.append(f"*{name} types “@baoda\\_test\\_bot {words}” and may choose:*")
        choices = [
            f"{number}. <b>{_escaped(one.title)}</b>\\\n   {_escaped(one.description)}"
            for number, one in enumerate(offered.results, start=1)
        ]
        self._paragraphs.append("\n".join(choices))
        first = offered.results[0]
        sent = SentMessage(0, first.text, "", "HTML", first.entities, first.reply_markup)
        self._paragraphs.append("*The first is sent to the chat:*")
        self._paragraphs.append(f"**{name}, via Baoda:** {markdown(sent)}")
        self._paragraphs.append(_buttons(sent))


async def _group(api: EmulatedBotApi) -> str:
    minutes = Minutes(api, -1001)
    minutes.heading("In a group")
    minutes.say("Lin", "你们看今天的报纸了吗？")
    minutes.say("Zhou", "还没有。")
    asked = minutes.say("Lin", "@baoda_test_bot城南社区的职工之家建在哪里，面积有多大？")
    answer = await minutes.hear(asked)
    await minutes.hear(minutes.say("Zhou", "那里有哪些功能区？", answer.message_id))
    wondered = minutes.say("Lin", "东城区的“文化金三角”是哪三个地方？")
    await minutes.hear(minutes.say("Zhou", "@baoda_test_bot", wondered))
    minutes.heading("In any chat")
    await minutes.choose("Zhou", "职工提出诉求以后，网格和上级工会多久要有回应？")
    return minutes.text


async def _long(api: EmulatedBotApi) -> str:
    reader = Scribe(Reader(api))
    reader.heading("A question, its sources, and what comes next")
    answer = await reader.ask("城南社区的职工之家建在哪里，面积有多大？")
    citation = await reader.open(answer, "[1]")
    page = await reader.turn(citation, "📄 全文")
    page = await reader.turn(page, "▶")
    await reader.close(page, "✕ 收起")
    followed = await reader.ask("那里有哪些功能区？")
    rated = await reader.rate(followed, "👎")
    await reader.rate(rated, "不完整")
    asked_back = await reader.open(rated, "✍ 写几句")
    await reader.reply(asked_back, "少了二楼的运动区域。")
    reader.heading("What the articles do not say")
    refusal = await reader.ask("故宫的门票多少钱一张？")
    await reader.open(refusal, "1")
    reader.heading("Back to an earlier answer")
    await reader.reply(followed, "它的面积有多大？")
    reader.heading("A question that is changed")
    answer = await reader.ask("东城区的“文化金三角”是哪三个地方？")
    await reader.edit(answer, "东城区有多少个优秀社区书记工作室？")
    reader.heading("Finding articles")
    found = await reader.command("/search 党建")
    await reader.open(found, "2")
    await reader.command("/sources")
    english = Scribe(Reader(api, "en"))
    english.heading("A reader of English")
    answer = await english.ask("Who took the photo of the winter market in Hangzhou?")
    await english.open(answer, "[1]")
    return f"{_TOP}\n{reader.text}\n{english.text}\n{await _group(api)}"


async def _desk(api: EmulatedBotApi) -> str:
    lacking = "故宫的门票多少钱一张？"
    await Reader(api).ask(lacking)
    editor = DeskScribe(Editor(api))
    editor.heading("At the desk: an article comes in")
    card = await editor.forward(NOTE)
    card = await editor.correct(card, "日期：2025年3月1日\n来源：海岬晚报")
    await editor.settle(card, SIMPLIFIED.draft_add, SIMPLIFIED.draft_added)
    await editor.ask("石岬灯塔熄灭了几年？")
    editor.heading("What readers asked and did not get")
    await editor.command("/gaps")
    editor.heading("An article goes")
    asked = await editor.command(f"/remove {TITLE}")
    await editor.settle(asked, SIMPLIFIED.remove_confirm, SIMPLIFIED.removed.partition("{")[0])
    await editor.command("/audit")
    return editor.text


async def _short(api: EmulatedBotApi) -> str:
    reader = Scribe(Reader(api))
    answer = await reader.ask("职工提出诉求以后，网格和上级工会多久要有回应？")
    await reader.open(answer, "[1]")
    await reader.ask("故宫的门票多少钱一张？")
    return reader.text


async def converse(
    script: Callable[[EmulatedBotApi], Awaitable[str]], data_dir: Path, **settings: Any
) -> str:
    """What is said between a scripted reader and a bot over that index."""
    async with EmulatedBotApi() as api:
        settings = {"CORPUS_DIR": CORPUS, "DATA_DIR": data_dir, **settings}
        with RunningBot(data_dir.parent / "bot", api.base_url, **settings):
            return await script(api)


async def short_conversation(data_dir: Path) -> str:
    """What stands in the README."""
    return await converse(_short, data_dir)


def in_readme() -> str:
    """The conversation that stands in the README now."""
    return README.read_text("utf-8").partition(f"{BEGIN}\n\n")[2].partition(f"\n{END}")[0]


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        variables = environment(CORPUS_DIR=CORPUS, DATA_DIR=data_dir)
        subprocess.run([sys.executable, "-m", "bot", "reload"], env=variables, check=True)
        desk_dir = Path(shutil.copytree(data_dir, Path(folder, "desk", "data")))
        corpus = shutil.copytree(CORPUS, Path(folder, "corpus"))
        admins = ",".join(map(str, ADMINS))
        long = asyncio.run(converse(_long, data_dir))
        desk = asyncio.run(converse(_desk, desk_dir, CORPUS_DIR=corpus, TELEGRAM_ADMIN_IDS=admins))
        TRANSCRIPT.write_text(f"{long}\n{desk}", "utf-8")
        short = asyncio.run(short_conversation(data_dir))
    before, _, rest = README.read_text("utf-8").partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{short}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    _write()
