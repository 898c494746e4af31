"""Quality on the shipped corpus, without a key: the golden questions and the seed page's own.

`make test` prints the figures and fails below the bars.
"""

import asyncio
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.wiring import make_answerer
from retrieval.answering.language import Language, language_of
from retrieval.evaluation import GoldenQuestion, is_right, load_golden, measure
from retrieval.index.articles import ArticleStore
from retrieval.index.generations import Generations
from retrieval.types import Answer
from tests.conftest import CORPUS, ROOT

Answered = list[tuple[GoldenQuestion, Answer]]
Show = Callable[[str, Answered], None]

RIGHT_ARTICLE_FIRST = 0.95
RIGHT_ANSWER = 0.85
WRONGLY_REFUSED = 0.10
NEAR_MISSES_REFUSED = 0.50

SEED_QUESTIONS = ROOT.parent / "shared" / "eval" / "seed.dev.jsonl"


@pytest.fixture(scope="module")
def golden(corpus_data_dir: Path) -> Answered:
    return answered(corpus_data_dir, load_golden(CORPUS / "golden.jsonl"))


@pytest.fixture(scope="module")
def seed(corpus_data_dir: Path) -> Answered:
    if not SEED_QUESTIONS.exists():
        pytest.skip("the questions about the seed page are not here")
    store = article_store(corpus_data_dir)
    by_title = {article.title: article.id for _, article in store.everything()}
    store.close()
    questions = []
    for line in SEED_QUESTIONS.read_text("utf-8").splitlines():
        fields = json.loads(line)
        article_id = by_title[fields["article"]] if fields["article"] else None
        questions.append(
            GoldenQuestion(fields["id"], fields["question"], article_id, fields["require"])
        )
    return answered(corpus_data_dir, questions)


def answered(data_dir: Path, questions: list[GoldenQuestion]) -> Answered:
    settings = Settings(data_dir=data_dir, openai_api_key=None, openai_base_url=None)
    answerer = make_answerer(settings)

    async def ask_all() -> Answered:
        return [(one, await answerer.answer(one.question)) for one in questions]

    try:
        return asyncio.run(ask_all())
    finally:
        answerer.close()


def article_store(data_dir: Path) -> ArticleStore:
    generations = Generations(data_dir)
    return ArticleStore(generations.folder(generations.require_live()) / "articles.sqlite3")


def in_language(language: Language) -> Callable[[GoldenQuestion], bool]:
    return lambda one: language_of(one.question) is language


@pytest.fixture
def show(tell: Callable[[str], None]) -> Show:
    def show_figures(name: str, pairs: Answered) -> None:
        figures = measure(pairs)
        tell(
            f"{name}: {figures.answerable} answerable, {figures.unanswerable} not; "
            f"right article first {figures.right_article_first:.3f}, "
            f"right answer {figures.right_answer:.3f}, "
            f"wrongly refused {figures.wrongly_refused:.3f}, "
            f"rightly refused {figures.rightly_refused:.3f}"
        )

    return show_figures


def assert_bars(pairs: Answered) -> None:
    figures = measure(pairs)
    wrong = [
        f"{one.question} -> {answer.text}"
        for one, answer in pairs
        if one.article_id and not is_right(answer.text, one.require)
    ]
    shown = "\n".join(wrong)
    assert figures.right_article_first >= RIGHT_ARTICLE_FIRST, shown
    assert figures.right_answer >= RIGHT_ANSWER, shown
    assert figures.wrongly_refused <= WRONGLY_REFUSED, shown


def test_the_golden_set_is_as_large_as_it_must_be() -> None:
    questions = load_golden(CORPUS / "golden.jsonl")
    answerable = [one for one in questions if one.article_id]
    assert len(answerable) >= 40
    assert sum(map(in_language(Language.ENGLISH), answerable)) >= 10
    assert sum(map(in_language(Language.TRADITIONAL), answerable)) >= 5
    assert sum(one.id.startswith("far-") for one in questions) >= 6
    assert sum(one.id.startswith("near-") for one in questions) >= 10
    assert len({one.id for one in questions}) == len(questions)


def test_golden_questions_are_answered(golden: Answered, show: Show) -> None:
    show("golden", golden)
    assert_bars(golden)


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.TRADITIONAL])
def test_golden_questions_of_one_language_are_answered(
    golden: Answered, language: Language, show: Show
) -> None:
    chosen = [pair for pair in golden if in_language(language)(pair[0])]
    show(f"golden, {language.name.lower()} alone", chosen)
    assert_bars(chosen)


def test_questions_far_off_are_refused(golden: Answered) -> None:
    far = [pair for pair in golden if pair[0].id.startswith("far-")]
    assert measure(far).rightly_refused == 1


def test_half_of_the_near_misses_are_refused(golden: Answered, show: Show) -> None:
    near = [pair for pair in golden if pair[0].id.startswith("near-")]
    show("golden, near misses alone", near)
    assert measure(near).rightly_refused >= NEAR_MISSES_REFUSED


def test_questions_about_the_seed_page_are_answered(seed: Answered, show: Show) -> None:
    show("seed", seed)
    assert_bars(seed)
    assert measure(seed).rightly_refused >= NEAR_MISSES_REFUSED


def test_every_quote_is_verbatim(golden: Answered, corpus_data_dir: Path) -> None:
    store = article_store(corpus_data_dir)
    citations = [citation for _, answer in golden for citation in answer.citations]
    articles = store.articles([citation.article_id for citation in citations])
    store.close()
    assert len(citations) > 100
    for citation in citations:
        article = dataclasses.asdict(articles[citation.article_id])
        assert article[citation.field][citation.start : citation.end] == citation.quote
        assert citation.quote


def test_every_line_of_an_answer_carries_its_marks(golden: Answered) -> None:
    for _, answer in golden:
        numbers = [citation.number for citation in answer.citations]
        assert numbers == list(range(1, len(numbers) + 1))
        for line in answer.text.splitlines():
            assert answer.refused or line.endswith("]")


def test_a_refusal_offers_three_articles_and_shows_what_was_looked_at(golden: Answered) -> None:
    for _, answer in golden:
        if answer.refused:
            assert len(answer.nearest) == 3
        assert 0 < len(answer.passages) <= 10
