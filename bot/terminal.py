"""The chat in a terminal, and answers one a line for a pipe."""

import asyncio
import sys
from contextlib import aclosing
from contextvars import copy_context
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from bot import request_ids
from bot.conversations import TERMINAL, Conversations, Reply
from bot.phrases import Phrases, introduction, left_open, notice, terminal_phrases
from bot.settings import Settings
from bot.wiring import lone_answerer, make_conversations
from retrieval.errors import BaodaError, CollectionError
from retrieval.types import Answer, Citation


def converse(settings: Settings) -> None:
    """Ask and answer until the end of input, in one conversation."""
    phrases = terminal_phrases(settings.bot_language)
    console = Console()
    conversations = make_conversations(settings)
    console.print(Text(phrases.terminal_greeting, style="dim"))
    try:
        # the prompt waits outside of the event loop, where Ctrl-C ends it at once
        with asyncio.Runner() as runner:
            while True:
                question = console.input("\n[bold cyan]> [/]").strip()
                if question == "/new":
                    begun = runner.run(conversations.forget(TERMINAL))
                    text = phrases.begun_anew if begun else phrases.not_begun_anew
                    console.print(Text(text, style="dim"))
                elif question:
                    answering = _answered(console, conversations, question, phrases)
                    try:
                        with request_ids.request():
                            answer = runner.run(answering, context=copy_context())
                    except BaodaError as error:
                        console.print(Text(str(error), style="red"))
                    else:
                        _print_answer(console, answer, phrases)
    except (EOFError, KeyboardInterrupt):
        console.print()
    finally:
        conversations.close()


async def _answered(
    console: Console, conversations: Conversations, question: str, phrases: Phrases
) -> Answer:
    """The answer; what is written of it so far stands there meanwhile."""
    waiting = Spinner("dots", phrases.thinking)
    with Live(waiting, console=console, transient=True) as shown:
        async with aclosing(conversations.ask(TERMINAL, question)) as steps:
            async for step in steps:
                if isinstance(step, Reply):
                    return step.answer
                shown.update(Group(Text(step.text), waiting))
    raise AssertionError("a stream ends with its answer")


async def answer_lines(settings: Settings, stream: TextIO) -> None:
    """One answer on one line of standard output for every line that is not blank.

    Where the answers come from, and what they leave open, goes to standard error.
    """
    phrases = terminal_phrases(settings.bot_language)
    with lone_answerer(settings) as answerer:
        for line in stream:
            if not line.strip():
                continue
            try:
                with request_ids.request():
                    answer = await answerer.answer(line)
            except CollectionError:
                raise  # no line would be answered
            except BaodaError as error:
                print(error, flush=True)
                continue
            print(" ".join(answer.text.splitlines()), flush=True)
            remarks = (notice(answer, phrases), left_open(answer, phrases))
            for source in filter(None, [*remarks, *_sources(answer)]):
                print(f"    {source}", file=sys.stderr, flush=True)


def plain_answer(answer: Answer, phrases: Phrases) -> str:
    """Answer, remarks on it, then its sources or the nearest articles, one a line."""
    remarks = (notice(answer, phrases), left_open(answer, phrases))
    lines = [answer.text, *remarks, *_sources(answer)]
    return "\n".join(filter(None, lines))


def _sources(answer: Answer) -> list[str]:
    cited = [f"[{one.number}] {source_line(one)}" for one in answer.citations]
    return [*cited, *(f"≈ {one.title or one.article_id}" for one in answer.nearest)]


def source_line(citation: Citation) -> str:
    """Headline, byline and date of what is cited, and where the words stand in it."""
    parts = [citation.title or citation.article_id, citation.byline, citation.date]
    place = f"{citation.article_id} {citation.field} {citation.start}–{citation.end}"
    return " · ".join([*(part for part in parts if part), place])


def _print_answer(console: Console, answer: Answer, phrases: Phrases) -> None:
    if intro := introduction(answer, phrases):
        console.print(Text(intro, style="dim"))
    console.print(Text(answer.text, style="yellow" if answer.refused else ""))
    for line in filter(None, (left_open(answer, phrases), notice(answer, phrases))):
        console.print(Text(line, style="yellow"))
    if answer.refused and answer.nearest:
        console.print(Text(phrases.nearest, style="dim"))
    for source in _sources(answer):
        console.print(Text(source, style="dim"), soft_wrap=True)
    if answer.mode != "extractive":
        for citation in answer.citations:
            console.print(Text(f"[{citation.number}] “{citation.quote}”", style="dim italic"))
