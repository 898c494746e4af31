"""Bytes of a file to text, whatever the editor's machine wrote."""

import codecs
import re
from functools import cache

from retrieval.errors import CorpusError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("gb18030", "big5")
_MIN_COMMON = 0.7
"""Read with the right codec nearly all of a newspaper's characters are common ones."""

_MAX_BROKEN = 0.05
"""Of the characters beyond ASCII. Of GB18030 read as UTF-8 more than half are broken."""

_FREQUENT_LEADS = {
    "gb2312": (*range(0xA1, 0xA4), *range(0xB0, 0xD8)),
    "big5": tuple(range(0xA1, 0xC7)),
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ue000-\uf8ff]")


def sanitise(text: str) -> str:
    """The same text with NUL and lone surrogates replaced by U+FFFD, one for one."""
    return _UNSTORABLE.sub("\ufffd", text)


def detect(data: bytes, *, cut: bool = False) -> str:
    """Name of the codec that reads `data`, which may be `cut` inside its last character.

    Raises CorpusError when none does. UTF-8 with a few broken bytes in it is still UTF-8.
    """
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return codec
    if _is_mostly_utf8(data, cut):
        return "utf-8"
    shares = {codec: _common_share(data, codec, cut) for codec in _CANDIDATES}
    best = max(shares, key=shares.__getitem__)
    if shares[best] < _MIN_COMMON:
        raise CorpusError("not text, or in an encoding that is not UTF-8, GB18030, Big5 or UTF-16")
    return best


def decode(data: bytes) -> str:
    """The text of a whole file, BOM dropped. Raises CorpusError for what is no text."""
    codec = detect(data)
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise CorpusError(f"not valid {codec} at byte {error.start}") from error
    if len(_CONTROL.findall(text)) > len(text) // 100:
        raise CorpusError("not text: full of control characters")
    return sanitise(text)


def _is_mostly_utf8(data: bytes, cut: bool) -> bool:
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data, not cut)
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    return not broken or broken <= _MAX_BROKEN * sum(character > "\x7f" for character in text)


def _common_share(data: bytes, codec: str, cut: bool) -> float:
    """How many of the characters beyond ASCII are common ones, 0 where `codec` cannot read."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(data, not cut)
    except UnicodeDecodeError:
        return 0.0
    wide = [character for character in text if character > "\x7f"]
    common = _common_characters()
    return sum(character in common for character in wide) / max(1, len(wide))


@cache
def _common_characters() -> frozenset[str]:
    """Punctuation and the first level, frequent characters, of GB2312 and of Big5."""
    return frozenset(
        bytes([lead, trail]).decode(codec, "ignore")
        for codec, leads in _FREQUENT_LEADS.items()
        for lead in leads
        for trail in range(0x40, 0xFF)
    )
