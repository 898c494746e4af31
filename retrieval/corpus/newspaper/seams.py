"""Where a sentence breaks off, and how well another piece of text goes on with it."""

import re

from retrieval.folding import fold
from retrieval.words import tagged_words

_PAIRS = {"“": "”", "‘": "’", "（": "）", "(": ")", "《": "》", "「": "」", "『": "』", "【": "】"}
_CLOSERS = frozenset(_PAIRS.values())
_STRIPPED = "”’）)》」』】\"' \u3000"
_ENDED = frozenset("。！？!?…：:；;～~—")
_LAST_BRACKET = re.compile(r"(?<=[。！？”])\s*[（(][^（）()]{1,40}[）)]\Z")
_TAIL_WORD = re.compile(r"\w{1,10}\Z")
_HEAD_WORD = re.compile(r"\w{1,10}")
_CANNOT_BEGIN = re.compile(r"[，、。；：？！,;:?!”’）)》」』】%％的地得了着過过们們之等及]")
_SELDOM_BEGINS = re.compile(r"[^\W\d_]{1,2}[，、,](?!“)")
_CANNOT_END = re.compile(
    r"(?:[，、,“‘（(《「『和与與及或的地把被在对對将將向从從为為是以于於让讓使其该該每第约約近超]|\d)\Z"
)
_OPENERS = re.compile(
    r"近日|日前|昨日|据|據|此外|同时|同時|目前|如今|近年来|今年|去年|另外|其中|随着|但|而|为了|為了|“|‘|「|\d+月|[一二三四五六七八九十]+是|[一二三四五六七八九十\d]+[、.．]|记者|在.{1,12}[，,]"
)


def is_broken(text: str) -> bool:
    """Whether a paragraph ends in the middle of a sentence."""
    bare = _LAST_BRACKET.sub("", text).rstrip(_STRIPPED) or text.rstrip(_STRIPPED)
    if not bare or bare[-1] in _ENDED:
        return False
    if bare[-1] == ".":
        return False
    return bare[-1].isalnum() or bare[-1] in "，、,“‘（(《「『·-+/&" or bool(open_marks(text))


def open_marks(text: str) -> str:
    """The closing marks that the text still waits for, innermost last."""
    waiting: list[str] = []
    for character in text[-2_000:]:
        if character in _PAIRS:
            waiting.append(_PAIRS[character])
        elif character in _CLOSERS and character in waiting:
            while waiting.pop() != character:
                pass
    return "".join(waiting)


def unopened_marks(text: str) -> str:
    """The closing marks of the text that nothing in it opens, in order."""
    depth = dict.fromkeys(_CLOSERS, 0)
    found = ""
    for character in text[:2_000]:
        if character in _PAIRS:
            depth[_PAIRS[character]] += 1
        elif character in _CLOSERS:
            if depth[character]:
                depth[character] -= 1
            else:
                found += character
    return found


def shares_word(text: str, rest: str) -> bool:
    """Whether a word begins at the end of `text` and ends in `rest`."""
    tail, head = _TAIL_WORD.search(text), _HEAD_WORD.match(rest)
    if tail is None or head is None:
        return False
    left, right = fold(tail[0]), fold(head[0])
    if left[-1].isascii() != right[0].isascii():
        return False
    if left[-1].isdigit() and right[0].isdigit():
        return True
    offset = 0
    for word, _ in tagged_words(left + right):
        if offset < len(left) < offset + len(word):
            return True
        offset += len(word)
    return False


def fit(text: str, rest: str) -> float:
    """How well `rest` goes on with the broken sentence at the end of `text`; 0: nothing known."""
    score = 0.0
    waiting, unopened = open_marks(text), unopened_marks(rest)
    if waiting and unopened:
        score += 3 if unopened[0] == waiting[-1] else -1
    elif waiting:
        score -= 0.5
    elif unopened:
        score -= 2
    if shares_word(text, rest):
        score += 2
    if _OPENERS.match(rest):
        score -= 1
    elif _CANNOT_BEGIN.match(rest):
        score += 2
    elif _SELDOM_BEGINS.match(rest):
        score += 1
    if _CANNOT_END.search(text):
        score += 0.5
        if rest[:1] in "，、,。；;":
            score -= 2
    return score
