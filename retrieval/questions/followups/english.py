"""The same for questions in English."""

import re

from retrieval.questions.followups.antecedents import Antecedents
from retrieval.questions.followups.changes import changed
from retrieval.questions.question import is_chinese

_LEAD = re.compile(
    r"^(?:(?:and|so|but|also|then|ok|okay|well|please|thanks|now)\b[,:]?\s*|"
    r"(?:can|could) you tell me\s+|i(?:'d| would) like to know\s+)+",
    re.IGNORECASE,
)
_JOINS = re.compile(r"^(?:and|so|but|also|then)\b", re.IGNORECASE)
_WH = r"(?:when|where|why|how(?: many| much| long| often| old| far| big| fast)?|who|what|which)"
_BARE = re.compile(
    rf"(?:since |from |until |by |in |to )?{_WH}"
    r"(?: (?:exactly|else|so|not|one|ones|is that|was that|did that happen|then))?\s*[?.!]*",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:anything|who|what|anyone) else|(?:tell me |say )?more(?: details?)?|"
    r"(?:any )?(?:more )?details|really|go on|in detail",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:what|how) about (.{1,60}?)\s*[?.!]*", re.IGNORECASE)
_AND = re.compile(r"and (?:for |in |of )?(?:the )?(.{1,40}?)\s*[?.!]*", re.IGNORECASE)
_STARTS = re.compile(
    rf"{_WH}\b|(?:is|are|was|were|do|does|did|has|have|can|could|will|would|should)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:he|she|him|her|his|hers)\b", re.IGNORECASE)
_PEOPLE = re.compile(r"\b(?:they|them|their|theirs)\b", re.IGNORECASE)
_THING = re.compile(
    r"\bits?\b(?<!time is it)"
    r"(?! (?:like to|takes?|took|costs? to|true|possible|likely|necessary|important|safe|worth))",
    re.IGNORECASE,
)
_BEFORE = "(?:for|about|of|in|on|to|with|from|at|after|before|during)"
_TIMES = "(?:year|month|week|day|time|morning|evening|summer|winter|spring|autumn)"
_POINTS = re.compile(
    rf"\b(?:{_BEFORE}|is|was|did|does|do|like) (?:that|this|these|those)\b(?! [a-z])|"
    rf"^(?:that|this|these|those)\b(?! {_TIMES})|\b(?:this|these|those) (?!{_TIMES})[a-z]+|"
    rf"\b{_BEFORE} that [a-z]+",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"\bthere\b(?<!\bis there)(?<!\bare there)(?<!\bwas there)(?<!\bwere there)(?<!\bbe there)"
    r"(?! (?:is|are|was|were|any|a|an)\b)",
    re.IGNORECASE,
)
_POSSESSIVE = frozenset({"his", "their", "its", "theirs", "hers"})
_CAPITALISED = re.compile(r"[A-Z][\w’-]*(?:\s+[A-Z][\w’-]*)*")
_NO_NAMES = frozenset({"I", "Party", "Chinese", "China"})
_NOUNS = re.compile(
    r"(?P<lead>(?:how many|how much|which|what)\s+)(?P<noun>.+?)"
    r"(?=\s+(?:did|do|does|is|are|was|were|has|have|had|can|could|will|would)\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ASK = re.compile(
    rf"^(?:{_WH})(?: (?:is|are|was|were|do|does|did|has|have|had|can|could|will|would))?\b\s*",
    re.IGNORECASE,
)
_ADVERBIAL = re.compile(r"(?:when|where|why|how(?: long| often| fast)?)$", re.IGNORECASE)
_COPULA = re.compile(r"^(?:\S+ ){1,3}?(?:is|are|was|were)\s+(?P<topic>.+?)[?.! ]*$", re.IGNORECASE)
_TAIL = re.compile(
    r"\s+(?:held|made|built|founded|opened|published|written|printed|called|located|about|like)$",
    re.IGNORECASE,
)
_END = re.compile(r"[\s?.!？。！]+$")
_DEFINITE_NAME = re.compile(r"\bthe (?:[a-z]+ )?[A-Z][\w’-]*(?: (?!did|do|does|is|was)[a-z]+)?")
_DEFINITE_CLAUSE = re.compile(
    r"\b(?:the|a|an|all|every) [a-z]+.*"
    r"\b(?:when|if|because|that|which|who|while|before|after|and)\b",
    re.IGNORECASE,
)
"""The gym is open when: what follows may point to the gym."""

_JOINED_WORDS = 7
"""A longer question that begins with And says what it is about."""


def refers_back(question: str) -> bool:
    """Whether an English question cannot be understood alone."""
    rest = _LEAD.sub("", question)
    bare = _END.sub("", rest)
    if _BARE.fullmatch(bare) or _MORE.fullmatch(bare) or _changed(question):
        return True
    if (first := _first_reference(rest)) is not None:
        before = rest[:first]
        if not _names(before) and not _DEFINITE_CLAUSE.search(before):
            return True
    joins = _JOINS.match(question) is not None
    return joins and not _names(rest) and len(rest.split()) <= _JOINED_WORDS


def carried_over(question: str, known: Antecedents) -> str:
    """The question with what it leaves out; "" where that is not known."""
    rest = _LEAD.sub("", question)
    base = known.question.text
    if is_chinese(base):
        return _beside_chinese(question, known)
    if element := _changed(question):
        return _with_element(element, base)
    if _MORE.fullmatch(_END.sub("", rest)):
        return base
    bare = _END.sub("", rest)
    if _BARE.fullmatch(bare):
        return _swapped(bare, base)
    topic = _topic(base)
    text = rest
    for pattern, name in (
        (_PERSON, known.person or topic),
        (_PEOPLE, topic),
        (_THING, topic),
    ):
        text = _replaced(pattern, text, name)
    if topic and _THERE.search(text):
        text = _THERE.sub(lambda _: f"at {topic}", text, count=1)
    return text if text != rest else f"{_END.sub('', rest)}, {_rest(base)}?"


def _first_reference(text: str) -> int | None:
    """Where the first word stands that points to something said before."""
    found = (one.search(text) for one in (_PERSON, _PEOPLE, _THING, _POINTS, _THERE))
    return min((match.start() for match in found if match), default=None)


def _names(text: str) -> list[str]:
    """The names in a text; the first word is none where questions begin with it."""
    first, _, rest = text.partition(" ")
    names = [one for one in _CAPITALISED.findall(rest) if one not in _NO_NAMES]
    if first and first[0].isupper() and not _STARTS.match(first):
        names.append(first)
    return names


def _changed(question: str) -> str:
    rest = re.sub(
        r"^(?:and|so|but|then|ok|okay)[, ]+(?=(?:what|how) about)", "", question, flags=re.I
    )
    if match := _ABOUT.fullmatch(rest):
        return match[1]
    match = _AND.fullmatch(question)
    short = match is not None and not _STARTS.match(match[1]) and len(match[1].split()) <= 4
    return match[1] if match and short else ""


def _with_element(element: str, base: str) -> str:
    if _YEAR.fullmatch(element):
        found = _YEAR.search(base)
        if found:
            return base[: found.start()] + element + base[found.end() :]
        return f"{_END.sub('', base)} in {element}?"
    if element[0].isupper() or is_chinese(element):
        at = base.find(" ")
        for match in _CAPITALISED.finditer(base, max(at, 0)):
            if match[0] not in _NO_NAMES:
                return base[: match.start()] + element + base[match.end() :]
    if found := _NOUNS.match(base):
        return f"{found['lead']}{element}{base[found.end() :]}"
    return f"{_END.sub('', base)}, {element}?"


def _swapped(bare: str, base: str) -> str:
    """The last question with what this one asks in place of what it asked."""
    asked = re.match(rf"{_WH}", base, re.IGNORECASE)
    if asked is None:
        return f"{bare}, {_END.sub('', base)}?"
    after = base[asked.end() :]
    if _ADVERBIAL.match(bare) and re.match(
        r"when|where|why|how(?! many| much| big| old)", base, re.I
    ):
        return f"{bare}{after}"
    return f"{bare}, {_rest(base)}?"


def _rest(base: str) -> str:
    """The last question without the words that ask."""
    return _END.sub("", _ASK.sub("", base)) or _END.sub("", base)


def _topic(base: str) -> str:
    """What the last question was about."""
    if match := _COPULA.match(base):
        return _TAIL.sub("", match["topic"])
    if match := _DEFINITE_NAME.search(base):
        return match[0]
    names = _names(base)
    return names[0] if names else ""


def _replaced(pattern: re.Pattern[str], text: str, name: str) -> str:
    match = pattern.search(text)
    if match is None or not name:
        return text
    owner = match[0].lower() in _POSSESSIVE or (
        match[0].lower() == "her" and re.match(r" [a-z]", text[match.end() :]) is not None
    )
    owner_mark = "'s" if owner else ""
    return f"{text[: match.start()]}{name}{owner_mark}{text[match.end() :]}"


def _beside_chinese(question: str, known: Antecedents) -> str:
    """An English question after a Chinese one: the names are taken as they are."""
    if element := _changed(question):
        return changed(element, known)
    rest = _LEAD.sub("", question)
    base = _END.sub("", known.question.text)
    if _BARE.fullmatch(_END.sub("", rest)) or _MORE.fullmatch(_END.sub("", rest)):
        return f"{_END.sub('', rest)}, {base}?"
    text = _replaced(_PERSON, rest, known.person or known.subject)
    text = _replaced(_PEOPLE, text, known.group or known.subject)
    text = _replaced(_THING, text, known.subject)
    return text if text != rest else f"{_END.sub('', rest)}, {known.subject or base}?"
