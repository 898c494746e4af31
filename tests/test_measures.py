"""What answers are worth, computed by hand."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.evaluation.highlights import find, pieces
from retrieval.evaluation.measures import (
    Failure,
    Outcome,
    Refusals,
    Summary,
    area,
    holds,
    holds_most,
    judge,
    longest_common_subsequence,
    ndcg,
    overlap_f1,
    recall,
    refusal_curve,
    refused_at,
    summarise,
    without_marks,
)
from retrieval.evaluation.sets import Question
from retrieval.evaluation.tables import as_text, rows_of
from retrieval.types import Answer, Chunk, Citation, Passage, Span, Timings

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=20)
TEXTS = st.text(alphabet="甲乙丙ab1,，。 ", max_size=30)


def question(**fields: object) -> Question:
    known: dict[str, object] = {
        "set": "made-up",
        "id": "1",
        "question": "灯塔有多高?",
        "kind": "single",
        "answers": (("42米",),),
        "positive": ("a",),
    }
    return Question(**(known | fields))  # type: ignore[arg-type]


def unanswerable(**fields: object) -> Question:
    return question(kind="unanswerable", answers=(), positive=(), **fields)


def citation(article_id: str) -> Citation:
    return Citation(1, article_id, "", "", "", "", "text", 0, 1, "灯")


def answer(
    text: str = "灯塔高42米。[1]",
    ranking: Sequence[str] = ("a", "b"),
    *,
    refused: bool = False,
    confidence: float | None = 0.5,
    cited: str = "a",
) -> Answer:
    passages = tuple(
        Passage(Chunk(one, rank, 0, 1, "灯"), rank, 1 / rank, 0.5)
        for rank, one in enumerate(ranking, start=1)
    )
    return Answer(
        question="灯塔有多高?",
        text=text,
        refused=refused,
        mode="extractive",
        timings_ms=Timings(10, 0, 0, 10),
        citations=() if refused else (citation(cited),),
        passages=passages,
        confidence=confidence,
    )


def outcome(asked: Question, given_answer: Answer, verbatim: int = 1) -> Outcome:
    return Outcome(asked, given_answer, frozenset(asked.positive), {}, verbatim=verbatim)


def summary(*outcomes: Outcome) -> Summary:
    return summarise(outcomes, [judge(one) for one in outcomes])


def test_a_ranking_names_each_article_once() -> None:
    verdict = judge(outcome(question(), answer(ranking=["b", "b", "a", "c", "a"])))
    assert verdict.ranking == ("b", "a", "c")
    assert verdict.rank == 2


def test_ndcg_is_what_is_computed_by_hand() -> None:
    gain = 1 / math.log2(3) + 1 / math.log2(5)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(["x", "a", "y", "b"], frozenset("abc")) == pytest.approx(gain / ideal)


def test_ndcg_takes_ten_articles_for_the_ideal_at_most() -> None:
    relevant = [f"a{number}" for number in range(15)]
    assert ndcg(relevant[:10], frozenset(relevant)) == pytest.approx(1)
    assert ndcg([*"bcdefghijk", relevant[0]], frozenset(relevant)) == 0


@given(st.permutations(list("abcdefgh")), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_ndcg_lies_between_none_and_all(ranking: list[str], relevant: set[str]) -> None:
    value = ndcg(ranking, frozenset(relevant))
    assert 0 < value <= 1 + 1e-9
    best = [*sorted(relevant), *sorted(set(ranking) - relevant)]
    assert ndcg(best, frozenset(relevant)) == pytest.approx(1)


def test_figures_of_three_questions() -> None:
    figures = summary(
        outcome(question(), answer(ranking=["a", "b"])),
        outcome(question(), answer("高四十米。[1]", ["b", "a"], cited="b")),
        outcome(question(), answer("报道没有说。", ["b", "c"], refused=True), verbatim=0),
        outcome(unanswerable(), answer("不知道。", refused=True), verbatim=0),
        outcome(unanswerable(), answer(), verbatim=0),
    )
    assert (figures.answerable, figures.unanswerable, figures.ranked) == (3, 2, 3)
    assert figures.hit_at_1 == pytest.approx(1 / 3)
    assert figures.hit_at_5 == figures.hit_at_10 == pytest.approx(2 / 3)
    assert figures.mrr == pytest.approx((1 + 1 / 2) / 3)
    assert figures.ndcg_at_10 == pytest.approx((1 + 1 / math.log2(3)) / 3)
    assert figures.answer_found == pytest.approx(1 / 3)
    assert figures.cites_positive == pytest.approx(1 / 2)
    assert figures.verbatim == pytest.approx(2 / 3)
    assert figures.wrongly_refused == pytest.approx(1 / 3)
    assert figures.rightly_refused == pytest.approx(1 / 2)
    assert figures.answer_length == pytest.approx((7 + 5 + 7) / 3)
    assert figures.milliseconds["total"].p95 == 10


def test_what_nobody_asked_has_no_figure() -> None:
    no_refusals = summary(outcome(question(), answer()))
    assert (no_refusals.rightly_refused, no_refusals.refusals) == (None, None)
    no_answers = summary(outcome(unanswerable(), answer("没有。", refused=True), verbatim=0))
    assert no_answers.wrongly_refused is None
    assert no_answers.hit_at_1 is None
    assert no_answers.answer_found is None
    assert no_answers.verbatim is None
    assert summary().milliseconds == {}


def test_a_missing_article_counts_as_missed_and_is_counted() -> None:
    asked = question()
    figures = summary(Outcome(asked, answer(), frozenset(), {}))
    assert (figures.without_article, figures.hit_at_10, figures.ndcg_at_10) == (1, 0, 0)


def test_a_question_that_needs_its_article_is_no_question_for_a_search() -> None:
    figures = summary(outcome(question(needs_context=True), answer()))
    assert (figures.ranked, figures.hit_at_1, figures.answer_found) == (0, None, 1)


@pytest.mark.parametrize(
    ("text", "groups", "expected"),
    [
        ("共有1，200 人", [["1200人"]], True),
        ("圖書館開放", [["图书馆"]], True),
        ("ＡＢＣ公司", [["abc"]], True),
        ("甲和乙", [["甲"], ["丙", "乙"]], True),
        ("甲和丁", [["甲"], ["丙", "乙"]], False),
        ("任何话", [], True),
    ],
)
def test_an_answer_holds_one_string_of_every_group(
    text: str, groups: list[list[str]], expected: bool
) -> None:
    assert holds(text, tuple(map(tuple, groups))) is expected


def test_of_a_long_answer_most_is_enough_of_a_short_one_not() -> None:
    long = "各镇须在月底之前完成河道清淤并向水务站报送台账和照片"
    nearly = long.replace("水务站", "县里")
    assert holds_most(f"通知说，{nearly}。", ((long,),))
    assert not holds(nearly, ((long,),))
    assert not holds_most("1月2日有3人", ((("12人"),),))


@given(TEXTS, TEXTS)
def test_a_subsequence_is_as_long_as_the_plain_way_finds_it(one: str, other: str) -> None:
    row = [0] * (len(other) + 1)
    for left in one:
        former = list(row)
        for index, right in enumerate(other):
            row[index + 1] = (
                former[index] + 1 if left == right else max(row[index], former[index + 1])
            )
    assert longest_common_subsequence(one, other) == row[-1]
    assert longest_common_subsequence(other, one) == row[-1]


@given(TEXTS)
def test_a_text_holds_itself_with_full_overlap(text: str) -> None:
    assert holds(text, ((text,),))
    assert recall(text, text) == 1
    assert overlap_f1(text, ((text,),)) == (
        1 if text.replace(",", "").replace("，", "").strip() else 0
    )


def test_overlap_is_that_of_the_nearest_answer() -> None:
    assert overlap_f1("甲乙丙丁", (("戊己", "甲乙"),)) == pytest.approx(2 * 2 / 6)
    assert overlap_f1("甲乙丙丁", (("甲乙",), ("丙丁", "庚"))) == 1


def test_marks_do_not_count_as_text() -> None:
    assert without_marks("第一句。[1][2]\n第二句。[12]") == "第一句。\n第二句。"


def test_area_and_refusals_by_hand() -> None:
    answerable, others = [0.9, 0.8, 0.4, 0.2], [0.1, 0.4, 0.3, 0.05]
    # pairs won: 4, 4, 3 and a tie, 2
    assert area(answerable, others) == pytest.approx(13.5 / 16)
    assert refused_at(answerable, others, 0.05) == pytest.approx(2 / 4)
    assert refused_at(answerable, others, 0.25) == pytest.approx(3 / 4)
    assert refused_at(answerable, others, 1) == 1


@given(SHARES, SHARES)
def test_a_curve_rises_from_nothing_refused_to_everything(
    answerable: list[float], others: list[float]
) -> None:
    curve = refusal_curve(answerable, others)
    assert [(wrong, right) for _, wrong, right in (curve[0], curve[-1])] == [(0, 0), (1, 1)]
    assert curve == sorted(curve)
    for wrongly in (0.05, 0.1):
        best = max(right for _, wrong, right in curve if wrong <= wrongly + 1e-9)
        assert refused_at(answerable, others, wrongly) == pytest.approx(best)


@given(SHARES, SHARES)
def test_areas_of_both_directions_make_one(one: list[float], other: list[float]) -> None:
    assert area(one, other) + area(other, one) == pytest.approx(1)


def test_no_confidence_counts_as_certainty() -> None:
    figures = summary(
        outcome(question(), answer(confidence=None)),
        outcome(unanswerable(), answer(refused=True, confidence=None), verbatim=0),
    )
    assert figures.refusals == Refusals(auc=1, refused_at_5=1, refused_at_10=1)


@pytest.mark.parametrize(
    ("asked", "given_answer", "failure"),
    [
        (question(), answer(), None),
        (question(), answer(ranking=["b"]), Failure.NOT_FOUND),
        (question(), answer("不", ["b"], refused=True), Failure.NOT_FOUND),
        (question(), answer("不", refused=True), Failure.REFUSED),
        (question(), answer(ranking=["b", "a"]), Failure.NOT_FIRST),
        (question(), answer("很高。[1]"), Failure.NOT_CHOSEN),
        (unanswerable(), answer(), Failure.ANSWERED),
        (unanswerable(), answer("不", refused=True), None),
    ],
)
def test_a_failure_is_the_first_step_that_went_wrong(
    asked: Question, given_answer: Answer, failure: Failure | None
) -> None:
    assert judge(outcome(asked, given_answer)).failure is failure


def test_groups_and_false_articles() -> None:
    asked = question(
        positive_groups=(("a", "b"), ("c",)), positive_wrong=("w",), fake_answers=("90米",)
    )
    verdict = judge(outcome(asked, answer("高90米。[1]", ["w", "b", "c", "a"])))
    assert (verdict.groups_found, verdict.wrong_first, verdict.fake_given) == (True, True, True)
    verdict = judge(outcome(asked, answer(ranking=["a", "b", "w"])))
    assert (verdict.groups_found, verdict.wrong_first, verdict.fake_given) == (False, False, False)


def test_a_table_shows_what_changed() -> None:
    now = {"hit_at_1": 0.5, "answerable": 4, "refusals": {"auc": 0.9}, "answer_length": 80.0}
    rows = rows_of({"made-up": now}, {"made-up": {"hit_at_1": 0.25, "answerable": 4}})
    assert ["hit@1", "0.500 (+0.250)"] in rows
    assert ["answerable questions", "4"] in rows
    assert ["AUC of confidence", "0.900"] in rows
    assert as_text(rows).splitlines()[0].endswith("made-up")


def test_marks_stand_where_the_answer_is_written_otherwise() -> None:
    text = "全鎮共１，２００人參加"
    (span,) = find(text, ["1200人"])
    assert text[span.start : span.end] == "１，２００人"


@given(TEXTS, st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4))
def test_pieces_make_the_text_again(text: str, places: list[tuple[int, int]]) -> None:
    spans = [Span(min(place), max(place)) for place in places]
    cut = pieces(text, spans[:2], spans[2:])
    assert "".join(piece.text for piece in cut) == text
