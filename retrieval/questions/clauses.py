"""A question made of several questions: each clause with what the first of them is about."""

import re
from collections.abc import Sequence

from retrieval.folding import fold, fold_with_origins
from retrieval.questions.joined import (
    ATTRIBUTES,
    QUOTED,
    is_name,
    is_nominal,
    question_words,
)
from retrieval.words import Word

_ASKS = re.compile(
    r"哪|谁|什么|啥|(?<![茶那这好])几(?!乎)|多少|(?<![任如奈])何(?!况)|如何|怎|吗|呢|是否|"
    "多[大高长久远深重宽厚快]|"
    r"\b(?:who|what|when|where|which|how|why)\b"
)
_WHICH = re.compile("谁|哪(?:一?[位个家种支所名座部]|些)")
_TITLE = re.compile(r"《[^《》]+》|“[^“”]+”")
_REFERS = re.compile(r"^(?:它|他|她|其)们?的?")
_COMMA = re.compile(r"\s*[,，]\s*(?:那么|并且|而且|同时|另外|而|又|并|且)?(?!\d)")
_CORRELATES = re.compile("^(?:无论|不管|不论|如果|要是|除了|还有)")
_CORRELATING = frozenset({"就", "才", "便", "也", "则", "都", "所以", "因此", "只要"})
"""哪里有困难,哪里就有党员 is one question."""

_REASON = re.compile("^(?:这是|是)?(?:为什么|为何|为啥|怎么样?|怎样|如何|什么|谁|几)[呢啊]?[?]*$")
"""Says nothing without the clause before it."""

_ENGLISH_AND = re.compile(r",? and (?=(?:who|what|when|where|which|how|why)\b)", re.IGNORECASE)
_ENGLISH_REFERS = re.compile(r"\b(?:it|its|they|them|their|he|him|his|she|her|there|that|this)\b")
_LEADS = frozenset({"v", "p", "d", "c", "asking", "r", "y", "ul", "uj"})


def asks(text: str) -> bool:
    """Whether a text, not folded, asks anything."""
    return _ASKS.search(fold(text)) is not None


def asking_clauses(question: str) -> list[str]:
    """The clauses of which each asks, each a question of its own; [] where there are not several.

    What stands before the first of them goes before each.
    """
    clauses = _english(question) or _clauses(question)
    first = next((at for at, one in enumerate(clauses) if asks(one)), len(clauses))
    lead, asking = clauses[:first], clauses[first:]
    folded = [fold(one) for one in clauses]
    words = {word.text for one in folded for word in question_words(one)}
    correlated = any(map(_CORRELATES.match, folded)) or not words.isdisjoint(_CORRELATING)
    if len(asking) < 2 or not all(map(asks, asking)) or correlated:
        return []
    if any(_REASON.search(fold(one)) for one in asking[1:]):
        return []
    completed = each_with_subject(asking)
    known = bool(lead) or _subject(asking[0]) or _TITLE.search(asking[0])
    if not known and not all(map(_asks_which, asking)) and any(map(_lacks_subject, asking[1:])):
        return []
    return ["，".join([*lead, one]) for one in completed]


def _asks_which(question: str) -> bool:
    """What is asked for is what the question is about: 哪位老师教数学."""
    return _WHICH.match(fold(question)) is not None


def each_with_subject(questions: Sequence[str]) -> list[str]:
    """The questions, those that do not say what they are about with the subject of one before."""
    title = _TITLE.search(questions[0])
    subject = title[0] if title else _subject(questions[0])
    completed = [questions[0]]
    for question in questions[1:]:
        completed.append(_with_subject(question, subject) if subject else question)
        if not title and completed[-1] == question:
            subject = _subject(question) or subject
    return completed


def _with_subject(question: str, subject: str) -> str:
    if subject in question:
        return question
    without = _REFERS.sub("", question)
    titled = _TITLE.fullmatch(subject) is not None
    if titled or without != question or _lacks_subject(question):
        return f"{subject}{without}"
    words = question_words(fold(question))
    owner, of, _ = subject.rpartition("的")
    about = _nominal(words)
    if len(about) == 1 and owner and not is_name(about[0]):
        return f"{owner}{of}{question}"
    return question


def _lacks_subject(question: str) -> bool:
    """It begins with its predicate, or with a mere attribute of what it is about."""
    words = [one for one in question_words(fold(question)) if one.tag not in {"t", "m", "f"}]
    about = _nominal(words)
    if not about and (not words or words[0].tag in _LEADS):
        return True
    return len(about) == 1 and about[0].text in ATTRIBUTES


def _nominal(words: Sequence[Word]) -> list[Word]:
    """The nouns it begins with; a word taken for a verb before 是 is one."""
    end = int(len(words) > 1 and words[0].tag == "v" and words[1].text in {"是", "叫"})
    while end < len(words) and is_nominal(words[end]):
        end += 1
    return list(words[:end])


def _subject(question: str) -> str:
    """What stands before the predicate of the question; "" where it begins with that."""
    folded = fold_with_origins(question)
    asking = _ASKS.search(folded.text)
    words = question_words(folded.text[: asking.start()] if asking else folded.text)
    of = max((at for at, word in enumerate(words) if word.text == "的"), default=-1)
    end = of + 1
    if len(words) == 1 and words[0].tag == "v" and len(words[0].text) > 1:
        end = 1  # 展览 and the like: a noun, there is nothing else
    while end < len(words) and words[end].tag not in _LEADS:
        end += 1
    if end == of + 1:
        end = 0
    if not end or all(word.tag in {"t", "m", "uj"} for word in words[:end]) or words[0].tag == "r":
        return ""
    return question[: folded.original(0, words[end - 1].end).end]


def _clauses(question: str) -> list[str]:
    """Cut at the commas that stand in no title or quotation."""
    hidden = QUOTED.sub(lambda match: "…" * len(match[0]), question)
    ends = [match.span() for match in _COMMA.finditer(hidden)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), len(question)]
    return [question[a:b].strip() for a, b in zip(starts, stops, strict=True)]


def _english(question: str) -> list[str]:
    pieces = _ENGLISH_AND.split(question)
    refers = any(_ENGLISH_REFERS.search(one.lower()) for one in pieces[1:])
    return [one.strip() for one in pieces] if len(pieces) > 1 and not refers else []
