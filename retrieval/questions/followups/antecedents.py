"""What the last question and its answer were about: persons, organisations, places, groups."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.questions.followups.reading import Reading, read, runs, subject
from retrieval.questions.followups.vocabulary import (
    GENERIC,
    ORGANISATION_ENDS,
    PEOPLE_ENDS,
    PLACE_ENDS,
)
from retrieval.questions.kinds import Kind, asked_kinds
from retrieval.types import Turn
from retrieval.words import PERSON_TAGS, SURNAMES

MAX_NAME = 40
"""Characters of what is carried over from an answer."""

_SHORTEST_ORGANISATION = 4
_SPEAKS = (
    "(?:在|说|表示|认为|建议|介绍|告诉|拍|摄|来信|写|负责|担任|希望|提醒|强调|指出|回忆|当选|获|"
    "夺|随口|是|呼吁|主讲|作)"
)
_TOLD_OF = re.compile(
    "(?:专家|记者|通讯员|读者|书记|主任|教授|医生|老师|工程师|队长|教练|经理|总裁|总统|总理|主席|部长|局长|"
    rf"院长|校长|市长|县长|镇长|村长|导演|演员|选手|工人|操作工|职工|员工)"
    rf"([\u4e00-\u9fff]{{2,4}}?|[\u4e00-\u9fff]{{1,6}}(?:·[\u4e00-\u9fff]{{1,8}})+)(?={_SPEAKS})"
)
_PLAIN = re.compile(r"[\w·“”《》「」（）()\- ./']+")
_TERM = re.compile("“[^“”]{1,12}”|《[^《》]{1,20}》|「[^「」]{1,12}」")
_CAPITALISED = re.compile(r"\b[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){1,2}\b(?! [A-Z])")
_LONGEST_PERSON = 3
_WHO_IS_NAMED = re.compile(r"[Ww]ho (?:is|was) [A-Z]")


@dataclass(frozen=True, slots=True)
class Antecedents:
    """What can be carried over from a turn; "" where there is nothing of the sort."""

    question: Reading
    """The last question, as it was looked up."""
    subject: str
    topic: str
    """The subject, or what of it was asked for where that is a place only: 东城区的社区专员."""
    person: str
    organisations: tuple[str, ...]
    """The likeliest first; of a longer name also the organisations that it begins with."""
    place: str
    group: str
    term: str
    """A title or what stands in quotation marks."""


def antecedents(turn: Turn) -> Antecedents:
    """What a turn was about. What its question asked for comes from its answer."""
    question = read(turn.standalone or turn.question)
    answer = read("" if turn.refused else turn.answer)
    kinds = asked_kinds(question.folded.text)
    about = subject(question)
    asked = question.folded.text
    new_persons = [one for one in persons(answer) if _unsaid(one, asked)]
    known_persons = persons(question)
    who_is = about in known_persons or _WHO_IS_NAMED.match(question.text)
    who = not who_is and bool({Kind.PERSON, Kind.NAMED} & {*kinds})
    first, second = (new_persons, known_persons) if who else (known_persons, new_persons)
    said, told = list(_noun_runs(question)), list(_noun_runs(answer))
    seeks = bool({Kind.PERSON, Kind.ORGANISATION, Kind.PLACE} & {*kinds}) or "叫什么" in asked
    in_turn = [*told, *said] if seeks else [*said, *told]
    place_runs = [*told, *said] if Kind.PLACE in kinds else [*said, *told]
    groups = [one for one in [*reversed(said), *told] if _ends(one, PEOPLE_ENDS)]
    organisations = [name for one in in_turn for name in _organisations(one)]
    organisations.sort(key=_is_party)
    terms = [*_TERM.findall(question.text), *_TERM.findall(answer.text)]
    about = about or _object(question, told if seeks else ())
    return Antecedents(
        question=question,
        subject=about,
        topic=_topic(question, about),
        person=next(iter([*first, *second]), ""),
        organisations=tuple(organisations),
        place=next((one for one in place_runs if _is_place(one)), ""),
        group=_group(about, groups),
        term=next((one for one in reversed(terms) if _is_plain(one)), ""),
    )


def persons(reading: Reading) -> list[str]:
    """The persons named in a text as written there, in order."""
    folded = reading.folded.text
    found: dict[int, tuple[int, int]] = {}
    for match in _TOLD_OF.finditer(folded):
        found.setdefault(match.start(1), match.span(1))
    words = reading.words
    for at, word in enumerate(words):
        end = word.end
        if word.text in {"小", "老"} and folded[end : end + 1] in SURNAMES:
            found.setdefault(word.start, (word.start, end + 1))
            continue
        if len(word.text) == 1 and word.text in SURNAMES and at + 1 < len(words):
            follows = words[at + 1]
            if follows.start == end and follows.tag[0] == "n" and len(follows.text) < 3:
                found.setdefault(word.start, (word.start, follows.end))
            continue
        foreign = word.tag == "nrt" and len(word.text) > _LONGEST_PERSON
        chinese = word.text[0] in SURNAMES and 1 < len(word.text) <= _LONGEST_PERSON
        if word.tag in PERSON_TAGS and (foreign or chinese):
            found.setdefault(word.start, (word.start, end))
    names = [reading.cut(*found[at]) for at in sorted(found)]
    names += [match[0] for match in _CAPITALISED.finditer(reading.text)]
    return [one for one in dict.fromkeys(names) if _is_plain(one)]


def _unsaid(name: str, folded_question: str) -> bool:
    return read(name).folded.text not in folded_question


def _is_plain(name: str) -> bool:
    return len(name) <= MAX_NAME and _PLAIN.fullmatch(name) is not None


def _noun_runs(reading: Reading) -> Iterator[str]:
    for span in runs(reading):
        text = reading.of(reading.words[span.start : span.end])
        if len(text) > 1 and _is_plain(text):
            yield text


def _ends(name: str, endings: tuple[str, ...]) -> bool:
    return read(name).folded.text.endswith(endings)


def _is_place(name: str) -> bool:
    reading = read(name)
    return reading.folded.text.endswith(PLACE_ENDS) or any(
        word.tag == "ns" for word in reading.words
    )


def _organisations(run: str) -> Iterator[str]:
    """The organisations that a run of nouns names or begins with, the longest first."""
    reading = read(run)
    words = reading.words
    if len(words) == 1 and words[0].tag[0] == "n" and len(run) < _SHORTEST_ORGANISATION:
        return  # 学校 names none
    for end in range(len(words), 0, -1):
        text = reading.of(words[:end])
        if words[end - 1].text.endswith(ORGANISATION_ENDS) and (end > 1 or len(text) > 2):
            yield text


def _is_party(name: str) -> bool:
    return _ends(name, ("党委", "党支部"))


def _topic(question: Reading, about: str) -> str:
    """What a question that asks for things of a place is about."""
    words = read(about).words
    asking = question.asking
    if asking is None or not words or any(word.tag != "ns" for word in words):
        return about
    for span in runs(question):
        first = question.words[span.start]
        if first.start >= asking.end:
            counted = question.of(question.words[span.start : span.end])
            near = first.start - asking.end <= 1 and first.text not in GENERIC
            return f"{about}的{counted}" if near and _is_plain(counted) else about
    return about


def _object(question: Reading, told: list[str] | tuple[()]) -> str:
    """What a question without a subject asks about: a title, a name, the longest run of nouns."""
    if title := _TERM.search(question.text):
        return title[0]
    named = [one for one in _noun_runs(question) if len(one) > 1]
    return max(named, key=len, default=next(iter(told), ""))


def _group(about: str, groups: list[str]) -> str:
    """People spoken of, with what they belong to."""
    if about and _ends(about, (*PEOPLE_ENDS, *ORGANISATION_ENDS)):
        return about
    if not groups:
        return ""
    owner = read(about)
    placed = len(owner.words) == 1 and owner.words[0].tag in {"ns", "nt"}
    return f"{about}的{groups[0]}" if placed else groups[0]
