"""Characters as Telegram takes, counts and shows them, and where a text may be cut."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import regex

_LINE_END = re.compile("\r\n?|[\u2028\u2029]")
_UNWELCOME = re.compile(
    "[\x00-\x09\x0b-\x1f\u0333\u033f\u030a\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_REPLACED = (
    dict.fromkeys([*range(0x0A), *range(0x0B, 0x20)], " ")
    | dict.fromkeys(range(0x202A, 0x202F), None)
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    | {0x0333: "\u0332", 0x033F: "\u0305"}
)
_RING = re.compile("(.?)\u030a", re.DOTALL)
_SPACING_RING = "\u02da"
_ISOLATES = re.compile("[\u2066-\u2069\n]")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_RIGHT_TO_LEFT = ("R", "AL", "AN")

# with what Telegram counts as empty: tdlib, strip_empty_characters
_BLANK = regex.compile(r"[\s\p{Z}\p{Cc}\p{DI}\u2800\ufffc]*")

_MARK = r"\[[0-9]{1,5}\]"
_ATOM = regex.compile(rf"{_MARK}\p{{M}}*|\X")
_LONGEST_MARK = 7
_CLOSING = "”’」』）》)\"'"
_ENDS = (
    re.compile(r"\n+"),
    re.compile(rf"(?:[。！？!?…]|\.(?=\s))[{_CLOSING}]*(?:{_MARK})*\s*"),
    re.compile(rf"[，、；：,;:][{_CLOSING}]*(?:{_MARK})*\s*|\s+"),
)
"""Where it is best to cut, best first: after a line, a sentence, a word."""


def utf16_length(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def credit_line(parts: Iterable[str]) -> str:
    """Byline, date and the like on one line, none reversing what stands beside it."""
    return " · ".join(isolated(one) for one in map(clean_line, parts) if one)


def is_blank(text: str) -> bool:
    """Whether nothing of it can be seen: Telegram refuses such messages."""
    return _BLANK.fullmatch(text) is not None


def clean(text: str) -> str:
    """The text as Telegram would keep it, so that nothing shifts afterwards.

    Telegram makes control characters spaces and removes carriage returns, Unicode's line ends,
    bidirectional embeddings and overrides, and three combining marks (tdlib, clean_input_string).
    What can be seen of these is put in another way. Isolates end with their line at the latest.
    """
    if not _UNWELCOME.search(text):
        return text
    text = _RING.sub(_with_ring, _LINE_END.sub("\n", text).translate(_REPLACED))
    return "".join(_balanced(text))


def clean_line(text: str) -> str:
    """The text on one line, "" where nothing of it can be seen."""
    line = " ".join(clean(text).split())
    return "" if is_blank(line) else line


def isolated(line: str) -> str:
    """The line so that what runs from right to left in it leaves the text around it alone."""
    line = "".join(_balanced(line))
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return f"{_FIRST_STRONG_ISOLATE}{line}{_POP_ISOLATE}"
    return line


def cut(text: str, room: int) -> int:
    """How much of the text to show where `room` units are left: its length where all fits.

    Else the end of a line, a sentence or a word in the latter half; failing these the end of
    what a reader sees as one character. Never inside a mark such as [12]. More than nothing.
    """
    end = _fitting(text, room)
    if end == len(text):
        return end
    window = text[: end + _LONGEST_MARK]
    allowed = {found.end() for found in _ATOM.finditer(window) if found.end() <= end}
    for ends in _ENDS:
        better = (found.end() for found in ends.finditer(window, end // 2))
        if found := max((one for one in better if one in allowed), default=0):
            return found
    return max(allowed, default=0) or max(end, 1)


def shorten(text: str, room: int) -> str:
    """The text, or its beginning with an ellipsis, in at most `room` units."""
    if utf16_length(text) <= room:
        return text
    return text[: _last_boundary(text, room - 1)] + "…"


def shorten_front(text: str, room: int) -> str:
    """The text, or its end after an ellipsis, in at most `room` units."""
    if utf16_length(text) <= room:
        return text
    rest = utf16_length(text)
    for found in _ATOM.finditer(text):
        rest -= utf16_length(found[0])
        if rest < room:
            return "…" + text[found.end() :]
    return "…"


def _last_boundary(text: str, room: int) -> int:
    end = _fitting(text, room)
    window = text[: end + _LONGEST_MARK]
    boundaries = (found.end() for found in _ATOM.finditer(window))
    return max((one for one in boundaries if one <= end), default=0)


def _fitting(text: str, room: int) -> int:
    """How many code points fit into `room` units."""
    beginning = text[:room]
    if max(beginning, default="") <= "\uffff":
        return len(beginning)
    units = 0
    for index, character in enumerate(beginning):
        units += 2 if character > "\uffff" else 1
        if units > room:
            return index
    return len(beginning)


def _with_ring(found: re.Match[str]) -> str:
    composed = unicodedata.normalize("NFC", found[0])
    return composed if len(composed) == 1 and composed != "\u030a" else found[1] + _SPACING_RING


def _balanced(text: str) -> Iterator[str]:
    """The text with every isolate ended on its line, and no end without a beginning."""
    start = depth = 0
    for found in _ISOLATES.finditer(text):
        yield text[start : found.start()]
        start = found.end()
        if found[0] == "\n":
            yield _POP_ISOLATE * depth + "\n"
            depth = 0
        elif found[0] != _POP_ISOLATE:
            yield found[0]
            depth += 1
        elif depth:
            yield found[0]
            depth -= 1
    yield text[start:] + _POP_ISOLATE * depth
