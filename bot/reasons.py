"""Reasons that `retrieval` gives in English, in the language of the interface.

bot/locales/*/LC_MESSAGES/reasons.po has them under their English templates, with a placeholder for
each value. A text that is new or changed there needs its msgid here; then `make catalogues`. In
English only those are there that name a command line: in a chat they name a command of the chat.
"""

import functools
import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.phrases import LOCALES, SIMPLIFIED, TRADITIONAL, Phrases

REASONS_INSIDE = frozenset(("reason", "what", "advice", "detail", "how", "phase"))
"""Placeholders for what is a reason itself, or part of one; the others are names and numbers."""

_KIND = "what"
"""The placeholder for a kind of file; they are all known."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LONGEST = 4_000
"""Characters; what is longer is not of our making."""


class Catalogue(gettext.GNUTranslations):
    """The translations of one language by their English templates."""

    _catalog: dict[str, str]  # of the standard library; "protected" in its documentation

    @property
    def texts(self) -> Mapping[str, str]:
        """All of them."""
        return {english: text for english, text in self._catalog.items() if english}


@dataclass(frozen=True, slots=True)
class _Translator:
    fixed: Mapping[str, str]
    templates: tuple[tuple[re.Pattern[str], str], ...]
    """Those that say the most first."""


def told(reason: str, phrases: Phrases) -> str:
    """The reason in the language of the phrases; as it is where it is not known."""
    return _told(reason, _translator(_language(phrases))).strip()


def load(language: str) -> Catalogue:
    """The catalogue of zh_Hans, zh_Hant or en."""
    with (LOCALES / language / "LC_MESSAGES" / "reasons.mo").open("rb") as file:
        return Catalogue(file)


def _told(reason: str, translator: _Translator) -> str:
    if reason in translator.fixed:
        return translator.fixed[reason]
    if len(reason) > _LONGEST:
        return reason
    for english, text in translator.templates:
        if (values := _values(english, reason)) is None:
            continue
        if _KIND in values and values[_KIND] not in translator.fixed:
            continue
        for name in REASONS_INSIDE.intersection(values):
            values[name] = _told(values[name], translator)
        return text.format_map(values)
    return reason


def _values(english: re.Pattern[str], reason: str) -> dict[str, str] | None:
    found = english.fullmatch(reason)
    return found.groupdict() if found else None


def _language(phrases: Phrases) -> str:
    if phrases is SIMPLIFIED:
        return "zh_Hans"
    return "zh_Hant" if phrases is TRADITIONAL else "en"


@functools.cache
def _translator(language: str) -> _Translator:
    texts = load(language).texts
    templates = [english for english in texts if _PLACEHOLDER.search(english)]
    templates.sort(key=lambda english: len(_PLACEHOLDER.sub("", english)), reverse=True)
    return _Translator(texts, tuple((_pattern(english), texts[english]) for english in templates))


def _pattern(english: str) -> re.Pattern[str]:
    literals = _PLACEHOLDER.split(english)
    for number, literal in enumerate(literals):
        literals[number] = f"(?P<{literal}>.*?)" if number % 2 else re.escape(literal)
    return re.compile("".join(literals), re.DOTALL)
