"""Weights of the features, fitted by `make fit` and stored with the figures they reached."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from retrieval.types import Strictness

FILE = "weights.json"


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one kind of question: those asked in Chinese, or others."""

    order: Mapping[str, float]
    """Of a sentence's features: which of those found answers best."""
    answer: Mapping[str, float]
    """Of the best sentence's features and those of all found: whether it answers. With `bias`."""
    least: Mapping[Strictness, float]
    """The confidence from which on an answer is given, from 0 to 1."""


@lru_cache(maxsize=1)
def load_weights() -> Mapping[str, Weights]:
    """The weights for questions in `chinese` and in `other` languages."""
    stored = json.loads(files(__package__).joinpath(FILE).read_text("utf-8"))
    return {
        name: Weights(
            order=stored[name]["order"],
            answer=stored[name]["answer"],
            least={Strictness(key): value for key, value in stored[name]["least"].items()},
        )
        for name in ("chinese", "other")
    }
