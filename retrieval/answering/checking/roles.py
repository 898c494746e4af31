"""Who did what to whom: parts that have changed places between a passage and a claim."""

import re
from collections.abc import Sequence

from retrieval.answering.checking.negations import LIGHT
from retrieval.answering.checking.reading import Text
from retrieval.answering.checking.things import Kind
from retrieval.answering.checking.tokens import Token

_TURNS = re.compile("转为|转向|变成|变为|变回|转变为|改为|升级为|变身")
_PASSIVE = re.compile("被|受|遭|得到|经|由|获|给|的是|让|把|将|的(?=[,。]|$)")
_TITLE_BEFORE = re.compile(
    "(?:书记|主任|经理|校长|院长|局长|厂长|部长|市长|县长|区长|会长|队长|董事长|教授|老师|医生|读者|专家|主席|总理|总统|"
    "工程师|导演|操作工|记者|通讯员)$"
)
_NAMELIKE = frozenset({"nr", "nrt", "nrfg", "zg", "j", "nz", "x"})
_VERBS = frozenset("战胜 击败 打败 险胜 完胜 力克 起诉 收购".split())
"""Verbs that the segmenter may take for nouns."""

_NO_DEEDS = LIGHT | {"没有", "没", "没能", "属于"}
_BREAK = re.compile("[,;。:、的是和与]")
_SENTENCE = re.compile("[。!?;\n]")


def reversed_roles(claim: Text, tokens: Sequence[Token], texts: Sequence[Text]) -> str:
    """What has changed places; "" where nothing plainly has."""
    for text in texts:
        said = _turned(claim, tokens, text) or _acted(claim, tokens, text)
        if said or (said := _subject(claim, tokens, text)):
            return said
    return _titled(claim, texts)


def _turned(claim: Text, tokens: Sequence[Token], text: Text) -> str:
    """From one thing to another: the claim has it the other way round."""
    mine, theirs = _TURNS.search(claim.text), _TURNS.search(text.text)
    if not mine or not theirs:
        return ""
    before = [one.text for one in tokens if one.end <= mine.start() and len(one.text) > 1]
    after = [one.text for one in tokens if one.start >= mine.end() and len(one.text) > 1]
    left, right = text.text[: theirs.start()], text.text[theirs.end() :]
    came = [one for one in after if one in left and one not in right]
    went = [one for one in before if one in right and one not in left]
    return f"turns {went[0]} and {came[0]} round" if came and went else ""


def _acted(claim: Text, tokens: Sequence[Token], text: Text) -> str:
    for word in claim.words:
        verb = word.tag[:1] == "v" or word.text in _VERBS
        if not verb or len(word.text) < 2 or word.text not in text.text:
            continue
        start, end = _around(claim.text, word.start, word.end)
        left = [
            t for t in tokens if start <= t.start < word.start and t.is_noun and len(t.text) > 1
        ]
        right = [t for t in tokens if word.end <= t.start < end and t.is_noun and len(t.text) > 1]
        if not left or not right:
            continue
        at = text.text.find(word.text)
        if text.text.count(word.text) > 1:
            continue
        begin, stop = _around(text.text, at, at + len(word.text))
        before, after = text.text[begin:at], text.text[at + len(word.text) : stop]
        subject, thing = left[-1].text, right[0].text
        if subject == thing or bool(_PASSIVE.search(claim.text[start:end])) != bool(
            _PASSIVE.search(text.text[begin:stop])
        ):
            continue
        if subject in after and subject not in before and thing in before and thing not in after:
            return f"{subject} and {thing} have changed places"
    return ""


def _subject(claim: Text, tokens: Sequence[Token], text: Text) -> str:
    """Somebody is said to do what another one does in the passage, where he stands otherwise."""
    for word in claim.words:
        if word.tag[:1] != "v" or word.text in _NO_DEEDS or text.text.count(word.text) != 1:
            continue
        mine = _before(tokens, word.start, claim.text)
        if mine is None:
            continue
        at = text.text.find(word.text)
        theirs = _before(text.tokens, at, text.text)
        if theirs is None or mine.text.isascii() or {*mine.text} & {*theirs.text}:
            continue
        start, end = _around(text.text, at, at + len(word.text))
        said = claim.text[_around(claim.text, word.start, word.end)[0] : word.start]
        if (
            mine.text in text.text[at:end]
            and mine.text not in text.text[start:at]
            and theirs.text not in said
            and not _PASSIVE.search(claim.text[mine.end : word.start])
            and theirs.text in claim.text
        ):
            return f"{mine.text} does what {theirs.text} does"
    return ""


def _before(tokens: Sequence[Token], place: int, text: str) -> Token | None:
    """The noun right before a verb, with at most an adverb between."""
    nouns = [one for one in tokens if one.end <= place and one.is_noun and place - one.end <= 4]
    if not nouns or _BREAK.search(text, nouns[-1].end, place):
        return None
    return nouns[-1]


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a place."""
    begin = max((match.end() for match in _SENTENCE.finditer(text, 0, start)), default=0)
    stop = _SENTENCE.search(text, end)
    return begin, stop.start() if stop else len(text)


def _titled(claim: Text, texts: Sequence[Text]) -> str:
    """A person by the title that another one has in the passages."""
    for thing in claim.things:
        if thing.kind is not Kind.PERSON:
            continue
        title = _TITLE_BEFORE.search(claim.text, max(0, thing.start - 4), thing.start)
        if not title:
            continue
        near = re.compile(
            f"{title[0]}(?:[\\s、:]*[\u3400-\u9fff]{{2,4}}[\\s、])*[\u3400-\u9fff\\s、:]{{0,3}}{thing.text}"
            f"|{thing.text}[^。;!?]{{0,14}}{title[0]}"
        )
        if any(near.search(text.text) for text in texts):
            continue
        if any(_bears(title[0], text) or _is_titled(thing.text, text) for text in texts):
            return f"{thing.text} is not {title[0]}"
    return ""


def _bears(title: str, text: Text) -> bool:
    """Whether somebody else bears the title: a name stands right behind it."""
    for match in re.finditer(title, text.text):
        for word in text.words:
            if word.start == match.end() and word.tag in _NAMELIKE:
                return True
    return False


def _is_titled(name: str, text: Text) -> bool:
    return any(
        _TITLE_BEFORE.search(text.text, max(0, match.start() - 4), match.start())
        for match in re.finditer(re.escape(name), text.text)
    )
