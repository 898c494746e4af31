"""A follow-up made self-contained by the chat model, and by rules where its word is not good."""

import logging
import re
from collections.abc import Callable, Sequence

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate

import prompts
from retrieval.answering.language import Language, language_of
from retrieval.answering.model.breaker import Breaker
from retrieval.answering.model.calls import bounded_call, called_back, fenced, without_thinking
from retrieval.answering.model.faults import OF_THE_SERVER, ChatModelError, Fault
from retrieval.folding import figure_values, fold, is_traditional
from retrieval.questions.followups import carried_over, refers_back
from retrieval.questions.joined import NAMES, question_words
from retrieval.questions.kinds import Kind, asked_kinds
from retrieval.types import Condensed, Turn, Usage
from retrieval.words import ASKING, ASKING_WORDS, content_words

logger = logging.getLogger(__name__)

MAX_TURNS = 4
"""Of the conversation, as the model is told it."""

_MAX_ANSWER = 400
_SHORTEST, _LONGEST = 2, 300
_MARKUP = re.compile(r"[\[\]［］【】<>＜＞{}`*#|\\_~^]|https?:|www\.|://|t\.me|@", re.IGNORECASE)
_POINTING = frozenset("那 这 他 她 它 他们 她们 它们 这个 那个 其 该 呢 具体 继续".split())
_NEW_SHARE = 1 / 3
_NEW_AT_LEAST = 2
"""So many words of its own a rewritten question may have, however short it is."""


class Condenser:
    """Makes follow-ups self-contained with a chat model."""

    def __init__(
        self,
        model: BaseChatModel,
        *,
        timeout_seconds: float,
        breaker: Breaker | None = None,
        failed: Callable[[Fault], None] = lambda _: None,
        callbacks: Sequence[BaseCallbackHandler] = (),
    ) -> None:
        """`breaker` is shared with whoever else calls the model; `failed` is told each fault."""
        self._failed = failed
        self._chinese, self._english = (
            called_back(
                ChatPromptTemplate.from_messages([("human", prompts.load(name))]) | model, callbacks
            )
            for name in ("condense.zh", "condense.en")
        )
        self._timeout_seconds = timeout_seconds
        self._breaker = breaker or Breaker()

    async def condense(self, question: str, turns: Sequence[Turn]) -> Condensed:
        """The question with what it leaves out, of the turns before it, the oldest first.

        A question that is complete is left as it is, without a call. Where the model fails, or
        says what stands neither in the question nor in the turns, the rules' word counts.
        """
        if not refers_back(question, turns):
            return Condensed(question)
        turns = turns[-MAX_TURNS:]
        values = {"conversation": format_turns(turns), "question": fenced(question)}
        call = self._breaker.begin()
        if call is None:
            self._failed(Fault.RESTING)
            return Condensed(carried_over(question, turns))
        try:
            async with bounded_call(self._timeout_seconds):
                if language_of(question) is Language.ENGLISH:
                    message = await self._english.ainvoke(values)
                else:
                    message = await self._chinese.ainvoke(
                        values | {"script": _script(question, turns)}
                    )
        except ChatModelError as error:
            self._failed(error.fault)
            if error.fault in OF_THE_SERVER:
                call.failed(error.retry_after)
            logger.warning("%s; the follow-up was completed by rules", error)
            return Condensed(carried_over(question, turns))
        else:
            call.succeeded()
        finally:
            call.given_up()
        used = message.usage_metadata
        usage = Usage(used["input_tokens"], used["output_tokens"]) if used else Usage(0, 0)
        text = without_thinking(str(message.text)).strip()
        if not is_faithful(text, question, turns):
            logger.warning("the chat model changed a follow-up; it was completed by rules")
            text = carried_over(question, turns)
        return Condensed(text, usage)


def format_turns(turns: Sequence[Turn]) -> str:
    """The turns as the model reads them: numbered and fenced."""
    return "\n".join(
        f"<turn number={number}>\nQ: {fenced(turn.standalone or turn.question)}\n"
        f"A: {fenced(turn.answer[:_MAX_ANSWER])}\n</turn>"
        for number, turn in enumerate(turns, start=1)
    )


def is_faithful(text: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether a rewritten question asks what the question asks, of nothing but what was said."""
    if not _SHORTEST <= len(text) <= _LONGEST or len(text.splitlines()) != 1:
        return False
    if _MARKUP.search(text) or _is_english(text) != _is_english(question):
        return False
    folded, asked = fold(text), fold(question)
    said = asked + "\n" + fold("\n".join(_said(turn) for turn in turns))
    if not figure_values(folded) <= figure_values(said):
        return False
    names = (one.text.strip("“”《》「」") for one in question_words(folded) if one.tag in NAMES)
    if not all(name in said for name in names if not _is_plain_english(name, text)):
        return False
    return _asks_the_same(folded, asked) and not _has_new_words(folded, said)


def _said(turn: Turn) -> str:
    return f"{turn.question}\n{turn.standalone}\n{turn.answer}"


def _is_english(text: str) -> bool:
    return language_of(text) is Language.ENGLISH


def _is_plain_english(word: str, text: str) -> bool:
    """A word in Latin letters that is written small in an English text is no name."""
    return word.isascii() and _is_english(text) and word in text


def _asks_the_same(folded: str, asked: str) -> bool:
    kinds = {*asked_kinds(asked)} - {Kind.ANY}
    asking = [one.text for one in question_words(asked) if one.tag == ASKING]
    same_words = bool(asking) and all(word in folded for word in asking)
    if not same_words and not kinds <= {*asked_kinds(folded)}:
        return False
    words = [one for one in content_words(asked) if one not in _POINTING | ASKING_WORDS]
    return 2 * sum(word in folded for word in words) >= len(words)


def _has_new_words(folded: str, said: str) -> bool:
    words = [one for one in content_words(folded) if one not in ASKING_WORDS]
    new = [one for one in words if one not in said]
    return len(new) > max(_NEW_AT_LEAST, _NEW_SHARE * len(words))


def _script(question: str, turns: Sequence[Turn]) -> str:
    texts = [question, *(turn.question for turn in turns)]
    return "繁体" if any(map(is_traditional, texts)) else "简体"
