"""A stricter reader of Telegram's HTML than Telegram's: what it takes, Telegram takes as meant."""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"<(/?)([a-z]+)([^<>]*)>|&(lt|gt|amp|quot|#x27);|([^<>&]+)|(.)", re.DOTALL)
_REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "#x27": "'"}
_ATTRIBUTES = {
    "b": re.compile(""),
    "a": re.compile(r' href="(https?://[^\s"<>]+)"'),
    "blockquote": re.compile(" expandable"),
}
_CHANGED_BY_TELEGRAM = re.compile(
    "[\x00-\x09\x0b-\x1f\u2028-\u202e\u0333\u033f\u030a\ud800-\udfff]"
)
_LIMIT, _MOST_ENTITIES, _MOST_BYTES = 4096, 100, 35_000


@dataclass
class Shown:
    """A message as a reader sees it."""

    text: str = ""
    quotations: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Text and address."""


def read_strictly(markup: str) -> Shown:
    """The message. Raises ValueError for whatever Telegram might refuse, change or cut."""
    shown = Shown()
    opened: list[tuple[str, str, int]] = []
    entities = 0
    for token in _TOKEN.finditer(markup):
        end, tag, attributes, reference, text, stray = token.groups()
        if stray:
            raise ValueError(f"not escaped: {stray!r} at {token.start()}")
        if not tag:
            shown.text += _REFERENCES[reference] if reference else text
        elif end:
            if not opened or opened[-1][0] != tag or attributes:
                raise ValueError(f"unexpected </{tag}> at {token.start()}")
            _, address, start = opened.pop()
            inner = shown.text[start:]
            if not inner:
                raise ValueError(f"<{tag}> around nothing at {token.start()}")
            entities += 1
            _keep(shown, tag, address, inner)
        else:
            found = _ATTRIBUTES[tag].fullmatch(attributes) if tag in _ATTRIBUTES else None
            if found is None or tag in (name for name, _, _ in opened):
                raise ValueError(f"refused {token[0]!r} at {token.start()}")
            if tag == "blockquote" and opened:
                raise ValueError(f"a quotation inside of {opened[-1][0]} at {token.start()}")
            address = found[1].replace("&amp;", "&") if found.groups() else ""
            opened.append((tag, address, len(shown.text)))
    if opened:
        raise ValueError(f"<{opened[-1][0]}> is not closed")
    _check_size(shown.text, entities)
    return shown


def _keep(shown: Shown, tag: str, address: str, inner: str) -> None:
    if tag == "blockquote":
        shown.quotations.append(inner)
    elif tag == "b":
        shown.bold.append(inner)
    else:
        shown.links.append((inner, address))


def _check_size(text: str, entities: int) -> None:
    if changed := _CHANGED_BY_TELEGRAM.search(text):
        raise ValueError(f"Telegram would change {changed[0]!r}")
    if not text.strip():
        raise ValueError("an empty message")
    if len(text.encode("utf-16-le")) > 2 * _LIMIT or len(text.encode()) > _MOST_BYTES:
        raise ValueError("too long")
    if entities > _MOST_ENTITIES:
        raise ValueError(f"{entities} entities")
