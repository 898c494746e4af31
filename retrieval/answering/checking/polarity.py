"""Whether a claim says the contrary of what its passages say."""

import re
from collections.abc import Sequence

from retrieval.answering.checking.extent import misses_extent
from retrieval.answering.checking.negations import LIGHT, clause_at, disagreement, negations
from retrieval.answering.checking.opposites import Side, rivals, sides
from retrieval.answering.checking.reading import Text

_CERTAIN = re.compile(
    "必然|一定会?(?!程度|规模|的)|肯定(?:会|要|能|是)|必定|势必|绝对|百分之百|毫无疑问|必将|注定"
)
_MAYBE_PLANNED = re.compile(
    "计划|拟(?!定)|预计|有望|打算|准备|将要|即将|力争|争取|考虑|将(?![军近来士领于其])|可能|建议|希望|目标|也许|或许"
    "|想|正在|要"
)
_PLANNED = re.compile(
    "计划(?:在|于|到|将|明|今|投|建|新|开|用)|拟(?!定|人)|预计|有望|打算|即将|力争|或将|将(?=于|在|会|建|投|举|开|成|推|启|达)"
)
_DONE = re.compile("已经?|(?<=[\u3400-\u9fff])了(?!解)|完成|曾经?|过(?=[,。]|$)|成功")
_MERE_ADVERB = 16
"""Characters of a clause such as 8月10日凌晨, which belongs to the one behind it."""

_FRAME = re.compile("网传|谣传|传言|传闻|谣言|不实|辟谣|否认|如果|假如|倘若|假若|除非|万一|据传")
_CONDITION = re.compile("若|的话|时[,，]|要是|只要|一旦|据说|传")
_FRAMED, _MOSTLY = 24, 0.75
"""Characters behind such a word, and the share of a claim's words that stand there."""

_OFFICE = re.compile(
    "(?P<rank>副|代|前|原|名誉|常务副|助理)(?P<office>总理|总统|主席|部长|省长|市长|区长|县长|乡长|镇长|村长|书记|主任|局长|处长|"
    "科长|院长|校长|所长|站长|队长|班长|会长|社长|馆长|厂长|经理|总裁|董事长|司令|教授|总编|主编|秘书长|机长)"
)
_BEFORE_NEGATED = 4
"""Characters between a negation and the word whose opposite is as good as said."""


def contradiction(claim: Text, texts: Sequence[Text]) -> str:
    """What of a claim is contrary to the texts it is aligned with; "" where nothing plainly is."""
    return (
        disagreement(claim, texts)
        or _unframed(claim, texts)
        or _other_office(claim, texts)
        or _opposite(claim, texts)
        or misses_extent(claim, texts)
        or _certainty(claim, texts)
    )


def _unframed(claim: Text, texts: Sequence[Text]) -> str:
    """What a text only says that somebody rumours, denies or makes a condition of."""
    if _FRAME.search(claim.text) or _CONDITION.search(claim.text):
        return ""
    for text in texts:
        frame = _FRAME.search(text.text)
        if frame is None:
            continue
        framed = text.text[frame.start() : frame.start() + _FRAMED]
        words = [one.text for one in claim.words if len(one.text) > 1 and one.tag[:1] in "vn"]
        if words and sum(word in framed for word in words) >= _MOSTLY * len(words):
            return f"leaves out {frame[0]}"
    return ""


def _other_office(claim: Text, texts: Sequence[Text]) -> str:
    """党委书记 for what is a 党委副书记 wherever the texts speak of one, or the other way round."""
    said = "\n".join(text.text for text in texts)
    for one, other in ((claim.text, said), (said, claim.text)):
        for match in _OFFICE.finditer(one):
            bare = rf"(?<!{match['rank']}){match['office']}"
            if match[0] not in other and re.search(bare, other) and not re.search(bare, one):
                return f"{match[0]} is another office"
    return ""


def _opposite(claim: Text, texts: Sequence[Text]) -> str:
    mine = _sides(claim)
    if not mine:
        return ""
    theirs = [(text, _sides(text)) for text in texts]
    said = {side for _, found in theirs for side in found}
    for side, place in mine.items():
        if side in said or _is_negated(claim, place):
            continue
        for rival in rivals(side):
            if rival in said and rival not in mine and _is_alike(claim, theirs, rival):
                return f"says the opposite at {claim.text[place : place + 4]}"
    return ""


def _sides(text: Text) -> dict[Side, int]:
    return sides(text.text, {word.text for word in text.words})


def _is_negated(text: Text, place: int) -> bool:
    return any(0 < place - one.place <= _BEFORE_NEGATED for one in negations(text))


def _is_alike(claim: Text, theirs: Sequence[tuple[Text, dict[Side, int]]], rival: Side) -> bool:
    """Whether the rival's clause has words in common with the claim."""
    here = {word.text for word in claim.words if len(word.text) > 1}
    for text, found in theirs:
        place = found.get(rival)
        if place is not None and not _is_negated(text, place):
            clause = clause_at(text.text, place)
            if any(word in clause for word in here):
                return True
            end = text.text.find(clause, max(0, place - len(clause))) + len(clause)
            if len(clause) <= _MERE_ADVERB and any(
                word in clause_at(text.text, end + 1) for word in here
            ):
                return True
    return False


def _certainty(claim: Text, texts: Sequence[Text]) -> str:
    whole = "\n".join(text.text for text in texts)
    if (match := _CERTAIN.search(claim.text)) and not _CERTAIN.search(whole):
        return f"is surer than the passage: {match[0]}"
    if not _DONE.search(claim.text) or _MAYBE_PLANNED.search(claim.text):
        return ""
    for text in texts:
        for match in _PLANNED.finditer(text.text):
            clause = clause_at(text.text, match.start())
            planned = [
                word.text
                for word in text.words
                if word.start >= match.end() and word.tag[:1] == "v" and word.text not in LIGHT
            ][:2]
            said = any(word in clause and word in claim.text for word in planned)
            if said and not _DONE.search(clause):
                return "says done what is only planned"
    return ""
