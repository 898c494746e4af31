"""How much of a claim's words the passages hold."""

from collections.abc import Iterable, Sequence

from retrieval.answering.checking.tokens import Token

_LONG_NOUN = 1.5
_FUNCTION = frozenset("的是有在里内中上下前后了着过和与及为把被将由从到会要能可不没共都也还又")
"""Characters that the segmenter joins to a word now and then."""


def held(token: Token, text: str) -> float:
    """1 where the word stands in a text; a part for its characters: synonyms share some."""
    if token.text in text:
        return 1.0
    if len(token.text) == 1 or token.text.isascii():
        return 0.0
    pairs = [token.text[at : at + 2] for at in range(len(token.text) - 1)]
    if len(pairs) > 1 and (share := sum(pair in text for pair in pairs) / len(pairs)):
        return max(0.5, share)
    meant = [one for one in token.text if one not in _FUNCTION]
    share = sum(one in text for one in meant) / len(meant) if meant else 1.0
    return 0.8 if share == 1 and len(meant) < len(token.text) else 0.5 * share


def coverage(tokens: Iterable[Token], text: str) -> float:
    """Share of the words, by weight, that stand in a text; 1 where there are none."""
    total = shared = 0.0
    for token in tokens:
        total += token.weight
        shared += token.weight * held(token, text)
    return shared / total if total else 1.0


def novel(tokens: Sequence[Token], text: str) -> float:
    """Weight of the words that a text does not hold; nouns count most, above all long ones."""
    return sum(_newness(token, text) for token in tokens)


def _newness(token: Token, text: str) -> float:
    new = 1 - held(token, text)
    if not new:
        return 0.0
    if not token.is_noun:
        return 0.5 * token.weight * new
    return token.weight * new * (_LONG_NOUN if new == 1 and len(token.text) > 2 else 1.0)
