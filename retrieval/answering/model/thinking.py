"""What a model says, told from what it thinks aloud: <think>…</think> in the text itself."""

import re
from dataclasses import dataclass

_OPEN = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_CLOSE = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_LONGEST_TAG = len("</reasoning>")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of a stream."""

    text: str
    anew: bool = False
    """All that was said before was thinking, not the answer."""
    cut: bool = False
    """The text ends in the middle of a sentence."""


class ThinkingFilter:
    """Lets a stream of text through without the thinking in it.

    Some servers put <think> into the prompt, so that only </think> is seen: then everything before
    it is taken back.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._inside = False

    def feed(self, text: str) -> Piece:
        """What may be given out now."""
        self._rest += text
        said = ""
        anew = False
        while True:
            close = _CLOSE.search(self._rest)
            opened = None if self._inside else _OPEN.search(self._rest)
            if opened and not (close and close.start() < opened.start()):
                said += self._rest[: opened.start()]
                self._rest = self._rest[opened.end() :]
                self._inside = True
            elif close:
                if not self._inside:
                    said, anew = "", True
                self._rest = self._rest[close.end() :]
                self._inside = False
            else:
                break
        held = _may_begin_tag(self._rest)
        if not self._inside:
            said += self._rest[: len(self._rest) - held]
        self._rest = self._rest[len(self._rest) - held :]
        return Piece(said, anew)

    def finish(self) -> str:
        """What was held back at the end of the text."""
        rest, self._rest = self._rest, ""
        return "" if self._inside else rest


def _may_begin_tag(text: str) -> int:
    """How many characters at the end may be the beginning of a tag."""
    at = text.rfind("<", max(0, len(text) - _LONGEST_TAG))
    return len(text) - at if at >= 0 and ">" not in text[at:] else 0
