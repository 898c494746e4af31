"""Pictures and files that the bot uploads, refused where Telegram would refuse them.

Telegram takes other kinds of pictures too; the bot sends PNG.
"""

import struct
from dataclasses import dataclass
from typing import Any, Literal

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

from tests.e2e.bot_api.html import utf16_length

LONGEST_CAPTION = 1024
_LARGEST_PHOTO, _LARGEST_DOCUMENT = 10_000_000, 50_000_000
_MOST_PIXELS_OF_SIDES = 10_000
_MOST_TIMES_AS_LONG = 20
_PNG = b"\x89PNG\r\n\x1a\n"

Kind = Literal["photo", "document"]
KINDS: dict[str, Kind] = {"sendPhoto": "photo", "sendDocument": "document"}
"""What is uploaded, by method."""


@dataclass(frozen=True)
class SentFile:
    """What was uploaded."""

    kind: Kind
    name: str
    content: bytes

    def shown(self) -> dict[str, Any]:
        """The fields of a Message object."""
        file = {"file_id": f"{self.kind}-sent", "file_unique_id": f"{self.kind}-sent-unique"}
        file["file_size"] = len(self.content)  # type: ignore[assignment]
        if self.kind == "document":
            return {"document": file | {"file_name": self.name}}
        width, height = _size_of(self.content)
        return {"photo": [file | {"width": width, "height": height}]}


def uploaded(kind: Kind, params: dict[str, Any], uploads: dict[str, Any]) -> SentFile:
    """The file of a request. Raises ApiRefusal."""
    source = params.get(kind)
    if isinstance(source, str) and source.startswith("attach://"):
        found = uploads.get(source.removeprefix("attach://"))
    else:
        found = uploads.get(kind)
    if found is None:
        raise ApiRefusal(f"Bad Request: there is no {kind} in the request")
    if utf16_length(params.get("caption", "")) > LONGEST_CAPTION:
        raise ApiRefusal("Bad Request: message caption is too long")
    file = SentFile(kind, found["filename"], found["data"])
    if not file.content:
        raise ApiRefusal("Bad Request: file must be non-empty")
    if len(file.content) > (_LARGEST_PHOTO if kind == "photo" else _LARGEST_DOCUMENT):
        raise ApiRefusal("Request Entity Too Large", 413)
    if kind == "photo":
        _check_picture(file.content)
    return file


def _check_picture(content: bytes) -> None:
    width, height = _size_of(content)
    longest, shortest = max(width, height), min(width, height)
    if width + height > _MOST_PIXELS_OF_SIDES or longest > _MOST_TIMES_AS_LONG * shortest:
        raise ApiRefusal("Bad Request: PHOTO_INVALID_DIMENSIONS")


def _size_of(content: bytes) -> tuple[int, int]:
    if not content.startswith(_PNG):
        raise ApiRefusal("Bad Request: IMAGE_PROCESS_FAILED")
    width, height = struct.unpack(">II", content[16:24])
    return width, height
