"""Chat models of three characters, for StubModelServer.respond_with.

Each reads the passages and the question in its prompt and writes the sentences of the passages that
share most pairs of characters with the question.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.answering.language import NO_ANSWER
from retrieval.folding import fold
from retrieval.sentences import split_sentences
from retrieval.words import tagged_words

_PASSAGE = re.compile(r"<passage number=(\d+)>\n[^\n]*\n\n(.*?)\n</passage>", re.DOTALL)
_QUESTION = re.compile(r".*^(?:问题：|Question: )(.*)\Z", re.DOTALL | re.MULTILINE)
_CONNECTIVE = re.compile(r"^(?:同时|此外|另外|据了解|目前|其中|据悉|而且|并且|因此)[，,]")
_NEARLY_AS_GOOD = 0.7
_FEWEST_CHARACTERS = 6
_STOPS = "。！？!?."
_NOT_WORD = re.compile(r"\W+")

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_CHINESE_FIGURE = re.compile(
    r"(?:[十百千万][一二三四五六七八九]|[两二三四五六七八九])[十百千万]*(?=[余多]?[个名人家年月日次项支对天岁处组座])"
)
_CHINESE_DIGITS = "二三四五六七八九"
_DENIALS = {
    "没有": "有",
    "不": "",
    "不是": "是",
    "是": "不是",
    "有": "没有",
    "可以": "不可以",
    "能": "不能",
    "已": "未",
    "已经": "没有",
}
_AROUND = 3
"""Characters to both sides of what was altered, so that it can be told where it is found again."""


@dataclass(frozen=True)
class Picked:
    """A sentence of a passage, with the passage's number."""

    number: int
    text: str


def number_of(body: Any, words: str) -> int:
    """Number of the passage in a request's prompt that holds the words."""
    prompt: str = body["messages"][-1]["content"]
    return prompt[: prompt.index(words)].count("<passage number=")


def question_of(body: dict[str, Any]) -> str:
    """The question in a request's prompt."""
    found = _QUESTION.fullmatch(body["messages"][-1]["content"])
    assert found, "no question in the prompt"
    return found[1]


def picked(body: dict[str, Any]) -> list[Picked]:
    """The one or two sentences that share most with the question, the best first."""
    pairs = _pairs(question_of(body))
    scored: dict[str, tuple[float, Picked]] = {}
    for number, text in passages_of(body):
        for span in split_sentences(text):
            sentence = " ".join(text[span.start : span.end].split())
            shared = len(pairs & _pairs(sentence))
            if shared and len(sentence) >= _FEWEST_CHARACTERS:
                scored.setdefault(sentence, (shared, Picked(int(number), sentence)))
    best = sorted(scored.values(), key=lambda one: -one[0])[:2]
    return [one for shared, one in best if shared >= _NEARLY_AS_GOOD * best[0][0]]


def passages_of(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Numbers and texts of the passages in a request's prompt."""
    return _PASSAGE.findall(body["messages"][-1]["content"])


def faithful(body: dict[str, Any]) -> str:
    """The sentences with the right marks."""
    return _said(_marked(one.text, one.number) for one in picked(body))


def lazy(body: dict[str, Any]) -> str:
    """The sentences without any mark."""
    return _said(one.text for one in picked(body))


class Lying:
    """The sentences with the right marks, every figure in them altered.

    In one without figures something is denied that is so, or the other way round. `figures` and
    `denials` hold each lie with the characters around it; none of them stands in a passage of the
    request or in `articles`. A sentence that cannot be altered so is left out.
    """

    def __init__(self, articles: str = "") -> None:
        self.figures: list[str] = []
        self.denials: list[str] = []
        self._articles = _bare(articles)

    def __call__(self, body: dict[str, Any]) -> str:
        """What it says."""
        true = self._articles + _bare(" ".join(text for _, text in passages_of(body)))
        return _said(self._lies(picked(body), true))

    def _lies(self, sentences: Sequence[Picked], true: str) -> Iterator[str]:
        for one in sentences:
            if told := _other_figures(one.text, true):
                self.figures += told.altered
            elif told := _denied(one.text, true):
                self.denials += told.altered
            if told:
                yield _marked(told.text, one.number)


@dataclass(frozen=True)
class _Lie:
    text: str
    altered: list[str]


def _said(sentences: Iterator[str]) -> str:
    return "".join(_CONNECTIVE.sub("", one) for one in sentences) or NO_ANSWER


def _marked(sentence: str, number: int) -> str:
    """The sentence with a mark, before its full stop where it ends with one."""
    if sentence[-1] in _STOPS:
        return f"{sentence[:-1]}[{number}]{sentence[-1]}"
    return f"{sentence}[{number}]"


def _other_figures(sentence: str, true: str) -> _Lie | None:
    """The sentence with other figures of the same lengths, None where it has none."""
    places = [
        match.span()
        for pattern in (_FIGURE, _CHINESE_FIGURE)
        for match in pattern.finditer(sentence)
    ]
    for start, end in places:
        for step in range(1, len(_CHINESE_DIGITS)):
            figure = "".join(
                _other_digit(one, step, first=index == 0)
                for index, one in enumerate(sentence[start:end])
            )
            told = sentence[:start] + figure + sentence[end:]
            if _bare(_around(told, start, end)) not in true:
                break
        else:
            return None
        sentence = told
    altered = [_around(sentence, start, end) for start, end in places]
    return _Lie(sentence, altered) if altered else None


def _denied(sentence: str, true: str) -> _Lie | None:
    """The sentence with one word denied, or its denial taken away; None where it has none such."""
    at = 0
    for word, _ in tagged_words(sentence):
        found = sentence.find(word, at)
        if found < 0:
            continue
        at = found
        if word in _DENIALS:
            other = _DENIALS[word]
            told = sentence[:at] + other + sentence[at + len(word) :]
            altered = _around(told, at, at + len(other))
            if _bare(altered) not in true:
                return _Lie(told, [altered])
        at += len(word)
    return None


def _other_digit(digit: str, step: int, *, first: bool) -> str:
    if digit.isascii() and digit.isdigit():
        return str((int(digit) - 1 + step) % 9 + 1 if first else (int(digit) + step) % 10)
    at = _CHINESE_DIGITS.find("二" if digit == "两" else digit)
    return _CHINESE_DIGITS[(at + step) % len(_CHINESE_DIGITS)] if at >= 0 else digit


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - _AROUND) : end + _AROUND]


def _pairs(text: str) -> set[str]:
    bare = _bare(text)
    return {bare[index : index + 2] for index in range(len(bare) - 1)}


def _bare(text: str) -> str:
    return _NOT_WORD.sub("", fold(text))
