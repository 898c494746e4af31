"""Who did it, and who said it: a doer or speaker of the claim that is another one's there."""

import re
from collections.abc import Sequence

from retrieval.answering.checking.reading import Text
from retrieval.answering.checking.wording import coverage
from retrieval.words import Word

_BY = re.compile("被|遭到?|(?<![理缘])由(?![于此来])")
_ACROSS = re.compile("被|遭到?|比(?![例赛分重率如较])")
_SAYS = re.compile(
    "表示|指出|认为|强调|宣布|透露|提醒|呼吁|警告|(?<![名简俗自])称(?![为号职赞])|(?<![小学传])说(?![明法服])"
)
_CLAUSE_END = re.compile("[,;。!?:\n]")
_NAME_TAGS = ("nr", "ns", "nt", "nz")


def misplaced(claim: Text, texts: Sequence[Text], around: str) -> str:
    """What somebody is said to have done or said that another one did; "" for nothing plain.

    `texts` are the sentences that the claim rests on, `around` the words around them.
    """
    return _done_by(claim, around) or _crossed(claim, texts) or _said_by(claim, texts)


def _done_by(claim: Text, around: str) -> str:
    """A doer behind 被 or 由 of whom the passage says nothing there."""
    for match in _BY.finditer(claim.text):
        doer, end = "", match.end()
        for one in claim.tokens:
            if one.start == end and one.is_noun and len(one.text) > 1:
                doer, end = one.text, one.end
        if doer and doer not in around and doer[-2:] not in around:
            return f"says done by {doer}"
    return ""


def _crossed(claim: Text, texts: Sequence[Text]) -> str:
    """A 被 B in the claim where the passage has B 被 A; so with 比."""
    mine = _ACROSS.search(claim.text)
    if not mine:
        return ""
    before, after = _sides(claim, mine)
    for text in texts:
        for theirs in re.finditer(mine[0], text.text):
            left, right = _stretches(text.text, theirs)
            went = [one for one in before if one in right and one not in left]
            came = [one for one in after if one in left and one not in right]
            if went and came:
                return f"{went[0]} and {came[0]} have changed places"
    return ""


def _sides(text: Text, marker: re.Match[str]) -> tuple[list[str], list[str]]:
    """The nouns before and behind a marker, in its clause."""
    left, right = _stretches(text.text, marker)
    first, last = marker.start() - len(left), marker.end() + len(right)
    nouns = [one for one in text.tokens if one.is_noun and len(one.text) > 1]
    return (
        [one.text for one in nouns if first <= one.start < marker.start()],
        [one.text for one in nouns if marker.end() <= one.start < last],
    )


def _stretches(text: str, marker: re.Match[str]) -> tuple[str, str]:
    start = max((m.end() for m in _CLAUSE_END.finditer(text, 0, marker.start())), default=0)
    stop = _CLAUSE_END.search(text, marker.end())
    return text[start : marker.start()], text[marker.end() : stop.start() if stop else len(text)]


def _said_by(claim: Text, texts: Sequence[Text]) -> str:
    """Somebody's words that a sentence gives to another one by name."""
    verb = _SAYS.search(claim.text)
    speaker = verb and _last_named(claim, verb)
    if not verb or not speaker or not texts:
        return ""
    said = [one for one in claim.tokens if one.start >= verb.end()]
    if not said:
        return ""
    text = max(texts, key=lambda one: coverage(said, one.text))
    spoken = [
        one for one in (_last_named(text, match) for match in _SAYS.finditer(text.text)) if one
    ]
    if not spoken or any({*speaker.text} & {*one.text} for one in spoken):
        return ""
    last = max(one.end for one in spoken)
    if 0 <= text.text.find(speaker.text) < last:
        return ""
    return f"says said by {speaker.text} what {spoken[-1].text} said"


def _last_named(text: Text, verb: re.Match[str]) -> Word | None:
    """The name in the clause before a verb of speaking."""
    start = max((m.end() for m in _CLAUSE_END.finditer(text.text, 0, verb.start())), default=0)
    named = [
        one
        for one in text.words
        if one.tag.startswith(_NAME_TAGS)
        and len(one.text) > 1
        and start <= one.start
        and one.end <= verb.start()
    ]
    return named[-1] if named else None
