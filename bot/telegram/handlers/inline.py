"""Questions asked in other people's chats, after the bot's name: choices while one types."""

import asyncio
import datetime
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable

from telegram import Bot, InlineQuery, InlineQueryResultsButton, Update
from telegram.error import BadRequest, TelegramError
from telegram.ext import ContextTypes

from bot.conversations import Conversations
from bot.phrases import Phrases
from bot.telegram.delivery import Calls, inline_results
from bot.telegram.handlers.people import People
from bot.telegram.handlers.shelf import Shelf, Unopenable
from bot.telegram.links import Links
from bot.telegram.rendering import Choice, answer_choice, article_choice, match_choice
from retrieval.errors import BaodaError, QuestionError

logger = logging.getLogger(__name__)

START = "inline"
"""What /start is given by the button that leads to the private chat."""

_SECONDS = 1.7
"""For finding: with the way to Telegram a reader has waited two."""

_TELEGRAM_KEEPS_SECONDS = 10
"""How long Telegram may show the same choices to the same reader for the same words."""

_ANSWER_SECONDS = 5.0
_KEPT = 500
_LATEST = 10

Choices = tuple[Choice, ...]


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
    ) -> None:
        self._people = people
        self._conversations = conversations
        self._shelf = shelf
        self._bot = bot
        self._calls = calls
        self._today = today
        self._kept: OrderedDict[Hashable, Choices] = OrderedDict()
        self._newest: dict[int, tuple[str, asyncio.Lock]] = {}
        self._looking: set[asyncio.Task[Choices]] = set()

    async def asked(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Words after the bot's name; without any the newest articles."""
        query = update.inline_query
        assert query is not None
        person, phrases = query.from_user.id, self._people.phrases(update)
        _, lock = self._newest.get(person, ("", asyncio.Lock()))
        self._newest[person] = query.id, lock
        try:
            async with lock:
                if self._newest[person][0] == query.id:
                    await self._answer(query, phrases)
        finally:
            if self._newest[person][0] == query.id:
                del self._newest[person]

    async def _answer(self, query: InlineQuery, phrases: Phrases) -> None:
        text = phrases.inline_button
        keep_seconds = _TELEGRAM_KEEPS_SECONDS
        choices: Choices = ()
        looking = asyncio.create_task(self._choices(query.query.strip(), phrases))
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)
        await asyncio.wait([looking], timeout=_SECONDS)
        if not looking.done():
            text, keep_seconds = phrases.inline_later, 0
        elif error := looking.exception():
            text, keep_seconds = phrases.inline_later, 0
            if not isinstance(error, BaodaError | Unopenable):
                raise error
            logger.info("an inline question has no answer: %s", error)
        else:
            choices = looking.result()
            if not choices:
                text = phrases.inline_nothing
        await self._give(query, choices, text, keep_seconds)

    async def _choices(self, words: str, phrases: Phrases) -> Choices:
        """What there is to choose from. Raises BaodaError, Unopenable."""
        generation = self._conversations.generation()
        key = (generation, self._today(), phrases, words)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        links = Links(self._bot.username)
        if words:
            choices = await self._found(words, phrases, links)
        else:
            articles = await self._shelf.latest(0, _LATEST, phrases)
            choices = tuple(article_choice(one, phrases, links) for one in articles)
        if generation == self._conversations.generation():
            self._kept[key] = choices
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return choices

    async def _found(self, words: str, phrases: Phrases, links: Links) -> Choices:
        try:
            quoted = await self._conversations.quote(words)
        except QuestionError:
            return ()
        matches = tuple(match_choice(one, phrases, links) for one in quoted.matches)
        if quoted.answer.refused:
            return matches
        about = self._people.phrases_about(words, phrases)
        return (answer_choice(quoted.answer, about, links), *matches)

    async def _give(
        self, query: InlineQuery, choices: Choices, text: str, keep_seconds: int
    ) -> None:
        button = InlineQueryResultsButton(text, start_parameter=START)

        async def answer(*, markup: bool = True) -> bool:
            return await self._bot.answer_inline_query(
                query.id,
                inline_results(choices, markup=markup),
                cache_time=keep_seconds,
                is_personal=True,
                button=button,
                read_timeout=_ANSWER_SECONDS,
            )

        try:
            try:
                await self._calls.aside("answerInlineQuery", answer)
            except BadRequest as error:
                if "query" in str(error).lower():
                    raise
                logger.warning("Telegram refused choices, given without markup: %s", error)
                await self._calls.aside("answerInlineQuery", lambda: answer(markup=False))
        except TelegramError as error:
            logger.info("choices came to nobody: %s", error)
