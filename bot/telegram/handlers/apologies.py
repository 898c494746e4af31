"""What is said where a question cannot be answered."""

import logging

from bot.phrases import Phrases
from retrieval.errors import (
    BaodaError,
    ModelUnavailableError,
    NoCollectionError,
    OutdatedCollectionError,
    QuestionError,
)
from retrieval.questions.question import MAX_CHARACTERS

logger = logging.getLogger(__name__)


def apology(error: BaodaError, question: str, phrases: Phrases) -> str:
    """What a reader is told of an error, which is logged where somebody has to mend it."""
    match error:
        case QuestionError() if len(question.strip()) <= MAX_CHARACTERS:
            return phrases.help
        case QuestionError():
            return phrases.question_too_long.format(limit=MAX_CHARACTERS, length=len(question))
        case NoCollectionError() | OutdatedCollectionError():
            return phrases.indexing
        case ModelUnavailableError():
            logger.warning("%s", error)
            return phrases.model_unavailable
        case _:
            logger.error("%s", error)
            return phrases.unexpected
