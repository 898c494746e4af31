"""What the chat model has answered already, as long as nothing it rests on has changed."""

from collections import OrderedDict
from collections.abc import Hashable

from retrieval.answering.grounding import Grounded
from retrieval.answering.model.brief import Brief
from retrieval.folding import fold


class AnswerCache:
    """The last answers, at most `size`; the one not asked for longest goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Grounded] = OrderedDict()

    def get(self, key: Hashable) -> Grounded | None:
        """What was kept, if it still is."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: Hashable, grounded: Grounded) -> None:
        """Keep what has passed of a draft."""
        self._kept[key] = grounded
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)


def cache_key(brief: Brief, generation: str, model: str) -> Hashable:
    """Equal for questions that the model would be asked in the same way.

    The passages follow from question, day and generation.
    """
    question = fold(brief.question).strip().rstrip("?。.!")
    return question, brief.language, brief.turns, brief.today, generation, model
