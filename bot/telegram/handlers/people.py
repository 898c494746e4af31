"""Who wrote: whether they are admitted, and in what language they are spoken to."""

import asyncio
import logging
from collections.abc import Mapping

from telegram import Bot, ChatMember, Message, Update, User
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes, filters

from bot.conversations import Place
from bot.journal import Journal
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases, phrases_for
from bot.settings import Settings
from bot.store import StoreError
from bot.telegram.addressing import (
    ADMIN_COMMANDS,
    author_of,
    command_of,
    is_addressed,
    is_private,
)
from bot.telegram.delivery import Calls, topic_of
from retrieval.answering.language import Language, language_of

logger = logging.getLogger(__name__)

_MEMBER_SECONDS, _STRANGER_SECONDS = 600.0, 60.0
"""How long it is remembered that somebody is in an allowed chat, or is not."""

_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Before Telegram is asked again who is in a chat."""

_REMEMBERED = 10_000
_LOOK_SECONDS = 5.0
_IN_A_CHAT = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)


class People:
    """Those who write to the bot: who is heard, by the settings, and the languages they chose."""

    def __init__(self, settings: Settings, bot: Bot, calls: Calls, journal: Journal) -> None:
        self._language = settings.bot_language
        self._admins = settings.telegram_admin_ids
        self._allowed = settings.telegram_allowed_ids
        self._bot = bot
        self._calls = calls
        self._journal = journal
        self._chosen: dict[int, str] = {}
        self._moved: dict[int, int] = {}
        self._members: dict[tuple[int, int], tuple[bool, float]] = {}
        self.are_admins = _Admins(self)
        """For handlers of what only admins may do."""

    async def recall(self) -> None:
        """Go on with what was chosen before a restart."""
        try:
            self._chosen = await self._journal.languages()
            self._moved = await self._journal.moves()
        except StoreError as error:
            logger.error("the languages that readers chose cannot be read: %s", error)

    def moved(self, former: int, new: int) -> None:
        """A group has another id now: who was admitted by the former one still is."""
        self._moved[former] = new
        if former in self._allowed | self._admins:
            logger.warning(
                "the group %d is %d now: put that into TELEGRAM_ALLOWED_IDS and TELEGRAM_ADMIN_IDS",
                former,
                new,
            )

    def concerns_us(self, update: Update) -> bool:
        """Whether an update is for the bot, and not from somebody who is surely not admitted."""
        message = update.message or update.edited_message
        if message is not None:
            if _moves(message):
                return True
            if not is_addressed(message, self._bot):
                return False
            if self._is_of_admins(message) and not self.is_admin(update):
                return False
            if self._asks_for_id(update):
                return True
        elif update.inline_query is None and update.callback_query is None:
            return False
        return self._is_admitted(update) or any(chat < 0 for chat in self._allowed)

    async def is_heard(self, update: Update) -> bool:
        """Whether what concerns the bot may be kept: it comes from no stranger.

        Where Telegram does not tell who is in a group, that is found out later: see admit.
        """
        if update.message is not None and _moves(update.message):
            return True
        return self._is_admitted(update) or await self._is_member(update) is not False

    def is_fleeting(self, update: Update) -> bool:
        """Whether an update is answered now or never, and nothing of it kept meanwhile."""
        if update.inline_query is not None:
            return True
        return self._asks_for_id(update) and not self._is_admitted(update)

    async def admit(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop what comes from people outside the allow-list: they get silence.

        Telegram is asked again where it did not tell. Raises Closing when the bot stops first.
        """
        if self._is_admitted(update):
            return
        told = await self._is_member(update)
        pauses = () if self.is_fleeting(update) else _PAUSES_SECONDS
        for seconds in pauses:
            if told is not None:
                break
            await self._calls.pause(seconds)
            told = await self._is_member(update)
        if not told:
            raise ApplicationHandlerStop

    def is_admin(self, update: Update) -> bool:
        """Whether it comes from an admin, or from an admins' chat."""
        return self._is_one_of(update, self._admins)

    def is_at_the_desk(self, message: Message) -> bool:
        """Whether it stands where admins alone read: in private with one, or in their chat."""
        return message.chat_id in self.admins

    @property
    def admins(self) -> frozenset[int]:
        """The ids of the admins, and of their chats as they are now."""
        return frozenset(self._moved.get(one, one) for one in self._admins)

    def phrases(self, update: Update) -> Phrases:
        """The interface in the language of whoever wrote: the one they chose, if they did.

        Where Telegram does not tell theirs, as of anonymous admins, it is that of what they wrote.
        """
        user, message = update.effective_user, update.effective_message
        told = user is not None and (user.language_code or user.id in self._chosen)
        if not told and message is not None and message.text:
            return self.phrases_about(message.text, self.phrases_of(user))
        return self.phrases_of(user)

    def phrases_of(self, user: User | None) -> Phrases:
        """The interface for somebody."""
        if user is None:
            return phrases_for(self._language, "")
        return phrases_for(self._chosen.get(user.id) or self._language, user.language_code or "")

    def chosen(self, person: int) -> str:
        """The language that somebody has chosen, "" for none."""
        return self._chosen.get(person, "")

    async def choose(self, author: int, language: str | None) -> None:
        """Speak with somebody in this language from now on; None: as before they chose."""
        if language is None:
            self._chosen.pop(author, None)
        else:
            self._chosen[author] = language
        try:
            await self._journal.set_language(author, language)
        except StoreError as error:
            logger.error("that somebody chose a language cannot be kept: %s", error)

    def forget(self, author: int) -> None:
        """Know nothing of somebody any more."""
        self._chosen.pop(author, None)
        self._members = {key: seen for key, seen in self._members.items() if key[1] != author}

    def phrases_about(self, question: str, otherwise: Phrases) -> Phrases:
        """The words around an answer: in the language of the question unless a setting says which.

        `otherwise` are those of whoever asked.
        """
        if self._language != "auto":
            return otherwise
        return _BY_LANGUAGE[language_of(question)]

    def _is_of_admins(self, message: Message) -> bool:
        """Whether a group hears a command of admins: of others it may be for another bot."""
        return not is_private(message) and command_of(message, self._bot) in ADMIN_COMMANDS

    def _asks_for_id(self, update: Update) -> bool:
        return update.message is not None and command_of(update.message, self._bot) == "id"

    def _is_admitted(self, update: Update) -> bool:
        return not self._allowed or self._is_one_of(update, self._allowed) or self.is_admin(update)

    def _is_one_of(self, update: Update, ids: frozenset[int]) -> bool:
        chat = update.effective_chat
        # not effective_user: Telegram's own bot stands for the anonymous admins of all groups
        known = {author_of(update), chat.id if chat else None} - {None}
        return not known.isdisjoint(self._moved.get(one, one) for one in ids)

    async def _is_member(self, update: Update) -> bool | None:
        """Whether somebody is in a chat of the allow-list; None where Telegram does not tell."""
        author = author_of(update)
        chats = [self._moved.get(one, one) for one in self._allowed if one < 0]
        if author is None or author < 0:
            return False
        found = [await self._is_in(chat, author) for chat in chats]
        return True if True in found else None if None in found else False

    async def _is_in(self, chat: int, user: int) -> bool | None:
        now = asyncio.get_running_loop().time()
        known, until = self._members.get((chat, user), (None, 0.0))
        if until > now:
            return known

        async def look() -> ChatMember:
            return await self._bot.get_chat_member(chat, user, read_timeout=_LOOK_SECONDS)

        try:
            member = await self._calls.aside("getChatMember", look)
        except (BadRequest, Forbidden):
            found = False  # nobody there has that id, or the bot is not there
        except TelegramError as error:
            logger.info("whether somebody is in an allowed chat cannot be told: %s", error)
            return known
        else:
            if member is None:
                return known
            found = member.status in _IN_A_CHAT or bool(getattr(member, "is_member", False))
        if len(self._members) > _REMEMBERED:
            self._members = {key: seen for key, seen in self._members.items() if seen[1] > now}
        seconds = _MEMBER_SECONDS if found else _STRANGER_SECONDS
        self._members[chat, user] = found, now + seconds
        return found


class _Admins(filters.UpdateFilter):
    def __init__(self, people: People) -> None:
        super().__init__()
        self._people = people

    def filter(self, update: Update) -> bool:
        """Whether an update comes from an admin."""
        return self._people.is_admin(update)


_BY_LANGUAGE: Mapping[Language, Phrases] = {
    Language.SIMPLIFIED: SIMPLIFIED,
    Language.TRADITIONAL: TRADITIONAL,
    Language.ENGLISH: ENGLISH,
}


def _moves(message: Message) -> bool:
    return bool(message.migrate_to_chat_id or message.migrate_from_chat_id)


def place_of(message: Message) -> Place:
    """The conversation to which a message belongs."""
    return Place("telegram", message.chat_id, topic_of(message))
