"""/article, /remove, /restore and /audit: the files of the collection, and who did what to it."""

import asyncio
import datetime
import zoneinfo
from collections.abc import Callable, Sequence
from typing import Literal

from telegram import Message, Update
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.desk.bin import Bin, Binned
from bot.desk.places import PlaceError, Trouble, file_inside
from bot.phrases import Phrases
from bot.store import DeedAction, StoreError
from bot.telegram.addressing import own_words_of
from bot.telegram.buttons import Manage, OpenArticle, OpenCitation, parse
from bot.telegram.delivery import beside, keyboard_of
from bot.telegram.desk.office import Office
from bot.telegram.desk.refreshing import Refreshing, why_not
from bot.telegram.desk.troubles import told_trouble
from bot.telegram.handlers.apologies import apology
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.rendering import Part, clean_line, render_text
from bot.telegram.rendering.audits import DEEDS_A_PAGE, render_deeds
from bot.telegram.rendering.drafts import render_note
from bot.telegram.rendering.shelving import (
    MOST_FOUND,
    render_bin,
    render_choice,
    render_placed,
    render_removal,
    render_removed,
    render_restored,
)
from bot.telegram.tapping import Tap
from retrieval.errors import BaodaError
from retrieval.index.articles import Placed
from retrieval.index.keys import short_key
from retrieval.types import Article, Match

_MOST_CHARACTERS = 200
_KEY_CHARACTERS = 12
_RECENT = 20
"""Deeds among which one is looked for that may have been noted before a restart."""

_MOVES = ("remove", "restore")
_LONGEST_WORD = 200
"""On a tap."""

Verb = Literal["show", "remove"]


class Shelving:
    """Articles shown with their files, removed, and brought back."""

    def __init__(
        self, office: Office, shelf: Shelf, conversations: Conversations, refreshing: Refreshing
    ) -> None:
        self._office = office
        self._shelf = shelf
        self._conversations = conversations
        self._refreshing = refreshing
        self._corpus = office.settings.corpus_dir
        self._bin = Bin(self._corpus)
        self._zone = zoneinfo.ZoneInfo(office.settings.timezone)
        self._moving = asyncio.Lock()

    async def article(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/article: where an article lies."""
        await self._find(update, "article", "show")

    async def remove(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/remove: asks whether its file is to go."""
        await self._find(update, "remove", "remove")

    async def restore(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/restore: what can be brought back."""
        phrases = self._office.people.phrases(update)
        binned = await asyncio.to_thread(self._bin.newest, MOST_FOUND)
        if binned:
            parts = [render_bin(binned, self._zone, phrases)]
        else:
            parts = render_text(phrases.bin_empty)
        await self._office.tickets.reply(update, parts)

    async def audit(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/audit: who did what."""
        phrases = self._office.people.phrases(update)
        try:
            parts = [await self._deeds(0, phrases)]
        except StoreError:
            parts = render_text(phrases.not_kept_now)
        await self._office.tickets.reply(update, parts)

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """A button of these."""
        try:
            match managed.verb:
                case "show" | "remove":
                    part = await self._about(managed.subject, managed.verb, tap.phrases)
                    await tap.say("")
                    await self._put(tap, part)
                case "confirm":
                    await self._remove(tap, managed.subject)
                case "restore":
                    await self._restore(tap, managed.subject)
                case "audit" if managed.subject.isdecimal() and len(managed.subject) < 6:
                    part = await self._deeds(int(managed.subject), tap.phrases)
                    await tap.say("")
                    await self._put(tap, part)
                case _:
                    await tap.say(tap.phrases.unknown_button)
        except Unopenable as why:
            await tap.say(str(why), alert=True)
        except StoreError:
            await tap.say(tap.phrases.not_kept_now, alert=True)

    async def _find(self, update: Update, command: str, verb: Verb) -> None:
        assert update.message is not None
        phrases = self._office.people.phrases(update)
        words = own_words_of(update.message, self._office.bot)
        words = clean_line(words)[:_MOST_CHARACTERS]
        try:
            found: Sequence[Article | Match] = ()
            if words:
                found = await self._found(words, phrases)
            elif (former := update.message.reply_to_message) is not None:
                found = await self._shown_in(former, phrases)
            if not words and not found:
                parts = render_text(phrases.article_usage.format(command=command))
            elif not found:
                parts = render_text(phrases.nothing_found.format(words=words[:100]))
            elif len(found) == 1:
                parts = [await self._about(short_key(_id_of(found[0])), verb, phrases)]
            else:
                parts = [render_choice(found, verb, phrases)]
        except BaodaError as error:
            parts = render_text(apology(error, words, phrases))
        except Unopenable as why:
            parts = render_text(str(why))
        await self._office.tickets.of(update).reply(parts, beside(update.message))

    async def _found(self, words: str, phrases: Phrases) -> Sequence[Article | Match]:
        """The article with that key, id or file, those with that title, or those about it."""
        keys = [short_key(words)]
        if len(words) == _KEY_CHARACTERS:
            keys.append(words.lower())
        for key in keys:
            placed = await self._shelf.placed(key, phrases)
            if placed is not None:
                return [placed.article]
        titled = await self._shelf.titled(words, MOST_FOUND, phrases)
        return titled or await self._conversations.look_up(words)

    async def _shown_in(self, former: Message, phrases: Phrases) -> Sequence[Article | Match]:
        """The articles that a message of ours shows or cites."""
        if not former.from_user or former.from_user.id != self._office.bot.id:
            return ()
        actions = (parse(button.data) for row in keyboard_of(former) for button in row)
        keys = [one.key for one in actions if isinstance(one, OpenArticle | OpenCitation)]
        placed = [await self._shelf.placed(key, phrases) for key in dict.fromkeys(keys)]
        articles = [one.article for one in placed if one is not None]
        if articles:
            return articles
        for line in (former.text or "").splitlines()[:2]:
            if titled := await self._shelf.titled(line.strip(), MOST_FOUND, phrases):
                return titled
        return ()

    async def _about(self, key: str, verb: str, phrases: Phrases) -> Part:
        """An article, or the question whether it is to go. Raises Unopenable."""
        placed = await self._shelf.placed(key, phrases)
        if placed is None:
            raise Unopenable(phrases.article_gone)
        if verb == "remove":
            return render_removal(placed, phrases)
        changed = await asyncio.to_thread(self._changed_at, placed.path)
        return render_placed(placed, changed, phrases)

    def _changed_at(self, path: str) -> datetime.datetime | None:
        try:
            stamp = file_inside(self._corpus, path).stat().st_mtime
        except (PlaceError, OSError):
            return None
        return datetime.datetime.fromtimestamp(stamp, self._zone)

    async def _remove(self, tap: Tap, key: str) -> None:
        async with self._moving:
            placed = await self._shelf.placed(key, tap.phrases)
            try:
                binned = await self._binned(tap, key, placed)
            except PlaceError as error:
                await tap.say("")
                await self._put(tap, render_note(told_trouble(error, tap.phrases)))
                return
            await self._note_once(tap, "remove", binned.path)
        await self._refresh(tap, lambda reason: render_removed(binned, tap.phrases, reason=reason))

    async def _binned(self, tap: Tap, key: str, placed: Placed | None) -> Binned:
        """The file in the bin, put there now or before a restart. Raises PlaceError, Unopenable."""
        if placed is None:
            before = await asyncio.to_thread(self._bin.of_article, key)
            if before is None or not tap.ticket.is_resumed:
                raise Unopenable(tap.phrases.article_gone)
            return before
        try:
            return await asyncio.to_thread(
                self._bin.remove,
                placed.path,
                key=key,
                title=placed.article.title,
                articles=placed.in_file,
                now=datetime.datetime.now(self._zone),
            )
        except PlaceError as error:
            before = await asyncio.to_thread(self._bin.of_article, key)
            if error.trouble is not Trouble.GONE or before is None:
                raise
            return before

    async def _restore(self, tap: Tap, token: str) -> None:
        async with self._moving:
            try:
                path = await asyncio.to_thread(self._bin.restore, token)
            except PlaceError as error:
                await tap.say(told_trouble(error, tap.phrases)[:_LONGEST_WORD], alert=True)
                return
            await self._note_once(tap, "restore", path)
        await self._refresh(tap, lambda reason: render_restored(path, tap.phrases, reason=reason))
        await asyncio.to_thread(self._bin.settle, token)

    async def _refresh(self, tap: Tap, render: Callable[[str], Part]) -> None:
        """Reload, and put what `render` makes of the reason why that failed, "" for none."""
        await tap.say("")
        await self._put(tap, render_note(tap.phrases.shelving))
        try:
            await self._refreshing.reload()
        except BaodaError as error:
            reason = why_not(error, tap.phrases)
        else:
            reason = ""
        await self._put(tap, render(reason))

    async def _note_once(self, tap: Tap, action: DeedAction, path: str) -> None:
        """Note what was done to a file, unless it was before a restart. Raises StoreError."""
        if tap.ticket.is_resumed:
            deeds = await self._office.journal.run(lambda store: store.deeds(0, _RECENT))
            moved = [one.action for one in deeds if one.subject == path and one.action in _MOVES]
            if moved and moved[0] == action:
                return
        await self._office.note(tap.ticket.update, action, path)

    async def _deeds(self, page: int, phrases: Phrases) -> Part:
        """A page of what was done, from 0. Raises StoreError."""
        first = page * DEEDS_A_PAGE
        deeds = await self._office.journal.run(lambda store: store.deeds(first, DEEDS_A_PAGE + 1))
        is_last = len(deeds) <= DEEDS_A_PAGE
        shown = deeds[:DEEDS_A_PAGE]
        return render_deeds(shown, page, is_last=is_last, zone=self._zone, phrases=phrases)

    async def _put(self, tap: Tap, part: Part) -> None:
        await self._office.delivery.edit(tap.message.chat.id, tap.message.message_id, part)


def _id_of(found: Article | Match) -> str:
    return found.id if isinstance(found, Article) else found.article_id
