"""The language of a question, and how to say no in it."""

import enum

from retrieval.folding import fold, is_traditional
from retrieval.questions.question import is_chinese

NO_ANSWER = "NO_ANSWER"
"""What a chat model is to say when the passages do not answer."""


class Language(enum.Enum):
    """Languages readers ask in; the value is the name that a model is told in its prompt."""

    SIMPLIFIED = "简体中文"
    TRADITIONAL = "繁體中文"
    ENGLISH = "English"

    @property
    def of_prompts(self) -> str:
        """The language of the prompts for it, as their file names end."""
        return "en" if self is Language.ENGLISH else "zh"


_REFUSALS = {
    Language.SIMPLIFIED: "文章里没有说到这个问题的答案。",
    Language.TRADITIONAL: "文章裡沒有說到這個問題的答案。",
    Language.ENGLISH: "The articles do not answer this question.",
}


def language_of(question: str) -> Language:
    """The language to answer in."""
    if not is_chinese(fold(question)):
        return Language.ENGLISH
    return Language.TRADITIONAL if is_traditional(question) else Language.SIMPLIFIED


_INSTEAD = {
    Language.SIMPLIFIED: "文章里没有说到这个问题的答案；说到的是：",
    Language.TRADITIONAL: "文章裡沒有說到這個問題的答案；說到的是：",
    Language.ENGLISH: "The articles do not answer this question. What they do say:",
}


def refusal_text(language: Language, stated: str = "") -> str:
    """That the articles do not say, and what they do say where that is given."""
    return f"{_INSTEAD[language]}\n{stated}" if stated else _REFUSALS[language]
