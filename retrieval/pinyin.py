"""Names of a Chinese article as an English reader types them: Zibo, Dongcheng, Liu Zhengxin.

pypinyin takes a third of a second to import: only those pay for it who need it.
"""

import re
from functools import lru_cache

from retrieval.folding import fold
from retrieval.words import tagged_words

_NAME_TAGS = {"nr", "nrt", "ns", "nt", "nz"}
_PLACE_ENDING = re.compile(r"(?<=[\u4e00-\u9fff]{2})(?:省|市|区|县|镇|乡|村|街道)$")
_HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,8}")


def romanised_names(text: str) -> list[str]:
    """Each name of people and places in pinyin, without spaces; people's also in two parts."""
    names: dict[str, None] = {}
    for word, tag in dict.fromkeys(tagged_words(fold(text))):
        if tag not in _NAME_TAGS or not _HAN_NAME.fullmatch(word):
            continue
        syllables = _syllables(word)
        names["".join(syllables)] = None
        if tag.startswith("nr"):
            names[syllables[0]] = None
            names["".join(syllables[1:])] = None
        elif (shorter := _PLACE_ENDING.sub("", word)) != word:
            names["".join(_syllables(shorter))] = None
    return list(names)


def romanised(text: str) -> str:
    """The whole text in pinyin, in one run."""
    return "".join(_syllables(fold(text)))


def romanised_person(name: str) -> str:
    """A Chinese person's name in pinyin, family name first, without spaces.

    Each character by itself, which is kept: so many names are read in no time.
    """
    return "".join(map(_syllable, name))


@lru_cache(maxsize=65_536)
def _syllable(character: str) -> str:
    return "".join(_syllables(character))


def _syllables(text: str) -> list[str]:
    from pypinyin import lazy_pinyin

    return lazy_pinyin(text)
