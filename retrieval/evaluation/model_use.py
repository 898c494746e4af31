"""What a chat model made of the questions it was asked, and what it took."""

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.types import Answer, Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Of a million tokens, in any currency; None where it is not known."""

    read: float | None = None
    written: float | None = None

    def cost(self, usage: Usage) -> float | None:
        """What these tokens cost, None unless both prices are known."""
        if self.read is None or self.written is None:
            return None
        whole = usage.prompt_tokens * self.read + usage.completion_tokens * self.written
        return whole / _MILLION


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Means are over all questions, also those that the chat model was not asked."""

    written: float
    """Share of the answers that the model wrote."""
    fallbacks: int
    """Answers that quote the articles because the model failed."""
    withheld: int
    """Its sentences that the articles do not support."""
    withheld_share: float | None
    """Of all its sentences; None where it wrote none."""
    tokens_read: int
    tokens_written: int
    tokens_read_mean: float
    tokens_written_mean: float
    cost: float | None
    cost_mean: float | None


def model_use(answers: Sequence[Answer], prices: Prices) -> ModelUse:
    """Figures on the answers to a set of questions, of which there is at least one."""
    count = len(answers)
    usage = sum((answer.usage for answer in answers), start=Usage(0, 0))
    withheld = sum(answer.withheld for answer in answers)
    sentences = sum(answer.sentences for answer in answers)
    cost = prices.cost(usage)
    return ModelUse(
        written=sum(answer.mode == "llm" for answer in answers) / count,
        fallbacks=sum(answer.mode == "fallback" for answer in answers),
        withheld=withheld,
        withheld_share=withheld / sentences if sentences else None,
        tokens_read=usage.prompt_tokens,
        tokens_written=usage.completion_tokens,
        tokens_read_mean=usage.prompt_tokens / count,
        tokens_written_mean=usage.completion_tokens / count,
        cost=cost,
        cost_mean=None if cost is None else cost / count,
    )
