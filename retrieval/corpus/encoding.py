"""Bytes of a file to text, whatever the editor's machine wrote."""

import codecs
import re

from charset_normalizer import from_bytes

from retrieval.errors import CorpusError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ["gb18030", "big5"]
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ue000-\uf8ff]")


def sanitise(text: str) -> str:
    """The same text with NUL and lone surrogates replaced by U+FFFD, one for one."""
    return _UNSTORABLE.sub("\ufffd", text)


def detect(data: bytes) -> str:
    """Name of the codec that reads `data`. Raises CorpusError when none does."""
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return codec
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # a sample may be cut inside its last character
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return "utf-8"
    else:
        return "utf-8"
    best = from_bytes(data, cp_isolation=_CANDIDATES).best()
    if best is None:
        raise CorpusError("not text, or in an encoding that is not UTF-8, GB18030, Big5 or UTF-16")
    return best.encoding


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
