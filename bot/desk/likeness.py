"""How alike questions are, by what they mean and by the words they share."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from retrieval.folding import fold
from retrieval.types import Vectors
from retrieval.words import content_words, pairs

BACKGROUND = (
    "高考报名从什么时候开始？",
    "谁获得了最佳导演奖？",
    "地铁哪条线延长了？",
    "股市昨天跌了多少？",
    "哪家医院开了新的门诊？",
    "今年水稻的产量是多少？",
    "台风造成了哪些损失？",
    "总统访问了哪几个国家？",
    "博物馆几点开门？",
    "法院是怎么判的？",
    "航天员在空间站待了多久？",
    "奥运会拿了几块金牌？",
    "房价会不会再降？",
    "社区志愿者做了什么？",
    "What did the minister say about the budget?",
    "How many people live in the city?",
)
"""Questions that have nothing to do with each other: what their vectors share is no likeness."""

_SHARED_LEAST = 2


def of_meaning(vectors: Vectors, background: Vectors) -> Vectors:
    """Cosine of each two vectors, less what those of BACKGROUND share; n x n.

    So it is about 0 for what is not alike, whatever the model.
    """
    centred = vectors - background.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    centred /= np.where(lengths == 0, 1, lengths)
    cosines: Vectors = centred @ centred.T
    return cosines


def of_words(questions: Sequence[str]) -> Vectors:
    """Cosine of the words, and the pairs of characters, of each two questions; n x n.

    A word counts the more the fewer questions have it.
    """
    bags = [_bag(question) for question in (*questions, *BACKGROUND)]
    spread = Counter(word for bag in bags for word in bag)
    weight = {word: float(np.log(1 + len(bags) / many)) for word, many in spread.items()}
    holders: dict[str, list[int]] = defaultdict(list)
    lengths = np.zeros(len(questions), dtype=np.float32)
    for number, bag in enumerate(bags[: len(questions)]):
        lengths[number] = np.sqrt(sum(weight[word] ** 2 for word in bag))
        for word in bag:
            holders[word].append(number)
    products = np.zeros((len(questions), len(questions)), dtype=np.float32)
    for word, numbers in holders.items():
        if len(numbers) >= _SHARED_LEAST:
            products[np.ix_(numbers, numbers)] += weight[word] ** 2
    safe = np.where(lengths == 0, 1, lengths)
    cosines: Vectors = products / np.outer(safe, safe)
    return cosines


def _bag(question: str) -> set[str]:
    folded = fold(question)
    return {*content_words(folded), *pairs(folded)}
