"""A model's text to claims: its sentences, each with the numbers of the passages it names."""

import re
from dataclasses import dataclass

from retrieval.answering.marks import with_plain_marks
from retrieval.sentences import split_sentences

_MARK = r"\[\d+(?:,\d+)*\]"
"""A mark in the form that all others are brought into."""

_MARKS = re.compile(rf"\s*{_MARK}")
_LEADING_MARKS = re.compile(rf"^(?:\s*{_MARK})+")
_MAYBE_MARK = re.compile(
    r"\s*(?:[\[［【〔{(（<\\][^\]］】〕})）>。！？]{0,20}[\]］】〕})）>]?(?:\d|[\[\]<(])*)?\Z"
)
"""White space, or the beginning of a mark that may still be completed."""

_MAYBE_LINK = re.compile(r"!?\[[^\[\]]*\]?(?:\([^()]*)?\Z")
"""The beginning of a Markdown link."""

_SETTLED = re.compile(rf"(?:{_MARK}\s*[。！？!?.]|[。！？!?.…][”’）)》」』\"']*\s*{_MARK})\s*\Z")
"""A sentence with its marks: nothing is lost when it is not waited for more."""

_NUMBER = re.compile(r"\d+")
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s+")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_ADDRESS = re.compile(
    r"(?:\w+://|(?:tg|mailto|data|javascript):)[^\s，。；、）)\]]*[?!][^\s，。；、）)\]]*"
)
_IN_ADDRESS = str.maketrans("?!", "\ue000\ue000")
"""An address is not cut at its question mark; with such a letter in it nothing supports it."""

_MARKDOWN = re.compile(r"\*\*|__|`")
_LABEL = re.compile(r"^\s*(?:>\s*)*(?:(?:答案?|回答|Answer)\s*[:：]\s*)?", re.IGNORECASE)
_ROW = re.compile(r"^\s*\|")
_RUN_ON = re.compile(rf"((?<=[\u3400-\u9fff”》）%])(?:{_MARK})+)[ \u3000]+(?=[\u3400-\u9fff“《])")
"""Where Chinese sentences are set apart by marks and blanks alone."""

_ENDED_BY_MARKS = re.compile(
    rf"([。！？!?…][”’」』）)]*(?:\s*{_MARK})+)\s*(?=[^\s\[。！？，、；：!?,;:.…”’」』）)])"
)
"""Marks behind a full stop end the sentence, whatever follows."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_OPENERS, _CLOSERS = "“‘（(《「『", "”’）)》」』"
_QUOTE_ENDS = "”」』"
_ENDED = re.compile(r"[。！？!?\n]")
_ATTRIBUTION = 40
"""Characters behind a quotation that may still be who said it, which belongs to it."""

_LONGEST_QUOTATION = 150
"""Characters; a longer one may be cut at the sentences inside it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence or line without marks, and the numbers behind it, in their order."""

    text: str
    numbers: tuple[int, ...]


class ClaimReader:
    """Cuts a stream of text into claims, each as soon as it is known to be complete."""

    def __init__(self) -> None:
        self._rest = ""
        self._in_line = False
        """The rest does not begin a line."""
        self._late = False
        """A sentence was taken without waiting: marks that still follow it are its own."""

    def feed(self, piece: str) -> list[Claim]:
        """The claims that this piece of the text completes."""
        self._rest += _UNSEEN.sub("", _SURROGATE.sub("\ufffd", piece))
        if self._late:
            self._drop_late_marks()
        *lines, self._rest = self._rest.split("\n")
        claims: list[Claim] = []
        for line in lines:
            claims += _claims(line, in_line=self._in_line)
            self._in_line = False
        sentences = _sentences(_plain(self._rest, in_line=self._in_line, ended=False))
        complete = sentences[: _complete(sentences)]
        if complete:
            self._rest = "".join(sentences[len(complete) :])
            self._in_line = True
            claims += _to_claims(complete)
        return claims

    @property
    def is_settled(self) -> bool:
        """Whether what is held back is a sentence with its marks."""
        rest = with_plain_marks(self._rest, ended=False)
        return _first_open(rest) is None and bool(_SETTLED.search(rest))

    def settle(self) -> list[Claim]:
        """What is held back, without waiting for what follows it."""
        claims = self.finish()
        self._late = True
        return claims

    def finish(self) -> list[Claim]:
        """What is left at the end of the text."""
        rest, self._rest = self._rest, ""
        claims = _claims(rest, in_line=self._in_line)
        self._in_line = self._in_line or bool(claims)
        return claims

    def _drop_late_marks(self) -> None:
        self._rest = _LEADING_MARKS.sub("", with_plain_marks(self._rest, ended=False))
        self._late = bool(_MAYBE_MARK.fullmatch(self._rest))


def read_claims(text: str) -> list[Claim]:
    """The claims of a whole text."""
    reader = ClaimReader()
    return [*reader.feed(text), *reader.finish()]


def _claims(line: str, *, in_line: bool) -> list[Claim]:
    return _to_claims(_sentences(_plain(line, in_line=in_line, ended=True)))


def _plain(line: str, *, in_line: bool, ended: bool) -> str:
    """A line, or the rest of one, without Markdown; of a link its words stay."""
    if not in_line:
        line = _HEADING.sub("", _LIST_MARK.sub("", _LABEL.sub("", line)))
        if _ROW.match(line):
            line = line.replace("|", " ").strip()
    line = _RUN_ON.sub(r"\1\n", with_plain_marks(line, ended=ended))
    line = _ENDED_BY_MARKS.sub(r"\1\n", line)
    line = _MARKDOWN.sub("", _LINK.sub(r"\1", line))
    return _ADDRESS.sub(lambda match: match[0].translate(_IN_ADDRESS), line)


def _complete(sentences: list[str]) -> int:
    """How many of them cannot become longer, whatever follows the last."""
    count = len(sentences) - 1
    if count > 0 and _MAYBE_MARK.fullmatch(sentences[-1]):
        count -= 1
    if count > 0 and sentences[count - 1].rstrip()[-1:] in _QUOTE_ENDS:
        told = "".join(sentences[count:])
        count -= len(told) <= _ATTRIBUTION and not _ENDED.search(told)
    whole = "".join(sentences)
    link = _MAYBE_LINK.search(whole)
    opened = _first_open(whole)
    starts = [one for one in (opened, link and link.start()) if one is not None]
    for start in starts:
        near = len(whole) - start <= _LONGEST_QUOTATION
        while near and count > 0 and sum(map(len, sentences[:count])) > start:
            count -= 1
    return max(count, 0)


def _first_open(text: str) -> int | None:
    """Where the first quotation or bracket begins that is not closed."""
    open_at: list[int] = []
    for index, character in enumerate(text):
        if character in _OPENERS:
            open_at.append(index)
        elif character in _CLOSERS and open_at:
            open_at.pop()
    return open_at[0] if open_at else None


def _to_claims(sentences: list[str]) -> list[Claim]:
    claims = []
    for sentence in sentences:
        numbers = tuple(
            int(number)
            for mark in _MARKS.finditer(sentence)
            for number in _NUMBER.findall(mark[0])
            if len(number) < 4
        )
        bare = " ".join(_MARKS.sub("", sentence).split())
        if re.search(r"\w", bare):
            claims.append(Claim(bare, numbers))
    return claims


def _sentences(line: str) -> list[str]:
    """Sentences with the marks behind them, also those that stand after the full stop."""
    joined: list[str] = []
    end = 0
    for span in split_sentences(line):
        piece = line[end : span.end]
        end = span.end
        leading = _LEADING_MARKS.match(piece)
        if leading and joined:
            joined[-1] += leading[0]
            piece = piece[leading.end() :]
        if piece.strip():
            joined.append(piece)
        elif joined:
            joined[-1] += piece
    if joined:
        joined[-1] += line[end:]
    return joined
