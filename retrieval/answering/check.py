"""A model's claims to statements, where the passages support them."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from retrieval.answering.claims import Claim
from retrieval.answering.statements import Statement
from retrieval.folding import (
    DateSpan,
    Figure,
    canonical,
    figure_values,
    find_dates,
    find_figures,
    fold,
    spelled_date,
)
from retrieval.pinyin import romanised
from retrieval.questions.question import is_chinese
from retrieval.types import Article, Evidence, Field, Span, Vectors
from retrieval.words import content_words, tagged_words

_ADDRESS = re.compile(r"(?:https?://|www\.)[\w./?=&%#-]+")
_QUOTED = re.compile(r"[“《「『\"]([^“”《》「」『』\"]{2,40})[”》」』\"]")
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_MIN_SHARED_WORDS = 0.5
"""Share of a sentence's words that its passages must hold, where both are Chinese."""

_UNIT = re.compile(
    r"[余多来几]?\s*(%|平方米|平方公里|公里|厘米|毫米|米|公顷|亩|吨|公斤|克|小时|分钟|秒|天|年|岁|元|度)"
)
_BRACKETED = re.compile(r"[A-Z][\w'’.-]*(?:[\s-]+[A-Z][\w'’.-]*)*\s*[(（][^()（）]*[\u3400-\u9fff]")
_LATIN_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’-]*[a-z](?: [A-Z][\w'’-]*[a-z])*")
_COMMON_NAMES = frozenset(
    """
    party communist china chinese english january february march april may june july august
    september october november december monday tuesday wednesday thursday friday saturday sunday
    """.split()
)
_LEAST_SIMILARITY = 0.77
"""Cosine of a sentence and the words it rests on, in two languages. Measured on the shipped
corpus: translations reach 0.78 to 0.85, sentences about other things 0.73 to 0.79."""

_LEAST_SIMILARITY_OF_NAMED = 0.72
"""The same for a sentence whose figures or names do stand in the passage."""

_NEED_WEIGHT = 0.5
_DAY = ("年", "月", "日", "号")
_ISO_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}(?:-\d{2})?(?!\d)")
_BETWEEN = "至"
_NOT_WORD = re.compile(r"\W")
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "翁柳蓉习温欧阳司马诸葛"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as the model was given it: an article's text from `start` to `end`."""

    article: Article
    start: int
    end: int
    sentences: tuple[Span, ...]
    vectors: Vectors
    """Unit vectors of the sentences, one a row."""


@dataclass(frozen=True, slots=True)
class _Need:
    """A date, a figure, or a name or quoted term, that must stand in what is cited."""

    dates: tuple[DateSpan, ...] = ()
    """One of them must stand: the readings of a date without a year."""
    value: Decimal | None = None
    term: str = ""
    dated: bool = False
    """The figure is one of a date."""
    unit: str = ""
    """What must follow the figure, where that cannot be said in another word."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Words of an article as claims are compared with them."""

    folded: str
    canonical: str
    """Its dates are resolved against the article's own."""
    dates: tuple[DateSpan, ...]


class Checker:
    """Checks the claims of one answer against the passages that its model was given."""

    def __init__(self, sources: Sequence[Source], embed: Callable[[str], Vectors]) -> None:
        """`embed` is asked only for claims in another language than their passages."""
        self._sources = sources
        self._embed = embed

    def check(self, claim: Claim) -> Statement | None:
        """The claim with the words it rests on; None where nothing supports it.

        `claim.numbers` are the sources counted from 1; one that points nowhere is dropped.
        """
        numbers = [number for number in claim.numbers if 0 < number <= len(self._sources)]
        cited = [self._sources[number - 1] for number in numbers]
        if cited and (evidence := _support(claim.text, cited, self._embed)):
            return Statement(claim.text, evidence)
        return None


def _support(
    claim: str, sources: Sequence[Source], embed: Callable[[str], Vectors]
) -> tuple[Evidence, ...]:
    """What holds the claim, the best sentence of each source first; () when it does not hold."""
    folded = fold(claim)
    needs = _needs(claim, folded, {source.article.day for source in sources})
    whole = _joined([_read(text, source.article.day) for source, text in _texts(sources)])
    same_language = is_chinese(folded) and is_chinese(whole.folded)
    if not same_language:
        whole = replace(whole, folded=f"{whole.folded} {romanised(whole.folded)}")
    if not all(_stands(need, whole) for need in needs):
        return ()
    material = whole.folded
    if same_language:
        words = content_words(folded)
        if not words or sum(word in material for word in words) / len(words) < _MIN_SHARED_WORDS:
            return ()
        chosen = [_best_by_words(folded, needs, source) for source in sources]
    else:
        vector = embed(claim)
        least = _LEAST_SIMILARITY_OF_NAMED if needs else _LEAST_SIMILARITY
        if max(float((source.vectors @ vector).max()) for source in sources) < least:
            return ()
        chosen = [_best_by_meaning(vector, source) for source in sources]
    for need in needs:
        if not any(_stands(need, _read_quote(evidence)) for evidence in chosen):
            chosen += _first_with(need, sources)
    return tuple(dict.fromkeys(chosen))


def _needs(original: str, claim: str, days: Collection[date | None]) -> list[_Need]:
    """The dates, figures, names and quoted terms of a claim, given also folded.

    `days` are those of the articles it rests on, from which dates without a year are counted.
    """
    chinese = is_chinese(claim)
    needs, figures = _dates_and_figures(canonical(original).text, days)
    needs += (
        _Need(value=one.value, dated=True)
        if not chinese or text[one.end : one.end + 1] in _DAY
        else _Need(value=one.value, unit=_unit(text, one))
        for text, one in figures
    )
    terms = _ADDRESS.findall(claim)
    if not chinese:
        terms += _HAN.findall(claim) + _bare_names(original)
        return [*needs, *(_Need(term=term) for term in terms)]
    terms += _QUOTED.findall(claim)
    for word, tag in tagged_words(claim):
        person = tag.startswith("nr") and word[0] in _SURNAMES and 2 <= len(word) <= 4
        if (person or tag in ("ns", "nt")) and _HAN.fullmatch(word):
            terms.append(word)
    return [*needs, *(_Need(term=term) for term in terms)]


def _dates_and_figures(
    text: str, days: Collection[date | None]
) -> tuple[list[_Need], list[tuple[str, Figure]]]:
    """Needs for the dates of a canonical claim, and the figures outside of them.

    去年 and the like without a figure are left out: whoever asks later calls that year otherwise.
    """
    readings: dict[tuple[int, int], set[DateSpan]] = {}
    for day in days:
        for one in find_dates(text, day):
            if any(character.isnumeric() for character in text[one.start : one.end]):
                readings.setdefault((one.start, one.end), set()).add(one)
    inside = {index for start, end in readings for index in range(start, end)}
    figures = [(text, one) for one in find_figures(text) if one.start not in inside]
    return [_Need(dates=tuple(dates)) for dates in readings.values()], figures


def _read(text: str, day: date | None) -> _Read:
    """Words of an article of that day."""
    plain = canonical(text, day).text
    return _Read(fold(text), plain, tuple(find_dates(plain, None)))


def _read_quote(evidence: Evidence) -> _Read:
    return _read(evidence.quote, evidence.article.day)


def _joined(texts: Sequence[_Read]) -> _Read:
    return _Read(
        " ".join(one.folded for one in texts),
        " ".join(one.canonical for one in texts),
        tuple(one for text in texts for one in text.dates),
    )


def _is_said(claimed: DateSpan, dates: Sequence[DateSpan]) -> bool:
    """Whether a day, month or year holds an end of one of the dates; of a range, both ends."""
    if _BETWEEN not in spelled_date(claimed):
        return any(
            claimed.first <= day <= claimed.last for one in dates for day in (one.first, one.last)
        )
    return any(one.first == claimed.first for one in dates) and any(
        one.last == claimed.last for one in dates
    )


def _stands(need: _Need, text_read: _Read) -> bool:
    if need.dates:
        return any(_is_said(one, text_read.dates) for one in need.dates)
    if need.value is None:
        return _bare(need.term) in _bare(text_read.folded)
    # the figures of a date, such as a field 2025-03-05, are those of days only
    folded = text_read.canonical
    text = folded if need.dated else _ISO_DATE.sub(" ", folded)
    if need.unit:
        found = find_figures(text)
        return any(one.value == need.value and _unit(text, one) == need.unit for one in found)
    return need.value in figure_values(text)


def _unit(folded: str, figure: Figure) -> str:
    match = _UNIT.match(folded, figure.end)
    return match[1] if match else ""


def _bare_names(claim: str) -> list[str]:
    """Names in Latin letters, in lower case, that no original in brackets follows."""
    names = (name.lower() for name in _LATIN_NAME.findall(_BRACKETED.sub(" ", claim)))
    return [name for name in names if name not in _COMMON_NAMES]


def _bare(text: str) -> str:
    return _NOT_WORD.sub("", text)


def _texts(sources: Sequence[Source]) -> Iterator[tuple[Source, str]]:
    for source in sources:
        yield source, source.article.text[source.start : source.end]
        yield from ((source, evidence.quote) for evidence in _field_evidence(source))


def _best_by_words(claim: str, needs: Sequence[_Need], source: Source) -> Evidence:
    """The sentence that shares most pairs of characters with the claim."""
    pairs = {claim[index : index + 2] for index in range(len(claim) - 1)}

    def overlap(evidence: Evidence) -> float:
        quote = _read_quote(evidence)
        shared = sum(pair in quote.folded for pair in pairs) / max(1, len(pairs))
        return shared + _NEED_WEIGHT * sum(_stands(need, quote) for need in needs)

    return max(_sentence_evidence(source), key=overlap)


def _best_by_meaning(vector: Vectors, source: Source) -> Evidence:
    scores = source.vectors @ vector
    return _sentence_evidence(source)[int(scores.argmax())]


def _first_with(need: _Need, sources: Sequence[Source]) -> list[Evidence]:
    """The first sentence or field that holds what is needed; [] where it is spread over several."""
    for source in sources:
        for evidence in (*_sentence_evidence(source), *_field_evidence(source)):
            if _stands(need, _read_quote(evidence)):
                return [evidence]
    return []


def _sentence_evidence(source: Source) -> list[Evidence]:
    return [Evidence(source.article, "text", span.start, span.end) for span in source.sentences]


def _field_evidence(source: Source) -> list[Evidence]:
    fields: tuple[Field, ...] = ("title", "kicker", "byline", "column", "date", "source", "page")
    values = ((name, getattr(source.article, name)) for name in fields)
    return [Evidence(source.article, name, 0, len(value)) for name, value in values if value]
