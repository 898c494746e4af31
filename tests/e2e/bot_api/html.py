"""Telegram's HTML style, and what Telegram makes of a text before it keeps it."""

import re
from typing import Any

from lo_bot_api_emulator import ApiRefusal  # type: ignore[import-untyped]

_TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("tg-spoiler", "span"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_TAG_NAME, _TAG_END = re.compile(r"<(/?)([^\s>]*)"), re.compile(r"\s*>")
_ATTRIBUTE = r"\s+([^\s=>]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.-]+)))?"
_ATTRIBUTES = re.compile(rf"((?:{_ATTRIBUTE})*)\s*>")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_LINK = re.compile(r"(?:tg|ton)://\S+|(?:https?://)?[^\s/?#@]+\.[^\s/?#]+(?:[/?#]\S*)?", re.I)
_MOST_ENTITIES = 100
# As td/telegram/misc.cpp cleans a text: control characters become spaces, these go.
_CONTROL = dict.fromkeys((code for code in range(32) if code not in (10, 13)), " ")
_CLEANED = _CONTROL | dict.fromkeys((13, *range(0x2028, 0x202F), 0x333, 0x33F, 0x30A), "")
_INVISIBLE = re.compile("[\\s\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0]+")


def utf16_length(text: str) -> int:
    """The length of `text` as Telegram counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _unescape(text: str) -> str:
    """`text` with the references Telegram knows replaced; it leaves others as they are."""

    def decoded(found: re.Match[str]) -> str:
        if found[3]:
            return _NAMED.get(found[3], found[0])
        code = int(found[1], 16) if found[1] else int(found[2])
        if 0xD800 <= code <= 0xDFFF:
            raise ValueError(
                "Text contains invalid Unicode characters after decoding HTML entities,"
                " check for unmatched surrogate code units"
            )
        known = 0 < code < 0x10FFFF and len(found[0].removesuffix(";")) < 10
        return chr(code) if known else found[0]

    return _REFERENCE.sub(decoded, text)


def parse_telegram_html(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The plain text and the entities (as MessageEntity objects) of HTML-style `text`.

    Raises ValueError with Telegram's words where Telegram refuses. As there, an unknown named
    reference or a lone "&" stays in the text, and a link to no valid address loses its entity.
    Telegram's later tidying of overlapping entities is left out.
    """
    plain, position = "", 0
    entities: list[dict[str, Any]] = []
    opened: list[tuple[str, dict[str, str], int]] = []
    while (begin := text.find("<", position)) >= 0:
        plain += _unescape(text[position:begin])
        at = f"at byte offset {len(text[:begin].encode())}"
        name = _TAG_NAME.match(text, begin)
        assert name is not None
        tag, position = name[2].lower(), name.end()
        if name[1]:
            if not opened:
                raise ValueError(f"Unexpected end tag {at}")
            end = _TAG_END.match(text, position)
            if end is None:
                raise ValueError(f"Unclosed end tag {at}")
            position = end.end()
            start_tag, attributes, start = opened.pop()
            if tag not in ("", start_tag):
                raise ValueError(
                    f'Unmatched end tag {at}, expected "</{start_tag}>", found "</{tag}>"'
                )
            if plain[start:]:
                _add_entity(entities, start_tag, attributes, plain[:start], plain[start:])
            continue
        if position == len(text):
            raise ValueError(f"Unclosed start tag {at}")
        if tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" {at}')
        rest = _ATTRIBUTES.match(text, position)
        if rest is None:
            raise ValueError(f'Unclosed start tag "{tag}" {at}')
        found = re.findall(_ATTRIBUTE, rest[1])
        attributes = {key: _unescape(a or b or c.lower()) for key, a, b, c in found}
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise ValueError(f'Tag "span" must have class "tg-spoiler" {at}')
        opened.append((tag, attributes, len(plain)))
        position = rest.end()
    if opened:
        raise ValueError(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return plain + _unescape(text[position:]), entities


def _add_entity(
    entities: list[dict[str, Any]], tag: str, attributes: dict[str, str], before: str, inner: str
) -> None:
    """Add to `entities` what `tag` around `inner` makes."""
    span = {"offset": utf16_length(before), "length": utf16_length(inner)}
    entity: dict[str, Any] = {"type": _TAGS[tag], **span}
    if tag == "a":
        entity["url"] = attributes.get("href") or inner
        if not _LINK.fullmatch(entity["url"]):
            return
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    elif tag == "pre" and entities and entities[-1].items() >= span.items():
        if "language" in entities[-1]:
            entity = entities.pop() | entity
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
        if not re.fullmatch(r"[1-9][0-9]{0,18}", entity["custom_emoji_id"]):
            raise ValueError("Invalid custom emoji identifier specified")
    entities.append(entity)


def parsed(
    source: str, parse_mode: str | None, entities: list[dict[str, Any]]
) -> tuple[str, list[dict[str, Any]]]:
    """The text and the entities that Telegram keeps of what a bot gives. Raises ApiRefusal."""
    plain = source
    if parse_mode:
        if parse_mode.lower() != "html":
            raise ApiRefusal("Bad Request: unsupported parse_mode")
        try:
            plain, entities = parse_telegram_html(source)
        except ValueError as error:
            raise ApiRefusal(f"Bad Request: can't parse entities: {error}") from None
    return kept(plain, entities)


def is_blank(text: str) -> bool:
    """Whether Telegram calls the text empty."""
    return not _INVISIBLE.sub("", text)


def kept(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The text and its entities as Telegram keeps them: cleaned, trimmed, the first hundred."""
    moved = [0]  # where each UTF-16 unit of the old text begins in the new one
    clean = ""
    for character in text:
        new = _CLEANED.get(ord(character), character)
        place = moved[-1]
        moved += [place + 1, place + 2] if character > "\uffff" else [place + len(new)]
        clean += new
    shorter = clean.rstrip(" \n")
    end = utf16_length(shorter)
    trimmed = shorter.lstrip(" \n")
    begin = end - utf16_length(trimmed)
    spans = []
    for entity in entities[:_MOST_ENTITIES]:
        first = max(moved[entity["offset"]], begin)
        last = min(moved[entity["offset"] + entity["length"]], end)
        if first < last:
            spans.append(entity | {"offset": first - begin, "length": last - first})
    return trimmed, spans
