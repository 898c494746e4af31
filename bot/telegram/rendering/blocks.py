"""Styled text to messages: packed in order, divided where one message does not hold it."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from bot.telegram.rendering.characters import clean, cut, is_blank, utf16_length
from bot.telegram.rendering.parts import Keyboard, Part

LIMIT = 4096
"""UTF-16 units of one message, counted after the markup is taken away."""

_MOST_ENTITIES = 90
"""Telegram drops all beyond 100, and finds some by itself."""

_LONGEST_LINK = 2048
_LINK = re.compile(r"https?://[^\s\x00-\x1f\x7f<>\"/?#@]+\.[^\s\x00-\x1f\x7f<>\"]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    bold: bool = False
    url: str = ""


Runs = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A line or a quotation. What is `quoted` stays in one message if one can hold it."""

    runs: Runs
    gap: str = "\n"
    """What separates it from the block before."""
    quoted: bool = False
    head: Runs = ()
    """Stands before whatever of a quotation is continued in another message."""

    @property
    def text(self) -> str:
        """Without its style."""
        return plain(self.runs)


def plain(runs: Iterable[Run]) -> str:
    """The text of the runs."""
    return "".join(run.text for run in runs)


def link(url: str) -> str:
    """The address if a headline may lead there, else ""."""
    leads = len(url) <= _LONGEST_LINK and _LINK.fullmatch(url) and clean(url) == url
    return url if leads else ""


def lines_of(text: str, gap: str = "\n") -> Iterator[Block]:
    """A block for every line of a text without style; `gap` before the first."""
    for line in text.split("\n"):
        yield Block((Run(line),), gap)
        gap = "\n"


def pack(blocks: Iterable[Block], keyboard: Keyboard = ()) -> list[Part]:
    """As few messages as hold the blocks in their order; the keyboard under the last."""
    messages = [_Message()]
    for block in blocks:
        for piece in _pieces(block, messages[-1].room(block.gap)):
            if not messages[-1].takes(piece):
                messages.append(_Message())
            messages[-1].add(piece)
    parts = [part_of(one.blocks) for one in messages if not is_blank(_plain(one.blocks))]
    return [*parts[:-1], replace(parts[-1], keyboard=keyboard)] if parts else []


def part_of(blocks: Sequence[Block], keyboard: Keyboard = ()) -> Part:
    """One message of the blocks, which must fit."""
    markup = "".join(
        ("" if number == 0 else block.gap) + _markup(block) for number, block in enumerate(blocks)
    )
    return Part(markup, _plain(blocks), keyboard)


@dataclass(slots=True)
class _Message:
    """A message that is being filled."""

    blocks: list[Block] = field(default_factory=list)
    units: int = 0
    entities: int = 0

    def room(self, gap: str) -> int:
        """Units left after the gap."""
        return LIMIT - self.units - len(gap) if self.blocks else LIMIT

    def takes(self, block: Block) -> bool:
        """Whether it fits; whatever comes first does."""
        fits = utf16_length(block.text) <= self.room(block.gap)
        return not self.blocks or (fits and self.entities + _entities(block) <= _MOST_ENTITIES)

    def add(self, block: Block) -> None:
        """Put it at the end."""
        self.units += utf16_length(block.text) + (len(block.gap) if self.blocks else 0)
        self.entities += _entities(block)
        self.blocks.append(block)


def _pieces(block: Block, room: int) -> Iterator[Block]:
    """The block, divided if no message holds it; the first piece in `room` if that is much."""
    runs, text = block.runs, block.text
    if utf16_length(text) <= LIMIT:
        yield block
        return
    if room < LIMIT // 2:
        room = LIMIT
    leading: Runs = ()
    gap = block.gap
    while text:
        at = cut(text, room - utf16_length(plain(leading)))
        first, runs = _divided(runs, at)
        if not leading or not is_blank(text[:at]):
            yield Block((*leading, *first), gap, block.quoted)
        text, room, leading, gap = text[at:], LIMIT, block.head, ""


def _plain(blocks: Sequence[Block]) -> str:
    return "".join(
        ("" if number == 0 else block.gap) + block.text for number, block in enumerate(blocks)
    )


def _entities(block: Block) -> int:
    return block.quoted + sum(run.bold + bool(run.url) for run in block.runs)


def _divided(runs: Runs, at: int) -> tuple[Runs, Runs]:
    """The runs of the first `at` code points, and the rest."""
    first: list[Run] = []
    for number, run in enumerate(runs):
        if at < len(run.text):
            if at:
                first.append(Run(run.text[:at], run.bold, run.url))
            return tuple(first), (Run(run.text[at:], run.bold, run.url), *runs[number + 1 :])
        first.append(run)
        at -= len(run.text)
    return tuple(first), ()


def _markup(block: Block) -> str:
    inner = "".join(
        f"<b>{text}</b>" if bold and text else text
        for bold, text in (
            (bold, "".join(map(_linked, runs)))
            for bold, runs in groupby(block.runs, key=lambda run: run.bold)
        )
    )
    return f"<blockquote expandable>{inner}</blockquote>" if block.quoted and inner else inner


def _linked(run: Run) -> str:
    text = html.escape(run.text, quote=False)
    return f'<a href="{html.escape(run.url)}">{text}</a>' if run.url and text else text
