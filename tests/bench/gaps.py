"""`make bench-gaps`: whether /gaps puts those questions together that are about the same.

25 topics of 12 questions each, from the question sets beside the project, in three ways: one
question in twelve wordings; several questions about one event or article in some wordings each,
which are questions of their own as well as parts of one topic; and both mixed. Purity: the share
of questions that are in a group with a majority of their topic. Inverse purity: the share of a
topic that is in its largest group. V: harmonic mean of homogeneity and completeness (Rosenberg and
Hirschberg 2007). One half of the topics is for fitting the least likeness (`--fit`), the figures
are of the other.
"""

import argparse
import datetime
import itertools
import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from opencc import OpenCC

from bot.desk import gaps
from bot.desk.gaps import Meanings, group
from bot.desk.likeness import BACKGROUND
from bot.store import Missed
from retrieval.cache import EmbeddingCache
from retrieval.embedding import LocalEmbedder
from retrieval.evaluation.sets import Question, read_set
from retrieval.folding import fold
from retrieval.threads import limit_threads
from retrieval.types import Vectors
from retrieval.words import content_words

EVAL = Path(__file__).parent.parent.parent.parent / "shared" / "eval"
ALONE = ("cdqa", "rgb_zh", "crud_silver", "ncp_policies", "cmrc2018", "terror_news")
TOPICS, EACH, SEEDS = 25, 12, range(5)
LEAST_OF_A_TOPIC = 3
NOW = datetime.datetime(2026, 3, 5, tzinfo=datetime.UTC)
KINDS = ("wordings", "events", "mixed")
TO_TRADITIONAL, TO_SIMPLIFIED = OpenCC("s2t"), OpenCC("t2s")

Embed = Callable[[Sequence[str]], Vectors]


def wordings(question: str, dice: random.Random) -> list[str]:
    """Fourteen ways in which readers might put it, in any order."""
    bare = question.rstrip("?？。 ")
    words = content_words(fold(question)) or [bare]
    simplified = TO_SIMPLIFIED.convert(question)
    other_script = TO_TRADITIONAL.convert(question) if simplified == question else simplified
    half = len(bare) // 2
    found = [
        question,
        other_script,
        f"请问{question}",
        f"{bare}呢？",
        f"我想知道{bare}",
        f"帮我查一下，{question}",
        f"{bare}，谢谢",
        f"{bare}，报纸上有说吗",
        f"{words[0]}：{bare}",
        f"有没有关于{''.join(words)}的报道",
        bare[:half] + bare[half + 1 :],
        " ".join(words),
        " ".join(words[1:] or words),
        " ".join(dice.sample(words, len(words))),
    ]
    dice.shuffle(found)
    return found


def single_questions() -> list[list[str]]:
    """Topics of one question each, no two about the same article."""
    topics = []
    for name in ALONE:
        seen: set[str] = set()
        for one in _set(name):
            about = one.positive[0] if one.positive else one.id
            if about not in seen:
                topics.append([one.question])
                seen.add(about)
    return topics


def events() -> list[list[str]]:
    """Topics of several questions: about one article of drcd, or one event of crud_silver."""
    drcd, crud = _set("drcd"), _set("crud_silver")
    together = [*_by(drcd, lambda one: one.id.split("-")[0]), *_sharing(crud)]
    return [topic for topic in together if len(topic) >= LEAST_OF_A_TOPIC]


def _set(name: str) -> list[Question]:
    return read_set(EVAL / f"{name}.dev.jsonl", name)


def _by(questions: Iterable[Question], key: Callable[[Question], str]) -> list[list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in questions:
        found[key(one)].append(one.question)
    return list(found.values())


def _sharing(questions: Iterable[Question]) -> list[list[str]]:
    """Those together that an article answers both."""
    topics: list[tuple[set[str], list[str]]] = []
    for one in questions:
        articles, asked = set(one.positive), [one.question]
        for other in [topic for topic in topics if topic[0] & articles]:
            articles |= other[0]
            asked = other[1] + asked
            topics.remove(other)
        topics.append((articles, asked))
    return [asked for _, asked in topics]


def questions_of(kind: str, half: int, seed: int) -> tuple[list[str], list[int]]:
    """Questions, and the number of the topic of each."""
    alone, together = single_questions(), events()
    for topics in (alone, together):
        random.Random(0).shuffle(topics)
    alone, together = alone[half::2], together[half::2]
    dice = random.Random(f"{kind} {seed}")
    picked = {
        "wordings": lambda: dice.sample(alone, TOPICS),
        "events": lambda: dice.sample(together, min(TOPICS, len(together))),
        "mixed": lambda: (
            dice.sample(together, TOPICS // 2) + dice.sample(alone, TOPICS - TOPICS // 2)
        ),
    }[kind]()
    asked: list[str] = []
    topics_of: list[int] = []
    for number, topic in enumerate(picked):
        pools = [iter(wordings(question, dice)) for question in topic]
        asked += (next(pool) for pool in itertools.islice(itertools.cycle(pools), EACH))
        topics_of += [number] * EACH
    return asked, topics_of


def missed(asked: Sequence[str]) -> list[Missed]:
    """As the store gives them."""
    return [
        Missed(number, number % 40, text, NOW, True, False, 0, (), ())
        for number, text in enumerate(asked)
    ]


def measures(topics: Sequence[int], found: Sequence[int]) -> tuple[float, float, float]:
    """Purity, inverse purity, V."""
    many = len(topics)
    both = Counter(zip(topics, found, strict=True))
    of_topic, of_group = Counter(topics), Counter(found)

    def largest(side: int) -> float:
        best: dict[int, int] = defaultdict(int)
        for pair, count in both.items():
            best[pair[side]] = max(best[pair[side]], count)
        return sum(best.values()) / many

    def entropy(counts: Counter[int]) -> float:
        return -sum(count / many * math.log(count / many) for count in counts.values())

    mutual = sum(
        count / many * math.log(count * many / (of_topic[topic] * of_group[group]))
        for (topic, group), count in both.items()
    )
    whole = entropy(of_topic) + entropy(of_group)
    return largest(1), largest(0), 2 * mutual / whole if whole else 1.0


def grouped(asked: Sequence[str], embed: Embed | None) -> tuple[list[int], float]:
    """The number of the group of each question, and the seconds it took once embedded."""
    meanings = Meanings(embed(asked), embed(BACKGROUND)) if embed else None
    started = time.perf_counter()
    found = group(missed(asked), meanings)
    seconds = time.perf_counter() - started
    group_of = {one: number for number, gap in enumerate(found) for one in gap.message_ids}
    return [group_of[number] for number in range(len(asked))], seconds


def report(embed: Embed | None, half: int) -> None:
    """Print a line for each kind of topics: the mean of all seeds, and the worst purity."""
    for kind in KINDS:
        rows, sizes, slowest = [], [], 0.0
        for seed in SEEDS:
            asked, topics = questions_of(kind, half, seed)
            found, seconds = grouped(asked, embed)
            rows.append(measures(topics, found))
            sizes.append(len(set(found)))
            slowest = max(slowest, seconds)
        purity, inverse, v = np.mean(rows, axis=0)
        print(
            f"{kind:9} purity {purity:.3f} (worst {min(row[0] for row in rows):.3f})"
            f"  inverse {inverse:.3f}  V {v:.3f}  groups {np.mean(sizes):.0f}"
            f" of {len(set(topics))} topics, {len(asked)} questions  {slowest:.2f} s"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="figures by least likeness, other half")
    fit = parser.parse_args().fit
    if not EVAL.exists():
        sys.exit(f"no question sets in {EVAL}")
    limit_threads(1)
    embedder = LocalEmbedder()
    with TemporaryDirectory() as folder, closing(EmbeddingCache(Path(folder) / "cache")) as cache:

        def embed(texts: Sequence[str]) -> Vectors:
            return cache.embed(embedder, texts, lambda _: None)

        ways: list[tuple[str, str, Embed | None]] = [
            ("meaning and words", "_LEAST_LIKENESS", embed),
            ("words alone", "_LEAST_LIKENESS_OF_WORDS", None),
        ]
        for way, name, embedding in ways:
            chosen = getattr(gaps, name)
            steps = [round(chosen + step * 0.02, 2) for step in range(-3, 4)] if fit else [chosen]
            for least in steps:
                setattr(gaps, name, least)
                print(f"{way}, {'fitting' if fit else 'other'} half, least likeness {least}")
                report(embedding, 0 if fit else 1)
            setattr(gaps, name, chosen)
        asked = [one for kind in KINDS for seed in SEEDS for one in questions_of(kind, 1, seed)[0]]
        many = (asked * 2)[: gaps.MOST]
        print(f"{len(many)} questions: {grouped(many, embed)[1]:.2f} s")


if __name__ == "__main__":
    main()
