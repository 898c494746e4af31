"""The many forms in which chat models write the number of a passage, made one: [1], [1,3]."""

import re
import unicodedata

_NAMES = (
    "来源|來源|段落|出处|出處|引用|引文|资料|參考|参考|文献|见|見"
    "|passage|source|citation|cite|ref|doc"
)
_NUMBERS = r"\^?\d{1,3}(?:\s*(?:[,，、;；&和]|[-–—~～至到])\s*\^?\d{1,3})*"
_LINKED = re.compile(r"\[{1,2}\s*(\^?\d{1,3})\s*\]{1,2}\([^()\s]*\)")
_RAISED = re.compile(r"<sup>\s*\[?(\d{1,3})\]?\s*</sup>", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\[\]])")
_DOUBLE = re.compile(r"\[(\[\d{1,3}\])\]")
_SMALL = re.compile(r"(?<=[^\s①-⑳¹²³⁴-⁹⁰])\s?([①-⑳]|[¹²³⁴-⁹⁰]{1,2})")
_BRACKETED = re.compile(
    rf"(?:[\[［【〔](?:[#＃-]|(?:{_NAMES})s?)?\s*[:：#]?\s*(?P<square>{_NUMBERS})\s*(?:†[^\]】]*)?[\]］】〕]"
    r"|\{(?P<curly>\d{1,3})\})",
    re.IGNORECASE,
)
_ROUND = re.compile(
    rf"(?<=\S)\s?[(（](?:(?:{_NAMES})s?\s*[:：]?\s*)?(\d{{1,2}})[)）](?=\s*(?:[。！？!?；;]|\.\s|$|\[\d|[(（]\d))",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(
    rf"[(（]\s*(?:{_NAMES})?\s*[:：]?\s*((?:\[[\d,]+\]\s*)+)[)）]", re.IGNORECASE
)
_BETWEEN = re.compile(r"(\[[\d,]+\])\s*(?:[、,，;；和&])\s*(?=\[[\d,]+\])")
_FROM_TO = re.compile(r"\[(\d+)\]\s*[-–—~～至到]\s*\[(\d+)\]")
_RANGE = re.compile(r"(\d+)\s*[-–—~～至到]\s*\^?(\d+)")
_LONGEST_RANGE = 10


def with_plain_marks(text: str, *, ended: bool) -> str:
    """The text with every mark in the form [1] or [1,3].

    (1) is a mark at the end of a sentence only; `ended`: nothing follows the text.
    """
    text = _ESCAPED.sub(r"\1", _RAISED.sub(r"[\1]", _LINKED.sub(r"[\1]", text)))
    text = _SMALL.sub(lambda match: f"[{unicodedata.normalize('NFKC', match[1])}]", text)
    text = _BRACKETED.sub(lambda match: f"[{_list(match['square'] or match['curly'])}]", text)
    text = _DOUBLE.sub(r"\1", text)
    if ended or not text.rstrip().endswith((")", "）")):
        text = _ROUND.sub(r"[\1]", text)
    text = _FROM_TO.sub(lambda match: f"[{_list(f'{match[1]}-{match[2]}')}]", text)
    return _BETWEEN.sub(r"\1", _IN_BRACKETS.sub(r"\1", text))


def _list(numbers: str) -> str:
    """1-3 as 1,2,3; a longer range by its ends."""
    spelled = _RANGE.sub(lambda match: _spelled(int(match[1]), int(match[2])), numbers)
    return ",".join(re.findall(r"\d+", spelled))


def _spelled(first: int, last: int) -> str:
    if first < last <= first + _LONGEST_RANGE:
        return ",".join(map(str, range(first, last + 1)))
    return f"{first},{last}"
