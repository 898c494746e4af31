"""What an admin sent, as it was understood, until it is in the collection or given up."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from bot.desk.corrections import (
    Correction,
    Fault,
    FieldName,
    Omission,
    WrongLineError,
    corrected,
)
from retrieval.types import Article, Problem

_FULL_PIECE = 3900
"""UTF-16 units: a text that long may go on in the next message, for Telegram cuts at 4096."""

_PIECE_SECONDS = 2

A_LIST = 8
"""Articles on one page of the list."""

_OF_EACH: frozenset[FieldName] = frozenset(("date", "source", "page", "column"))
"""What articles of one file may have in common."""

_ENDS_A_LINE = "。！？!?….”』」）)：:;；"


@dataclass(frozen=True, slots=True)
class Piece:
    """One message of what was sent: a document, or a text."""

    message_id: int
    sent_at: int
    """Seconds, as Telegram counts them."""
    name: str = ""
    """Of the document; "" for a text."""
    text: str = ""
    is_read: bool = False
    fields: tuple[Correction, ...] = ()
    """That were named along with it."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article of the collection that says the same."""

    key: str
    title: str
    date: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An article that was understood."""

    article: Article
    message_id: int
    """The message that it came with."""
    is_left_out: bool = False
    duplicate: Duplicate | None = None
    file: str = ""
    """The name that it is written under, once that is settled."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that is known of a draft."""

    pieces: tuple[Piece, ...] = ()
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_own_text: bool = False
    """Whether it may have been meant as a question."""
    page: int = 0
    """Of the list, from 0."""
    opened: int | None = None
    """The article that is shown instead of the list, from 0."""

    @property
    def chosen(self) -> tuple[Entry, ...]:
        """The articles that are not left out."""
        return tuple(entry for entry in self.entries if not entry.is_left_out)

    @property
    def is_reading(self) -> bool:
        """Whether something of it is not read yet."""
        return not all(piece.is_read for piece in self.pieces)

    @property
    def characters(self) -> int:
        """How long its articles are together."""
        return sum(len(entry.article.text) for entry in self.entries)

    @property
    def shown(self) -> int | None:
        """The article whose fields are shown, from 0; None for a list of them."""
        return 0 if len(self.entries) == 1 else self.opened

    @property
    def text(self) -> str:
        """The texts of its messages, put together again where Telegram cut them."""
        whole = ""
        for piece in self.pieces:
            whole += _seam(whole, piece.text) + piece.text
        return whole

    def with_piece(self, piece: Piece) -> Self:
        """With one more message, unless it is known."""
        if any(one.message_id == piece.message_id for one in self.pieces):
            return self
        pieces = sorted((*self.pieces, piece), key=lambda one: one.message_id)
        return replace(self, pieces=tuple(pieces))

    @property
    def is_full(self) -> bool:
        """Whether it is a text that may go on in another message."""
        if not self.pieces:
            return False
        return len(self.pieces[-1].text.encode("utf-16-le", "replace")) // 2 >= _FULL_PIECE

    def is_continued_by(self, sent_at: int, message_id: int) -> bool:
        """Whether a text that was sent then may be the rest of it."""
        if not self.is_full:
            return False
        last = self.pieces[-1]
        return last.message_id < message_id and 0 <= sent_at - last.sent_at <= _PIECE_SECONDS

    @property
    def given_up(self) -> Self:
        """What is kept of it when nothing is to come of it: which messages it was."""
        return type(self)(tuple(replace(one, text="", is_read=True) for one in self.pieces))

    def read(
        self, message_ids: Iterable[int], entries: Iterable[Entry], problems: Iterable[Problem]
    ) -> Self:
        """With what was understood of these messages, in the order in which they were sent."""
        done = set(message_ids)
        others = [entry for entry in self.entries if entry.message_id not in done]
        ordered = sorted((*others, *entries), key=lambda entry: entry.message_id)
        return replace(
            self,
            pieces=tuple(
                replace(one, is_read=True) if one.message_id in done else one for one in self.pieces
            ),
            entries=tuple(ordered),
            problems=(*self.problems, *problems),
        )

    def corrected(self, wanted: Sequence[Correction | Omission]) -> Self:
        """With what an editor wants to be otherwise. Raises WrongLineError: then nothing is."""
        entries, page = list(self.entries), self.page
        for one in wanted:
            number = self.shown if one.number is None else one.number - 1
            if number is None:
                raise WrongLineError(Fault.WHICH_ARTICLE, "")
            if not 0 <= number < len(entries):
                raise WrongLineError(Fault.NO_SUCH_ARTICLE, str(one.number))
            entry, page = entries[number], number // A_LIST
            if isinstance(one, Omission):
                entries[number] = replace(entry, is_left_out=True)
            else:
                entries[number] = replace(entry, article=corrected(entry.article, [one]))
        return replace(self, entries=tuple(entries), page=page)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for the store."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The contents that were kept."""
        if not kept:
            return cls()
        return cls(
            pieces=tuple(map(_piece, kept["pieces"])),
            entries=tuple(map(_entry, kept["entries"])),
            problems=tuple(Problem(**one) for one in kept["problems"]),
            is_own_text=kept["is_own_text"],
            page=kept["page"],
            opened=kept["opened"],
        )


def _piece(kept: dict[str, Any]) -> Piece:
    fields = tuple(Correction(**one) for one in kept["fields"])
    return replace(Piece(**kept | {"fields": ()}), fields=fields)


def _entry(kept: dict[str, Any]) -> Entry:
    duplicate = kept["duplicate"]
    return Entry(
        article=Article(**kept["article"]),
        message_id=kept["message_id"],
        is_left_out=kept["is_left_out"],
        duplicate=Duplicate(**duplicate) if duplicate else None,
        file=kept["file"],
    )


def understood(
    message_id: int, articles: Sequence[Article], fields: Sequence[Correction]
) -> list[Entry]:
    """The articles of one message, with the fields that were named along with it.

    Of several articles only what they may have in common.
    """
    wanted = [one for one in fields if len(articles) == 1 or one.field in _OF_EACH]
    return [Entry(corrected(article, wanted), message_id) for article in articles]


def _seam(before: str, after: str) -> str:
    """What stood where Telegram cut: it takes away spaces and line ends there."""
    if not before or not after:
        return ""
    if before.rstrip()[-1:] in _ENDS_A_LINE:
        return "\n"
    return " " if before[-1].isascii() and after[0].isascii() else ""
