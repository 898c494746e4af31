"""Questions asked in other people's chats, after the bot's name: choices while one types."""

import asyncio
import datetime
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from telegram import Bot, InlineQuery, InlineQueryResultsButton, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.meters import Meters
from bot.phrases import Phrases
from bot.telegram.delivery import Calls, inline_results
from bot.telegram.handlers.people import People
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.links import Links
from bot.telegram.rendering import (
    Choice,
    answer_choice,
    article_choice,
    match_choice,
    nearest_choice,
)
from retrieval.errors import BaodaError, QuestionError

logger = logging.getLogger(__name__)

START = "inline"
"""What /start is given by the button that leads to the private chat."""

_SECONDS = 1.5
"""For finding: with the way to Telegram a reader has waited two."""

_TELEGRAM_KEEPS_SECONDS = 10
"""How long Telegram may show the same choices to the same reader for the same words."""

_ANSWER_SECONDS = 5.0
_KEPT = 500
_LATEST = 10

_TOO_OLD = re.compile("query is too old|query.?id.?(?:is )?invalid", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Offer:
    """What there is to choose from, and what the button above it says."""

    choices: tuple[Choice, ...]
    button: str


class Inline:
    """The quoted answer and the best articles, kept for as long as the generation is live.

    Of each person only the newest words are looked up: Telegram asks anew as they type.
    """

    def __init__(
        self,
        people: People,
        conversations: Conversations,
        shelf: Shelf,
        *,
        bot: Bot,
        calls: Calls,
        today: Callable[[], datetime.date],
        meters: Meters,
    ) -> None:
        self._people = people
        self._conversations = conversations
        self._shelf = shelf
        self._bot = bot
        self._calls = calls
        self._today = today
        self._meters = meters
        self._kept: OrderedDict[Hashable, _Offer] = OrderedDict()
        self._newest: dict[int, tuple[int, asyncio.Lock]] = {}
        self._looking: set[asyncio.Task[_Offer]] = set()

    async def asked(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Words after the bot's name; without any the newest articles."""
        query = update.inline_query
        assert query is not None
        person, phrases = query.from_user.id, self._people.phrases(update)
        newest, lock = self._newest.get(person, (update.update_id, asyncio.Lock()))
        if update.update_id < newest:
            return
        self._newest[person] = update.update_id, lock
        try:
            async with lock:
                if self._newest[person][0] == update.update_id:
                    await self._answer(query, phrases)
        finally:
            if self._newest[person][0] == update.update_id:
                del self._newest[person]

    async def _answer(self, query: InlineQuery, phrases: Phrases) -> None:
        offer, keep_seconds = _Offer((), phrases.inline_later), 0
        outcome = "late"
        looking = asyncio.create_task(self._offer(query.query.strip(), phrases))
        self._looking.add(looking)
        looking.add_done_callback(self._looked)
        await asyncio.wait([looking], timeout=_SECONDS)
        if looking.done() and looking.exception() is None:
            offer, keep_seconds = looking.result(), _TELEGRAM_KEEPS_SECONDS
            outcome = "refused" if offer.button == phrases.inline_nothing else "answered"
        elif looking.done():
            outcome = "failed"
        self._meters.inline(outcome)
        await self._give(query, offer, keep_seconds)

    def _looked(self, looking: "asyncio.Task[_Offer]") -> None:
        self._looking.discard(looking)
        if looking.cancelled() or not (error := looking.exception()):
            return
        if isinstance(error, BaodaError | Unopenable):
            logger.info("an inline question has no answer: %s", error)
        else:
            logger.error("unexpected error", exc_info=error)

    async def _offer(self, words: str, phrases: Phrases) -> _Offer:
        """What there is to choose from. Raises BaodaError, Unopenable."""
        generation = self._conversations.generation()
        key = (generation, self._today(), phrases, words)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        offer = await (self._found(words, phrases) if words else self._latest(phrases))
        if generation == self._conversations.generation():
            self._kept[key] = offer
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return offer

    async def _latest(self, phrases: Phrases) -> _Offer:
        articles = await self._shelf.latest(0, _LATEST, phrases)
        links = Links(self._bot.username)
        choices = tuple(article_choice(one, phrases, links) for one in articles)
        return _Offer(choices, phrases.inline_button)

    async def _found(self, words: str, phrases: Phrases) -> _Offer:
        try:
            quoted = await self._conversations.quote(words)
        except QuestionError:
            return _Offer((), phrases.inline_nothing)
        links = Links(self._bot.username)
        matches = tuple(match_choice(one, phrases, links) for one in quoted.matches)
        if quoted.answer.refused:
            nearest = (nearest_choice(one, phrases, links) for one in quoted.answer.nearest)
            return _Offer(matches or tuple(nearest), phrases.inline_nothing)
        about = self._people.phrases_about(words, phrases)
        answer = answer_choice(quoted.answer, phrases.inline_answer, about, links)
        return _Offer((answer, *matches), phrases.inline_button)

    async def _give(self, query: InlineQuery, offer: _Offer, keep_seconds: int) -> None:
        button = InlineQueryResultsButton(offer.button, start_parameter=START)

        async def answer(*, markup: bool = True) -> bool:
            return await self._bot.answer_inline_query(
                query.id,
                inline_results(offer.choices, markup=markup),
                cache_time=keep_seconds,
                is_personal=True,
                button=button,
                read_timeout=_ANSWER_SECONDS,
            )

        try:
            try:
                await self._calls.aside("answerInlineQuery", answer)
            except BadRequest as error:
                if _TOO_OLD.search(str(error)):
                    raise
                logger.warning("Telegram refused choices, given without markup: %s", error)
                await self._calls.aside("answerInlineQuery", lambda: answer(markup=False))
        except TelegramError as error:
            logger.info("choices came to nobody: %s", error)
