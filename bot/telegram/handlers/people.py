"""Who wrote: whether they are admitted, and in what language they are spoken to."""

from telegram import Message, Update, User
from telegram.ext import ApplicationHandlerStop, ContextTypes

from bot.conversations import Place
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases, phrases_for
from bot.settings import Settings
from bot.telegram.delivery import Target, topic_of
from retrieval.answering.language import Language, language_of

_PHRASES = {
    Language.SIMPLIFIED: SIMPLIFIED,
    Language.TRADITIONAL: TRADITIONAL,
    Language.ENGLISH: ENGLISH,
}


class People:
    """Those who write to the bot, by the settings."""

    def __init__(self, settings: Settings) -> None:
        self._language = settings.bot_language
        self._admins = settings.telegram_admin_ids
        self._allowed = settings.telegram_allowed_ids

    async def admit(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Stop what comes from people outside the allow-list: they get silence."""
        if self._allowed and not _is_one_of(update, self._allowed) and not self.is_admin(update):
            raise ApplicationHandlerStop

    def is_admin(self, update: Update) -> bool:
        """Whether it comes from an admin, or from an admins' chat."""
        return _is_one_of(update, self._admins)

    def phrases(self, update: Update) -> Phrases:
        """The interface in the language of whoever wrote."""
        user: User | None = update.effective_user
        return phrases_for(self._language, (user.language_code if user else None) or "")

    def phrases_about(self, question: str, otherwise: Phrases) -> Phrases:
        """The words around an answer: in the language of the question unless a setting says which.

        `otherwise` are those of whoever asked.
        """
        if self._language != "auto":
            return otherwise
        return _PHRASES[language_of(question)]


def place_of(message: Message) -> Place:
    """The conversation to which a message belongs."""
    return Place("telegram", message.chat_id, topic_of(message))


def reply_to(message: Message) -> Target:
    """Where a reply to a message goes."""
    return Target(message.chat_id, topic_of(message), message.id)


def beside(message: Message) -> Target:
    """Where something goes that answers a command."""
    return Target(message.chat_id, topic_of(message))


def _is_one_of(update: Update, ids: frozenset[int]) -> bool:
    people = (update.effective_user, update.effective_chat)
    return any(one is not None and one.id in ids for one in people)
