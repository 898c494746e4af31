"""/reload: the articles read again, for admins."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update
from telegram.ext import ContextTypes

from bot.phrases import Phrases
from bot.telegram.delivery import beside
from bot.telegram.desk.office import Office
from bot.telegram.rendering import render_text
from retrieval.errors import ReloadError

_SHOWN_PROBLEMS = 20

Reload = Callable[[], Awaitable[dict[str, Any]]]


class Reloading:
    """One reload at a time; the report takes the place of the word that it has begun."""

    def __init__(self, office: Office, reload: Reload) -> None:
        self._office = office
        self._reload = reload
        self._running = asyncio.Lock()

    async def reload(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/reload"""
        assert update.message is not None
        ticket, phrases = self._office.tickets.of(update), self._office.people.phrases(update)
        target = beside(update.message)
        ticket.step_aside()
        if self._running.locked():
            await ticket.reply(render_text(phrases.reload_running), target)
            return
        async with self._running:
            await ticket.show(render_text(phrases.reload_started), target)
            try:
                text = _report(await self._reload(), phrases)
            except ReloadError as error:
                text = phrases.reload_failed.format(reason=error)
        await ticket.reply(render_text(text), target)


def _report(result: dict[str, Any], phrases: Phrases) -> str:
    if result["generation"] == result["previous"]:
        text = phrases.reload_unchanged.format(articles=phrases.articles(result["articles"]))
    else:
        text = phrases.reload_done.format(
            added=len(result["added"]),
            changed=len(result["changed"]),
            removed=len(result["removed"]),
            unchanged=result["unchanged"],
            articles=phrases.articles(result["articles"]),
            chunks=phrases.chunks(result["chunks"]),
            seconds=round(result["seconds"]),
        )
    failed = result["failed"]
    if not failed:
        return text
    lines = [
        f"• {one['file']}{':' + str(one['line']) if one['line'] else ''} — {one['reason']}"
        for one in failed[:_SHOWN_PROBLEMS]
    ]
    if len(failed) > _SHOWN_PROBLEMS:
        lines.append(f"… +{len(failed) - _SHOWN_PROBLEMS}")
    return "\n".join([text, "", phrases.reload_problems, *lines])
