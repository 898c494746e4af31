"""What is sent: messages with their buttons, and files, free of Telegram's own objects."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Button:
    """A button that gives `data` back to us, copies a text, or opens an address: one of these."""

    label: str
    data: str = ""
    copy: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if [bool(self.data), bool(self.copy), bool(self.url)].count(True) != 1:
            raise ValueError(f"button {self.label!r} must do exactly one thing")


Keyboard = tuple[tuple[Button, ...], ...]
"""Rows of buttons."""


@dataclass(frozen=True, slots=True)
class Part:
    """One message: its markup, and the same without markup should Telegram refuse it."""

    markup: str
    plain: str
    keyboard: Keyboard = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a file that is sent beside a reply."""

    name: str
    content: bytes
    kind: Literal["photo", "document"]
    caption: str = ""
    """Plain text, at most 1,024 UTF-16 units."""


def to_json(part: Part) -> dict[str, Any]:
    """The part in plain types, for JSON."""
    rows = [[dataclasses.asdict(button) for button in row] for row in part.keyboard]
    return {"markup": part.markup, "plain": part.plain, "keyboard": rows}


def from_json(packed: dict[str, Any]) -> Part:
    """The part that `to_json` was given."""
    rows = tuple(tuple(Button(**button) for button in row) for row in packed["keyboard"])
    return Part(packed["markup"], packed["plain"], rows)
