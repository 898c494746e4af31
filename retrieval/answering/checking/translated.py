"""Claims in another language than their passages."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from retrieval.answering.checking.english import drops_deputy, unsaid
from retrieval.answering.checking.reading import Passage, Text, Unit
from retrieval.answering.checking.slots import bare
from retrieval.answering.checking.things import COUNTERS, Kind, Thing
from retrieval.folding import figure_values, fold
from retrieval.pinyin import romanised
from retrieval.questions.question import is_chinese
from retrieval.types import Evidence, Vectors
from retrieval.words import content_words

_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_ORIGINAL = re.compile(r"[\u3400-\u9fff]{0,6}\(([^()]*)\)")
_BRACKETED = re.compile(
    r"[\"“']?[A-Z][\w'’.-]*(?:[\s-]+[\w'’.-]+){0,6}[\"”']?(?:\s\w+)?\s*[(（][^()（）]*[\u3400-\u9fff][^()（）]*[)）]"
)
_LATIN_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’-]*[a-z](?: [A-Z][\w'’-]*[a-z])*")
_COMMON_NAMES = frozenset(
    """
    party communist china chinese english january february march april may june july august
    september october november december monday tuesday wednesday thursday friday saturday sunday
    district city province town street subdistrict community county station university hospital
    interior defence defense foreign prime minister ministry president mayor deputy vice
    company union committee spring festival new year north south east west
    """.split()
)
_LEAST_SIMILARITY = 0.84
"""Cosine of a sentence and the words it rests on, in two languages, where nothing else speaks for
it. Measured on the shipped corpus: translations reach 0.77 to 0.89, and the likest of ten passages
to sentences about anything at all 0.76 to 0.837."""

_SMALL = (Decimal(0), Decimal(1))
"""Figures that stand everywhere."""

_LEAST_SAID = 3
"""Words of meaning in a sentence without figure and name."""

_LEAST_SIMILARITY_OF_NAMED = 0.72
"""The same for a sentence whose figures or names do stand in the passage."""

_STEM, _LEAST_WORDS = 5, 0.65
"""Characters that two forms of an English word share, and share of such words to be held."""

_NEAR = 0.03
"""Cosine by which the sentence with a figure may be less like the claim than the likest."""

_NOT = re.compile(r"\b(?:not|never|no|none|nothing|nobody|neither|without|cannot|\w+n[’']t)\b")
_NEGATIVE = re.compile(
    r"\b(?:not|never|no|none|nothing|nobody|neither|nor|without|cannot|\w+n[’']t|stop\w*|refus\w*|reject\w*|ban\w*|fail\w*|"
    r"lack\w*|instead|deni\w*|deny|abandon\w*|rather|only|un\w+|avoid\w*|replac\w*|drop\w*|end\w*|few\w*|less)\b"
)
_CHINESE_NOT = re.compile("没有|没|未|不|无|非|拒绝|禁止|停止|失败|缺|免|难|仅|只")
_PLAIN_NOT = re.compile("没有|并未|尚未|未能|不再|并不|拒绝|禁止")
_STILL = re.compile(r"\b(?:still|continue\w*|keeps?)\b")
_ORDINALS = {
    name: number
    for number, name in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth".split(), start=1
    )
}
_ORDINAL = re.compile(rf"\brank\w*\s(?:\w+\s)?({'|'.join(_ORDINALS)})\b")
_FRACTIONS = (
    (re.compile(r"\btwo[ -]thirds\b"), "3分之2"),
    (re.compile(r"\b(?:one|a)[ -]third\b"), "3分之1"),
    (re.compile(r"\bthree[ -]quarters\b"), "4分之3"),
    (re.compile(r"\b(?:one|a)[ -]quarter\b"), "4分之1"),
)


def support(
    claim: str, passages: Sequence[Passage], embed: Callable[[str], Vectors]
) -> tuple[Evidence, ...]:
    """What holds the claim, the likest sentence first; () when it does not hold."""
    units = [unit for passage in passages for unit in passage.units]
    read = Text(claim, passages[0].day)
    whole = "\n".join(unit.text for unit in units)
    chinese = is_chinese(without_brackets(fold(claim)))
    if not chinese and not is_chinese(whole) and not _words_stand(read.text, whole):
        return ()
    needed = [thing for thing in read.things if thing.kind in (Kind.FIGURE, Kind.DATE)]
    if not (
        _foreign_names_stand(read, whole) if chinese else _names_stand(claim, whole)
    ) or not _ranks_stand(read.text, whole):
        return ()
    holding = [[at for at, unit in enumerate(units) if _stands(one, unit)] for one in needed]
    if not all(holding):
        return ()
    vector = embed(claim)
    scores = _scores(passages, vector)
    if not scores:
        return ()
    originals = _HAN.findall(fold(claim))
    named_there = [at for at in scores if any(one in units[at].text for one in originals)]
    likest = max(
        named_there or scores,
        key=lambda at: (
            sum(one in units[at].text for one in originals),
            sum(at in places for places in holding),
            scores[at],
        ),
    )
    counted = any(one.kind is Kind.DATE or one.value not in _SMALL for one in needed)
    named = counted or bool(originals) or bool(_LATIN_NAME.search(claim))
    if not named and len(content_words(read.text)) < _LEAST_SAID:
        return ()
    if scores[likest] < (_LEAST_SIMILARITY_OF_NAMED if named else _LEAST_SIMILARITY):
        return ()
    chosen = [likest]
    for thing, places in zip(needed, holding, strict=True):
        best = max(places, key=lambda at: scores.get(at, 0.0))
        far = scores.get(best, 1.0) < scores[likest] - _NEAR
        if far and thing.kind is Kind.FIGURE:
            return ()
        if not any(at in chosen for at in places):
            chosen.append(best)
    if not _agrees(needed, holding, likest, units):
        return ()
    if _denies(read.text, [units[at] for at in chosen]):
        return ()
    if drops_deputy(read.text, units[likest].text):
        return ()
    if not chinese and is_chinese(whole) and unsaid(without_brackets(fold(claim)), whole):
        return ()
    if needed and not any(likest in places for places in holding) and len(chosen) > 1:
        chosen = chosen[1:] + chosen[:1]
    return tuple(units[at].evidence for at in dict.fromkeys(chosen))


def _words_stand(claim: str, whole: str) -> bool:
    """Whether an English passage holds most words of an English claim, whatever their endings."""
    words = [word for word in content_words(claim) if word.isalpha()]
    held = sum(word[:_STEM] in whole for word in words)
    return held >= _LEAST_WORDS * len(words)


def without_brackets(folded: str) -> str:
    """Folded text without what stands in brackets: originals of names, in their own language."""
    return _IN_BRACKETS.sub("", folded)


def _scores(passages: Sequence[Passage], vector: Vectors) -> dict[int, float]:
    """How like the claim each sentence is, by its number among all units."""
    scores: dict[int, float] = {}
    first = 0
    for passage in passages:
        similar = passage.vectors @ vector
        for at in range(min(len(passage.sentences), len(similar))):
            scores[first + at] = float(similar[at])
        first += len(passage.units)
    return scores


def _foreign_names_stand(read: Text, whole: str) -> bool:
    """Whether each name of a Chinese claim has its original in brackets, or sounds like it."""
    sound = bare(whole)
    for thing in read.things:
        if thing.kind in (Kind.PERSON, Kind.PLACE):
            original = _ORIGINAL.match(read.text, thing.end)
            if bare(original[1] if original else romanised(thing.text)) not in sound:
                return False
    return True


def _names_stand(claim: str, whole: str) -> bool:
    folded = bare(whole)
    if any(name not in folded for name in _HAN.findall(fold(claim))):
        return False
    names = [
        name
        for name in _LATIN_NAME.findall(_BRACKETED.sub(" ", claim))
        if not all(word in _COMMON_NAMES for word in re.split(r"[\s-]", name.lower()))
    ]
    if not names:
        return True
    sound = f"{folded} {romanised(folded)}"
    return all(_sounds(name, sound) for name in names)


def _sounds(name: str, sound: str) -> bool:
    words = [word for word in fold(name).split() if word not in _COMMON_NAMES]
    return bare("".join(words)) in sound or all(bare(word) in sound for word in words)


def _ranks_stand(claim: str, whole: str) -> bool:
    ranks = (_ORDINALS[match[1]] for match in _ORDINAL.finditer(claim))
    fractions = (said for pattern, said in _FRACTIONS if pattern.search(claim))
    return all(
        f"第{rank}" in whole or (rank == 1 and ("首" in whole or "第一" in whole or "冠" in whole))
        for rank in ranks
    ) and all(said in whole for said in fractions)


def _stands(thing: Thing, unit: Unit) -> bool:
    if thing.kind is Kind.DATE:
        return any(
            thing.first <= day <= thing.last
            for one in unit.read.things
            if one.kind is Kind.DATE
            for day in (one.first, one.last)
        )
    strict = thing.unit and thing.unit not in COUNTERS
    for one in unit.read.things:
        same = one.kind is Kind.FIGURE and one.value == thing.value
        if same and (not strict or one.unit in (thing.unit, "")):
            return thing.is_bounded_as(one)
    return not strict and thing.value in figure_values(unit.text)


def _agrees(
    needed: Sequence[Thing], holding: Sequence[Sequence[int]], likest: int, units: Sequence[Unit]
) -> bool:
    """Whether the likest sentence has one of the claim's figures, or none at all."""
    figures = [
        places for thing, places in zip(needed, holding, strict=True) if thing.kind is Kind.FIGURE
    ]
    if not figures or any(likest in places for places in figures):
        return True
    return not any(one.kind is Kind.FIGURE for one in units[likest].read.things)


def _denies(claim: str, units: Sequence[Unit]) -> bool:
    """One says not, and the other plainly has nothing of the kind."""
    text = "\n".join(unit.text for unit in units)
    if "不再" in text and _STILL.search(claim):
        return True
    if _NOT.search(claim):
        return not _CHINESE_NOT.search(text) and not _NEGATIVE.search(text)
    return bool(_PLAIN_NOT.search(text)) and not _NEGATIVE.search(claim) and len(units) == 1
