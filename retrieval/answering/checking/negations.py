"""Negations: what a text denies, and whether a claim denies the same."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from retrieval.answering.checking.reading import Text

_NEGATOR = re.compile("没有|没|尚未|从未|并未|未|并非|绝非|并不|不再|不|毫无|无|勿")
_NOT_ONLY = re.compile("不(?:只|仅|光|单)(?:仅|单)?是")
_ONLY = re.compile("(?<!不)(?:只|仅|光|仅仅)是")
_PUT_IN_FRONT = re.compile(
    "(?:没(?=有)|不(?=可以|能|会|是|应|需|必|要|得|许))(?P<plain>(?:有|可以|能够?|会|是|应该?|需要?|必须|要|得|许)"
    "[\u3400-\u9fff]{2})"
)
"""A negation in front of 有 or of a word such as 可以, with the two characters behind that."""

_NO_NEGATION = re.compile(
    r"(.)(?:不|没)\1|是不是|有没有|离不开|得不|不(?:少|仅|但|只|断|同|久|过|论|管|光|料|禁|愧|易|错|一|单|然|懈|负|到|足|止|惜|时)"
    "|不(?:满(?!意)|超过|低于|少于|多于|高于|等(?!于)|知不觉|可或缺|可分|约而同|了(?=地|情))"
    "|无(?:论|私|数|疑|锡|线|人机|人驾|偿|障碍|缝|微不至|不|非|愧)|未(?:来|必|成年|雨绸缪|婚)|没(?:收|落)"
    "|不(?:当(?!选)|良|法|明(?!白|确|显)|慎|幸|适(?!用|合|应)|详|妥|堪|善(?!于)|测|轨|菲|俗)"
    "|毫无保留|全无|必不可少|[了忘少免].{0,2}不了|来不及|迫不及待|络绎不绝|源源不断"
)
"""Words with a negation in them that deny nothing, or nothing that could be told."""

_IMPLIED = re.compile(
    "不只|不仅|不光|不单|不但|不止|拒绝|缺乏|缺少|避免|失败|禁止|停止|取消|免[去除于]|难以?|仅|只有?|唯一|才|以外"
    "|除了|而非|非(?![遗常])|否[认定则]|放弃|告别|摆脱|替代|取代|代替|改[变为]|(?<!不)少|防止|杜绝|严禁|谢绝|零|空白|暂停"
    "|不(?![久少断同过])|没|未|无|离|落选|失去|脱|变成|转[为向变]|变为"
)
"""What can be said by a negation too."""

_TURNS = re.compile("变成|转[为向变]|变为|取代|替代|代替|告别|摆脱")
LIGHT = frozenset(
    "予 不予 会 能 能够 要 是 可 可以 得 给 被 让 应 "
    "应该 应当 需要 需 必 必须 想 愿 愿意 肯 敢 把 将 由 在 有 曾 "
    "再 再次 去 来 到 对 向 从 用 像 如 用于 打算".split()
)
"""Words that are passed over for the verb behind them."""

_REACH = 12
"""Characters between a negation and what it denies."""

_COPIED = 2
"""Characters before a negation, and with it behind, that make it the passage's own."""

_CLAUSE = re.compile("[,;。!?:\n]")
_CIRCUMSTANCE = re.compile(
    "(?:在|于)[^,;。!?:\n]{1,12}?(?:中|里|上|下|内|时|期间|之前|之后|以前|以后)(?=[\u3400-\u9fff])"
)
"""没有 在袭击中 受伤: passed over for the verb behind it."""


@dataclass(frozen=True, slots=True)
class Negation:
    """A negation, and the word it denies: the first verb behind it, else the first noun, or ""."""

    place: int
    predicate: str


def negations(text: Text) -> list[Negation]:
    """The negations of a text, in order."""
    skipped = {
        place for match in _NO_NEGATION.finditer(text.text) for place in range(*match.span())
    }
    return [
        Negation(match.start(), _predicate(text, match.end()))
        for match in _NEGATOR.finditer(text.text)
        if match.start() not in skipped
    ]


def clause_at(text: str, place: int) -> str:
    """The words between two marks around a place."""
    start = max((match.end() for match in _CLAUSE.finditer(text, 0, place)), default=0)
    stop = _CLAUSE.search(text, place)
    return text[start : stop.start() if stop else len(text)]


def disagreement(claim: Text, texts: Sequence[Text]) -> str:
    """What the claim denies and the texts do not, or the other way round; "" for nothing."""
    mine = negations(claim)
    theirs = [(text, negations(text)) for text in texts]
    return (
        _turned(claim.text, [text.text for text in texts])
        or _denied(claim, mine, theirs)
        or _left_out(claim, mine, theirs)
    )


_Negated = Sequence[tuple[Text, Sequence[Negation]]]


def _turned(claim: str, texts: Sequence[str]) -> str:
    """没有好处 of what 可能有好处: the same words with a negation put in front, or taken away."""
    said = "\n".join(texts)
    if _NOT_ONLY.search(said) and _ONLY.search(claim) and not _ONLY.search(said):
        return "says that it is only that"
    for one, other in ((claim, said), (said, claim)):
        for plain, negated in _negated_words(one):
            if negated not in other and re.search(rf"(?<![没不未无]){re.escape(plain)}", other):
                taken = plain if one is claim else negated
                if plain not in one.replace(negated, ""):
                    return f"turns {taken}"
    return ""


def _negated_words(text: str) -> Iterator[tuple[str, str]]:
    """The words behind each negation as they would stand without it, and with it."""
    skipped = {place for match in _NO_NEGATION.finditer(text) for place in range(*match.span())}
    for match in _PUT_IN_FRONT.finditer(text):
        if match.start() not in skipped:
            yield match["plain"], match[0]


def _denied(claim: Text, mine: Sequence[Negation], theirs: _Negated) -> str:
    for one in mine:
        clause = clause_at(claim.text, one.place)
        alone = sum(clause_at(claim.text, other.place) == clause for other in mine) == 1
        if not one.predicate or not alone:
            continue  # two negations make none
        words = claim.text[max(0, one.place - _COPIED) : one.place + _COPIED]
        if any(words in text.text for text, _ in theirs):
            continue
        if _said_plainly(one, _beside(claim, clause, one.predicate), theirs):
            return f"denies {one.predicate}"
        somewhere = any(one.predicate in text.text for text, _ in theirs)
        if not somewhere and not any(_IMPLIED.search(text.text) for text, _ in theirs):
            return f"denies {one.predicate}, which is not there"
        if somewhere and not any(_IMPLIED.search(text.text) for text, _ in theirs):
            return f"denies {one.predicate}"
    return ""


def _said_plainly(one: Negation, beside: Collection[str], theirs: _Negated) -> bool:
    """Whether a text says the denied word with the same words beside it, and no text denies it."""
    word = one.predicate
    said = any(
        not beside or any(other in clause_at(text.text, place) for other in beside)
        for text, _ in theirs
        for place in _places(text.text, word)
    )
    return said and not any(
        other.predicate == word or _reaches(text, other, word)
        for text, negated in theirs
        for other in negated
    )


def _left_out(claim: Text, mine: Sequence[Negation], theirs: _Negated) -> str:
    """A word that the texts deny wherever they say it, and that the claim says plainly."""
    own = {one.predicate for one in mine}
    for text, negated in theirs:
        for other in negated:
            word = other.predicate
            if len(word) < 2 or word in own or word not in claim.text:
                continue
            if any(_says(one, word) for one, _ in theirs):
                continue
            beside = _beside(text, clause_at(text.text, other.place), word)
            shared = any(one in claim.text for one in beside)
            if (shared or len(word) > 2) and not _is_denied_otherwise(claim, mine, word, text):
                return f"leaves out that {word} is denied"
    return ""


def _is_denied_otherwise(claim: Text, mine: Sequence[Negation], word: str, text: Text) -> bool:
    """Whether the claim's clause with the word has a denial of its own that may be meant for it."""
    place = claim.text.find(word)
    clause = clause_at(claim.text, place)
    here = [one for one in mine if clause_at(claim.text, one.place) == clause]
    if here:
        return any(
            0 < place - one.place <= _REACH and one.predicate not in text.text for one in here
        )
    if _TURNS.search(clause):
        return True
    rest = _NO_NEGATION.sub("", clause)
    for one in claim.words:
        if len(one.text) > 1 and one.text in text.text:
            rest = rest.replace(one.text, " ")
    return _IMPLIED.search(rest) is not None


def _says(text: Text, word: str) -> bool:
    return any(
        not any(0 < place - one.place <= _REACH for one in negations(text))
        for place in _places(text.text, word)
    )


def _reaches(text: Text, negated: Negation, word: str) -> bool:
    return any(
        0 < place - negated.place <= _REACH and not _CLAUSE.search(text.text, negated.place, place)
        for place in _places(text.text, word)
    )


def _beside(text: Text, clause: str, word: str) -> list[str]:
    """The other words of a clause."""
    return [
        one.text
        for one in text.words
        if len(one.text) > 1
        and one.text != word
        and one.text in clause
        and not _NEGATOR.match(one.text)
    ]


def _places(text: str, word: str) -> Iterator[int]:
    return (match.start() for match in re.finditer(re.escape(word), text))


def _predicate(text: Text, start: int) -> str:
    if circumstance := _CIRCUMSTANCE.match(text.text, start):
        start = circumstance.end()
    stop = _CLAUSE.search(text.text, start)
    end = min(start + _REACH, stop.start() if stop else len(text.text))
    noun = ""
    for word in text.words:
        if word.end <= start or word.text in LIGHT:
            continue
        if word.start >= end:
            break
        said = text.text[max(word.start, start) : word.end]
        if said in LIGHT:
            continue
        if word.tag[:1] in "va":
            return said
        if word.tag[:1] in "nilj" and len(said) > 1:
            noun = noun or said
    return noun
