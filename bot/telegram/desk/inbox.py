"""Articles by chat: what an admin sends is shown as it was understood, and added on a tap."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

from telegram import Document, Message, Update
from telegram.ext import ContextTypes

from bot.desk.corrections import (
    Correction,
    WrongLineError,
    leading_fields,
    looks_like_corrections,
    named_fields,
    read_corrections,
)
from bot.desk.drafts import Contents, Duplicate, Entry, Piece, understood
from bot.desk.inbox import Inbox, path_of
from bot.desk.places import PlaceError
from bot.desk.reading import read_aside
from bot.phrases import Phrases
from bot.store import Draft, DraftState, StoreError
from bot.telegram.addressing import author_of, is_reply_to, own_words_of
from bot.telegram.buttons import Manage, parse
from bot.telegram.delivery import Target, keyboard_of, reply_to
from bot.telegram.desk.downloads import Downloads, TooBigError, UnavailableError
from bot.telegram.desk.office import Office
from bot.telegram.desk.refreshing import Refreshing, why_not
from bot.telegram.desk.troubles import told_fault, told_trouble
from bot.telegram.handlers.questions import Questions
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.links import Links
from bot.telegram.rendering import Part, render_text
from bot.telegram.rendering.drafts import (
    render_added,
    render_draft,
    render_note,
    render_reading,
    render_unfinished,
)
from bot.telegram.tapping import Tap
from bot.telegram.tickets import Ticket
from retrieval.errors import BaodaError
from retrieval.incoming import Upload
from retrieval.incoming.limits import MAX_FILE_BYTES
from retrieval.index.keys import short_key
from retrieval.ranking.duplicates import repeats
from retrieval.types import Article, Problem

_LONG, _LONG_WITH_LINES = 1000, 300
"""Characters from which on an admin's own text is taken for an article; with a line break fewer."""

_REST_SECONDS = 1.5
"""How long the rest of a text that Telegram cut is waited for."""

_MOST = 10_000_000
"""Characters of one draft: it is kept as a whole, and an album may have ten files."""

_TEXT_NAME = "text.txt"
_MOST_SAME_TITLE = 20
_NAMED_IN_DEED = 3

Change = Callable[[Contents], Contents]
Known = Mapping[Article, Duplicate | None]
"""What the collection was found to have of some articles."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest text of somebody that was taken for an article."""

    batch: str
    contents: Contents


class InboxDesk:
    """What admins send, from the card that shows it to the file in the inbox."""

    def __init__(
        self, office: Office, shelf: Shelf, questions: Questions, refreshing: Refreshing
    ) -> None:
        self._office = office
        self._shelf = shelf
        self._questions = questions
        self._refreshing = refreshing
        self._inbox = Inbox(office.settings.corpus_dir)
        self._downloads = Downloads(
            office.bot, office.calls, office.settings.data_dir, max_bytes=MAX_FILE_BYTES
        )
        self._reading = asyncio.Semaphore(1)
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._last: dict[tuple[int, int | None], _Last] = {}
        self._adding: set[int] = set()
        self._inbox.sweep()

    # What is sent

    async def sent(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A document: an article, several of them, or one of an album."""
        assert update.message is not None
        message = update.message
        assert message.document is not None
        fields = tuple(named_fields(message.caption or ""))
        album = message.media_group_id
        batch = f"g{album}" if album else f"m{message.id}"
        await self._take(update, message.document, batch, fields)

    async def add(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """/add: the text after it is an article, or the message that it replies to."""
        assert update.message is not None
        message, former = update.message, update.message.reply_to_message
        words = own_words_of(message, self._office.bot)
        if former is not None and not (former.document or former.text or former.caption):
            former = None
        if former is not None and (not words or looks_like_corrections(words)):
            fields = tuple(named_fields(words))
            if former.document is not None:
                await self._take(update, former.document, f"m{message.id}", fields)
                return
            text = former.text or former.caption or ""
            await self._take_text(update, text, f"m{message.id}", fields=fields)
        elif words:
            batch = self._note_text(message, words)
            await self._take_text(update, words, batch)
        else:
            phrases = self._office.people.phrases(update)
            await self._office.tickets.of(update).turn()
            await self._office.tickets.reply(update, render_text(phrases.add_usage))

    async def captioned(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A picture with words: these are an article."""
        assert update.message is not None
        message = update.message
        is_own = message.forward_origin is None
        await self._take_text(update, message.caption or "", f"m{message.id}", is_own=is_own)

    async def wrote(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A text of an admin in private: an article, the rest of one, or a question."""
        assert update.message is not None
        assert update.message.text is not None
        message, text = update.message, update.message.text
        is_passed_on = message.forward_origin is not None
        if not is_passed_on and looks_like_corrections(text) and not _is_long(text):
            await self.replied(update, context)
            return
        former = self._former_text(message)
        is_about_ours = is_reply_to(message, self._office.bot)
        if former is None and not is_passed_on and (is_about_ours or not _is_long(text)):
            former = await self._kept_former(message)
            if former is None:
                await self._questions.asked(update, context)
                return
        batch = former.batch if former is not None else f"m{message.id}"
        self._note_text(message, text, former)
        is_own = not is_passed_on and former is None
        await self._take_text(update, text, batch, is_own=is_own)

    async def replied(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Fields of the card that it replies to are to be otherwise, else of the newest one.

        Any other message is a question.
        """
        message, ticket = update.effective_message, self._office.tickets.of(update)
        assert message is not None
        phrases = self._office.people.phrases(update)
        try:
            draft = await self._draft_replied_to(message)
            if draft is None:
                is_new = update.message is not None
                ask = self._questions.asked if is_new else self._questions.edited
                await ask(update, context)
                return
            await ticket.turn()
            if draft.state != "open":
                await ticket.reply(render_text(phrases.draft_closed), reply_to(message))
                return
            wanted = read_corrections(own_words_of(message, self._office.bot))
            contents = Contents.from_json(draft.content)
            is_so = contents.corrected(wanted).entries == contents.entries
            if is_so and not ticket.is_resumed:
                await ticket.reply(render_text(phrases.nothing_to_correct), reply_to(message))
                return
            known = {entry.article: entry.duplicate for entry in contents.entries}
            await self._change(draft.id, lambda contents: contents.corrected(wanted))
            await self._compare(draft.id, phrases, known)
            await self._show(draft.id, ticket, reply_to(message), phrases)
        except WrongLineError as error:
            await ticket.turn()
            lines = [told_fault(error, phrases)]
            if "\n" in (message.text or "").strip():
                lines.append(phrases.nothing_corrected)
            await ticket.reply(render_text("\n".join(lines)), reply_to(message))
        except StoreError:
            await self._tell_not_kept(ticket, reply_to(message), phrases)

    def is_about_a_card(self, message: Message) -> bool:
        """Whether a message replies to a card, or to another message of ours as one does to a card.

        Only admins may correct one.
        """
        if not is_reply_to(message, self._office.bot):
            return False
        former = message.reply_to_message
        assert former is not None
        return _draft_of(former) is not None or looks_like_corrections(message.text or "")

    # What is tapped

    async def tapped(self, tap: Tap, managed: Manage) -> None:
        """A button of a card."""
        name, _, number = managed.subject.partition(".")
        draft = await self._draft(int(name)) if name.isdecimal() and len(name) < 19 else None
        if draft is None or draft.chat_id != self._office.calls.id_now(tap.message.chat.id):
            await tap.say(tap.phrases.draft_gone, alert=True)
            return
        try:
            await self._obey(tap, managed.verb, draft, int(number) if number.isdecimal() else 0)
        except StoreError:
            await tap.say(tap.phrases.not_kept_now, alert=True)

    async def _obey(self, tap: Tap, verb: str, draft: Draft, number: int) -> None:
        match verb:
            case "add":
                await self._add(tap, draft)
            case "discard":
                await self._close(tap, draft, "discarded", tap.phrases.draft_discarded)
            case "question":
                await self._ask(tap, draft)
            case "open" | "list" | "drop" | "take" if draft.state == "open":
                await tap.say("")
                await self._change(
                    draft.id,
                    lambda contents: _turned(contents, verb, number),
                    card_id=tap.message.message_id,
                )
                await self._show(draft.id, tap.ticket, tap.answering, tap.phrases)
            case "open" | "list" | "drop" | "take":
                await tap.say(tap.phrases.draft_closed, alert=True)
            case _:
                await tap.say(tap.phrases.unknown_button)

    async def _close(self, tap: Tap, draft: Draft, state: DraftState, text: str) -> None:
        closed = await self._set(draft.id, state, of=("open",), card_id=tap.message.message_id)
        if closed is None and not (draft.state == state and tap.ticket.is_resumed):
            await tap.say(tap.phrases.draft_closed, alert=True)
            return
        await tap.say("")
        await self._give_up(draft.id)
        await self._put(tap, render_note(text))

    async def _ask(self, tap: Tap, draft: Draft) -> None:
        """What was taken for an article is a question."""
        contents = Contents.from_json(draft.content)
        asked = await self._set(draft.id, "asked", of=("open",), card_id=tap.message.message_id)
        resumed = draft.state == "asked" and tap.ticket.is_resumed
        if (asked is None and not resumed) or not isinstance(tap.message, Message):
            await tap.say(tap.phrases.draft_closed, alert=True)
            return
        await tap.say("")
        await self._put(tap, render_note(tap.phrases.draft_asked))
        await self._questions.answer(tap.ticket.update, contents.text)
        await self._give_up(draft.id)

    async def _add(self, tap: Tap, draft: Draft) -> None:
        if draft.id in self._adding:
            await tap.say(tap.phrases.draft_adding)
            return
        contents = Contents.from_json(draft.content)
        is_over = draft.state == "added" and not tap.ticket.is_resumed
        if is_over or draft.state in ("discarded", "asked"):
            await tap.say(tap.phrases.draft_closed, alert=True)
        elif contents.is_reading:
            await tap.say(tap.phrases.draft_not_yet, alert=True)
        elif not contents.chosen:
            await tap.say(tap.phrases.draft_none_chosen, alert=True)
        else:
            await tap.say("")
            self._adding.add(draft.id)
            try:
                await self._file(tap, draft.id)
            except StoreError:
                reason = tap.phrases.not_kept_now
                await self._put(tap, render_unfinished(draft.id, reason, tap.phrases))
            finally:
                self._adding.discard(draft.id)

    async def _file(self, tap: Tap, draft_id: int) -> None:
        """Write what was chosen, note it, reload, and tell; goes on from wherever that stopped."""
        draft = await self._draft(draft_id)
        if draft is not None and draft.state in ("open", "adding"):
            await self._put(tap, render_note(tap.phrases.draft_adding))
            try:
                draft = await self._written(tap, draft)
            except PlaceError as error:
                await self._set(draft_id, "open", of=("adding",), card_id=tap.message.message_id)
                note = told_trouble(error, tap.phrases)
                await self._show(draft_id, tap.ticket, tap.answering, tap.phrases, note=note)
                return
        if draft is None or draft.state not in ("filed", "added"):
            return
        contents = Contents.from_json(draft.content)
        try:
            failed = await self._refreshing.reload()
        except BaodaError as error:
            reason = tap.phrases.draft_filed.format(reason=why_not(error, tap.phrases))
            await self._put(tap, render_unfinished(draft_id, reason, tap.phrases))
            return
        await self._set(draft_id, "added", of=("filed",), card_id=tap.message.message_id)
        ours = {path_of(entry.file) for entry in contents.chosen}
        problems = [problem for problem in failed if problem.file in ours]
        added = [entry for entry in contents.chosen if await self._is_there(entry, tap.phrases)]
        links = Links(self._office.bot.username)
        await self._put(tap, render_added(added, problems, tap.phrases, links))

    async def _is_there(self, entry: Entry, phrases: Phrases) -> bool:
        try:
            return await self._shelf.placed(short_key(path_of(entry.file)), phrases) is not None
        except Unopenable:
            return False

    async def _written(self, tap: Tap, draft: Draft) -> Draft | None:
        """The draft once its files are there: each name is kept before anything bears it.

        Raises PlaceError, StoreError.
        """
        while True:
            contents = Contents.from_json(draft.content)
            wanted = [(entry.article, entry.file) for entry in contents.chosen]
            names = await asyncio.to_thread(self._inbox.names_for, wanted)
            named = await self._set(
                draft.id,
                "adding",
                of=("open", "adding"),
                card_id=tap.message.message_id,
                change=lambda contents, names=names: _named(contents, names),  # type: ignore[misc]
            )
            if named is None:
                return None
            draft, chosen = named, Contents.from_json(named.content).chosen
            if all([await self._is_written(entry) for entry in chosen]):
                return await self._note_added(tap, draft, chosen)

    async def _is_written(self, entry: Entry) -> bool:
        return await asyncio.to_thread(self._inbox.write, entry.file, entry.article)

    async def _note_added(self, tap: Tap, draft: Draft, entries: Sequence[Entry]) -> Draft | None:
        paths = list(dict.fromkeys(path_of(entry.file) for entry in entries))
        subject = ", ".join(paths[:_NAMED_IN_DEED])
        if len(paths) > _NAMED_IN_DEED:
            subject += f" +{len(paths) - _NAMED_IN_DEED}"
        update = tap.ticket.update
        who, user = author_of(update), update.effective_user
        name = user.full_name if user else ""
        return await self._office.journal.run(
            lambda store: store.change_draft(
                draft.id,
                lambda one: replace(one, state="filed") if one.state == "adding" else None,
                deed=(who, name, "add", subject),
            )
        )

    # How it is read

    async def _take(
        self, update: Update, document: Document, batch: str, fields: tuple[Correction, ...]
    ) -> None:
        assert update.message is not None
        message, ticket = update.message, self._office.tickets.of(update)
        phrases, target = self._office.people.phrases(update), reply_to(message)
        name = document.file_name or "file"
        piece = Piece(message.id, int(message.date.timestamp()), name=name, fields=fields)
        await ticket.turn()
        try:
            draft = await self._opened(update, batch, piece)
            if draft is None:
                return
            if draft.card_id is None:
                await ticket.show([render_reading(draft.id, name, phrases)], target)
                await self._change(draft.id, _same, card_id=ticket.slots[0])
            ticket.step_aside()
            if not _is_read(draft, piece):
                async with self._reading:
                    upload = await self._uploaded(document, name, phrases)
                await self._understand(draft.id, [piece.message_id], upload, fields, phrases)
            await self._show_when_read(draft.id, ticket, target, phrases)
        except StoreError:
            await self._tell_not_kept(ticket, target, phrases)

    async def _take_text(
        self,
        update: Update,
        text: str,
        batch: str,
        *,
        fields: tuple[Correction, ...] = (),
        is_own: bool = False,
    ) -> None:
        assert update.message is not None
        message, ticket = update.message, self._office.tickets.of(update)
        phrases, target = self._office.people.phrases(update), reply_to(message)
        piece = Piece(message.id, int(message.date.timestamp()), text=text, fields=fields)
        await ticket.turn()
        try:
            draft = await self._opened(update, batch, piece, is_own=is_own)
            ticket.step_aside()
            if draft is None:
                return
            contents = Contents.from_json(draft.content)
            if contents.is_full:
                await self._office.calls.pause(_REST_SECONDS)
            now = await self._draft(draft.id)
            if now is None or now.state != "open":
                return
            contents = Contents.from_json(now.content)
            if contents.pieces[-1].message_id != piece.message_id:
                return  # the rest of it shows the whole
            named, rest = leading_fields(contents.text)
            async with self._reading:
                upload = await self._read_text(rest, phrases)
            await self._change(draft.id, lambda one: replace(one, problems=()))
            messages = [one.message_id for one in contents.pieces]
            given = [one for piece in contents.pieces for one in piece.fields]
            await self._understand(draft.id, messages, upload, [*named, *given], phrases)
            await self._show_when_read(draft.id, ticket, target, phrases)
        except StoreError:
            await self._tell_not_kept(ticket, target, phrases)

    async def _opened(
        self,
        update: Update,
        batch: str,
        piece: Piece,
        *,
        is_own: bool = False,
    ) -> Draft | None:
        """The draft of what was sent together, with this message among it. Raises StoreError.

        None where all is done with it. What comes after that is a draft of its own.
        """
        assert update.message is not None
        chat, author = update.message.chat_id, author_of(update)

        def with_piece(contents: Contents) -> Contents:
            contents = contents.with_piece(piece)
            is_first = len(contents.pieces) == 1
            own = is_own if is_first else contents.is_own_text
            return replace(contents, is_own_text=own)

        for name in (batch, f"m{piece.message_id}"):
            draft = await self._office.journal.run(
                lambda store, name=name: store.draft_of(chat, author, name)  # type: ignore[misc]
            )
            changed = await self._change(draft.id, with_piece)
            if changed is not None:
                return changed
            pieces = Contents.from_json(draft.content).pieces
            if any(one.message_id == piece.message_id for one in pieces):
                return None
        return None

    async def _uploaded(self, document: Document, name: str, phrases: Phrases) -> Upload:
        try:
            async with self._downloads.fetched(document) as file:
                return await read_aside(file, name)
        except TooBigError:
            most = MAX_FILE_BYTES // 1_000_000
            reason = phrases.file_too_big.format(most=most)
        except UnavailableError:
            reason = phrases.file_unavailable
        except OSError as error:
            reason = error.strerror or type(error).__name__
        return Upload((), (Problem(name, reason),))

    async def _read_text(self, text: str, phrases: Phrases) -> Upload:
        try:
            async with self._downloads.holding(text) as file:
                upload = await read_aside(file, _TEXT_NAME)
        except OSError as error:
            upload = Upload((), (Problem("", error.strerror or type(error).__name__),))
        nameless = tuple(replace(one, file="") for one in upload.problems)
        return replace(upload, problems=nameless)

    async def _understand(
        self,
        draft_id: int,
        messages: Sequence[int],
        upload: Upload,
        fields: Sequence[Correction],
        phrases: Phrases,
    ) -> None:
        """Keep what was understood of these messages. Raises StoreError."""
        entries = understood(messages[0], upload.articles, fields)

        def read(contents: Contents) -> Contents:
            if contents.characters + sum(len(one.text) for one in upload.articles) > _MOST:
                too_much = Problem("", phrases.draft_full)
                return contents.read(messages, (), (*upload.problems, too_much))
            return contents.read(messages, entries, upload.problems)

        await self._change(draft_id, read)
        await self._compare(draft_id, phrases)

    async def _compare(self, draft_id: int, phrases: Phrases, known: Known | None = None) -> None:
        """Note which of the articles the collection has already. Raises StoreError."""
        draft = await self._draft(draft_id)
        if draft is None:
            return
        found = dict(known or {})
        for entry in Contents.from_json(draft.content).entries:
            if entry.article not in found:
                found[entry.article] = await self._duplicate_of(entry.article, phrases)

        def compared(contents: Contents) -> Contents:
            entries = (
                replace(one, duplicate=found.get(one.article, one.duplicate))
                for one in contents.entries
            )
            return replace(contents, entries=tuple(entries))

        await self._change(draft_id, compared)

    async def _duplicate_of(self, article: Article, phrases: Phrases) -> Duplicate | None:
        try:
            placed = await self._shelf.placed(short_key(article.id), phrases)
            same = await self._shelf.titled(article.title, _MOST_SAME_TITLE, phrases)
        except Unopenable:
            return None  # there is no collection yet
        for one in same:
            if await asyncio.to_thread(repeats, one.text, article.text):
                return Duplicate(short_key(one.id), one.title, one.date)
        if placed is not None and placed.article.id == article.id:
            return Duplicate(short_key(article.id), placed.article.title, placed.article.date)
        return None

    # Texts that Telegram cut

    def _note_text(self, message: Message, text: str, former: _Last | None = None) -> str:
        """Remember a text, for the rest of it may follow at once; what it belongs to."""
        piece = Piece(message.id, int(message.date.timestamp()), text=text)
        batch = former.batch if former is not None else f"m{message.id}"
        self._last[message.chat_id, _author(message)] = _Last(batch, Contents((piece,)))
        return batch

    def _former_text(self, message: Message) -> _Last | None:
        last = self._last.get((message.chat_id, _author(message)))
        if last is None or not _continues(last.contents, message):
            return None
        return last

    async def _kept_former(self, message: Message) -> _Last | None:
        """The same, of before a restart."""
        chat, author = message.chat_id, _author(message)
        try:
            draft = await self._office.journal.run(lambda store: store.newest_draft(chat, author))
        except StoreError:
            return None
        if draft is None or draft.state != "open":
            return None
        contents = Contents.from_json(draft.content)
        is_known = any(one.message_id == message.id for one in contents.pieces)
        if is_known or _continues(contents, message):
            return _Last(draft.batch, contents)
        return None

    # Drafts and their cards

    async def _draft(self, draft_id: int) -> Draft | None:
        return await self._office.journal.run(lambda store: store.draft(draft_id))

    async def _draft_replied_to(self, message: Message) -> Draft | None:
        former, chat = message.reply_to_message, message.chat_id
        if former is None:
            author = _author(message)
            newest = await self._office.journal.run(lambda store: store.newest_draft(chat, author))
            return newest if newest is not None and newest.state == "open" else None
        shown = await self._office.journal.run(
            lambda store: store.draft_shown_as(chat, former.message_id)
        )
        if shown is not None:
            return shown
        named = _draft_of(former)
        draft = None if named is None else await self._draft(named)
        return draft if draft is not None and draft.chat_id == chat else None

    async def _change(
        self, draft_id: int, change: Change, card_id: int | None = None
    ) -> Draft | None:
        """The open draft with other contents; None where it is not open. Raises StoreError."""
        return await self._set(draft_id, "open", of=("open",), card_id=card_id, change=change)

    async def _set(
        self,
        draft_id: int,
        state: DraftState,
        *,
        of: tuple[DraftState, ...],
        card_id: int | None = None,
        change: Change | None = None,
    ) -> Draft | None:
        def changed(draft: Draft) -> Draft | None:
            if draft.state not in of:
                return None
            content = draft.content
            if change is not None:
                content = change(Contents.from_json(content)).to_json()
            card = draft.card_id if card_id is None else card_id
            return replace(draft, state=state, card_id=card, content=content)

        return await self._office.journal.run(lambda store: store.change_draft(draft_id, changed))

    async def _give_up(self, draft_id: int) -> None:
        """Keep nothing of it but which messages it was. Raises StoreError."""

        def emptied(draft: Draft) -> Draft:
            return replace(draft, content=Contents.from_json(draft.content).given_up.to_json())

        await self._office.journal.run(lambda store: store.change_draft(draft_id, emptied))

    async def _show_when_read(
        self, draft_id: int, ticket: Ticket, target: Target, phrases: Phrases
    ) -> None:
        draft = await self._draft(draft_id)
        if draft is not None and not Contents.from_json(draft.content).is_reading:
            await self._show(draft_id, ticket, target, phrases)

    async def _show(
        self, draft_id: int, ticket: Ticket, target: Target, phrases: Phrases, *, note: str = ""
    ) -> None:
        """Put the draft as it is now into its card, or into a new one. Raises StoreError."""
        lock = self._locks.setdefault(draft_id, asyncio.Lock())
        async with lock:
            draft = await self._draft(draft_id)
            if draft is None or draft.state != "open":
                return
            part = render_draft(draft_id, Contents.from_json(draft.content), phrases, note=note)
            if draft.card_id is not None and await self._office.delivery.edit(
                draft.chat_id, draft.card_id, part
            ):
                return
            await ticket.reply([part], target)
            if ticket.slots:
                await self._change(draft_id, _same, card_id=ticket.slots[0])

    async def _put(self, tap: Tap, part: Part) -> None:
        await self._office.delivery.edit(tap.message.chat.id, tap.message.message_id, part)

    async def _tell_not_kept(self, ticket: Ticket, target: Target, phrases: Phrases) -> None:
        await ticket.reply(render_text(phrases.not_kept_now), target)


def _turned(contents: Contents, verb: str, number: int) -> Contents:
    if verb == "list":
        return replace(contents, page=number, opened=None)
    if not 0 <= number < len(contents.entries):
        return contents
    entries = list(contents.entries)
    if verb in ("drop", "take"):
        entries[number] = replace(entries[number], is_left_out=verb == "drop")
    return replace(contents, entries=tuple(entries), opened=number)


def _named(contents: Contents, names: Sequence[str]) -> Contents:
    """With a file for each article that was chosen."""
    left = iter(names)
    entries = (
        one if one.is_left_out else replace(one, file=next(left, one.file))
        for one in contents.entries
    )
    return replace(contents, entries=tuple(entries))


def _same(contents: Contents) -> Contents:
    return contents


def _is_read(draft: Draft, piece: Piece) -> bool:
    pieces = Contents.from_json(draft.content).pieces
    return any(one.message_id == piece.message_id and one.is_read for one in pieces)


def _is_long(text: str) -> bool:
    return len(text) > _LONG or (len(text) >= _LONG_WITH_LINES and "\n" in text.strip())


def _continues(contents: Contents, message: Message) -> bool:
    return contents.is_continued_by(int(message.date.timestamp()), message.id)


def _author(message: Message) -> int | None:
    """Who wrote it, in private."""
    return message.from_user.id if message.from_user else None


def _draft_of(message: Any) -> int | None:
    """The draft whose card a message is, by its buttons."""
    for button in (button for row in keyboard_of(message) for button in row):
        action = parse(button.data)
        if isinstance(action, Manage) and action.desk == "inbox":
            name = action.subject.partition(".")[0]
            if name.isdecimal() and len(name) < 19:
                return int(name)
    return None
