"""Addresses that open an article or a citation in the private chat with the bot.

All that is needed is in the 64 characters that Telegram gives `/start`, so that a link works
wherever it is passed on to, after a restart and a reload.
"""

import re
from typing import get_args

from bot.telegram.buttons import OpenArticle, OpenCitation
from retrieval.types import Field

_FIELDS: tuple[Field, ...] = get_args(Field)
_CITATION = re.compile(
    f"c_([a-z2-7]{{12}})_([0-9a-f]{{8}}|)_([0-{len(_FIELDS) - 1}])"
    "_(0|[1-9][0-9]{0,8})_(0|[1-9][0-9]{0,8})"
)
_ARTICLE = re.compile("a_([a-z2-7]{12})(?:_([0-9a-f]{8}))?")


class Links:
    """Links to a bot, by its user name."""

    def __init__(self, username: str) -> None:
        self._address = f"https://t.me/{username}"

    def to(self, opened: OpenCitation | OpenArticle) -> str:
        """The address that opens it."""
        return f"{self._address}?start={payload(opened)}"


def payload(opened: OpenCitation | OpenArticle) -> str:
    """What /start is given: at most 64 letters, digits, _ and -. Of an article not the page."""
    match opened:
        case OpenCitation(key, version, field, start, end):
            return f"c_{key}_{version}_{_FIELDS.index(field)}_{start}_{end}"
        case OpenArticle(key, version):
            return f"a_{key}_{version}" if version else f"a_{key}"


def parse_payload(text: str) -> OpenCitation | OpenArticle | None:
    """What a payload opens; None for one that is not ours."""
    if found := _CITATION.fullmatch(text):
        return OpenCitation(
            found[1], found[2], _FIELDS[int(found[3])], int(found[4]), int(found[5])
        )
    if found := _ARTICLE.fullmatch(text):
        return OpenArticle(found[1], found[2] or "")
    return None
