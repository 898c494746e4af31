"""Whether a question needs the turns before it, and what it is with them."""

import re
from collections.abc import Sequence

from retrieval.questions.followups import english
from retrieval.questions.followups.antecedents import Antecedents, antecedents
from retrieval.questions.followups.changes import changed, changed_element
from retrieval.questions.followups.ellipsis import Gap, completed, find_gap
from retrieval.questions.followups.reading import Reading, read
from retrieval.questions.followups.references import references, replaced
from retrieval.questions.question import is_chinese
from retrieval.types import Turn
from retrieval.words import SURNAMES

MAX_CARRIED = 500
"""Characters of a question made self-contained: a longer one is left as it was."""

_LONGEST = 200
"""Characters: a longer question says what it is about."""

_LEAD = re.compile(
    r"(?:请问一?下?|我?还?想?(?:知道|问一?下?|了解一?下?)|(?:请|能)?告诉我|麻烦问一?下?|顺便问一?下?|"
    r"好的?[,。!]|嗯+[,。]?|哦+[,。]?|谢谢[,。!]|对了[,。]?|那么|另外|还有[,:]|然后|那(?![里儿边个些位家次种场届年天时样么]|是|"
    r"算|属于|意味))[,: ]*"
)

_ANNOUNCED = re.compile(f"那(?=[{''.join(sorted(SURNAMES))}][\u4e00-\u9fff]{{1,2}}呢[?]*$)")
"""The segmenter takes 那 for part of a person's name."""

_SMALL_TALK = re.compile(
    r"(?:(?:你|您|大家)好|谢谢你?您?|多谢|好的?|知道了|明白了?|再见|嗯+|哦+|辛苦了|"
    r"hello|hi|thanks|thank you|ok|bye)"
    r"[\s,。.!?~]*"
)


def refers_back(question: str, turns: Sequence[Turn]) -> bool:
    """Whether the question cannot be understood without the turns before it, the oldest first."""
    turns = _asked(turns)
    if not turns or not question.strip() or len(question) > _LONGEST:
        return False
    reading = read(question)
    if not is_chinese(reading.folded.text):
        return english.refers_back(reading.text)
    start = _lead(reading)
    return bool(
        references(reading, start) or changed_element(reading, start) or _gap(reading, start, turns)
    )


def carried_over(question: str, turns: Sequence[Turn]) -> str:
    """The question with what it leaves out, of the turns before it; itself where that is nothing.

    Only names and runs of nouns are taken from answers, none of them longer than forty characters.
    """
    turns = _asked(turns)
    if not refers_back(question, turns):
        return question
    reading = read(question)
    known = antecedents(turns[-1])
    for turn in reversed(turns[:-1]):
        if known.subject or known.person:
            break
        known = antecedents(turn)
    if not is_chinese(reading.folded.text):
        found = english.carried_over(reading.text, known)
    else:
        found = _carried(reading, _lead(reading), known, turns)
    return found if found.strip() and len(found) <= MAX_CARRIED else question


def _asked(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The turns that are more than thanks and greetings."""
    return [one for one in turns if not _SMALL_TALK.fullmatch(read(one.question).folded.text)]


def _carried(reading: Reading, start: int, known: Antecedents, turns: Sequence[Turn]) -> str:
    if pointing := references(reading, start):
        return replaced(reading, start, pointing, known)
    if element := changed_element(reading, start):
        return changed(element, known)
    gap = _gap(reading, start, turns)
    return completed(reading.cut(start, len(reading.folded.text)), gap, known) if gap else ""


def _gap(reading: Reading, start: int, turns: Sequence[Turn]) -> Gap | None:
    rest = read(reading.cut(start, len(reading.folded.text)))
    return find_gap(rest, read(turns[-1].standalone or turns[-1].question))


def _lead(reading: Reading) -> int:
    """Where the question begins behind polite and joining words, in folded characters."""
    text = reading.folded.text
    boundaries = {word.start for word in reading.words} | {len(text)}
    if announced := _ANNOUNCED.match(text):
        return announced.end()
    at = 0
    while (
        (match := _LEAD.match(text, at)) and match.end() in boundaries and match.end() < len(text)
    ):
        at = match.end()
    return at
