"""What a chat model took for a set of questions, computed by hand."""

import dataclasses

import pytest

from retrieval.evaluation.model_use import ModelUse, Prices, model_use
from retrieval.evaluation.tables import rows_of
from retrieval.types import Answer, Mode, Timings, Usage

ANSWERABLE = {"answerable": 2}


def answer(
    mode: Mode, *, usage: tuple[int, int] = (0, 0), sentences: int = 0, withheld: int = 0
) -> Answer:
    return Answer(
        question="灯塔有多高?",
        text="灯塔高42米。[1]",
        refused=False,
        mode=mode,
        timings_ms=Timings(10, 0, 0, 10),
        usage=Usage(*usage),
        sentences=sentences,
        withheld=withheld,
    )


ANSWERS = [
    answer("llm", usage=(3_000, 100), sentences=3, withheld=1),
    answer("fallback", usage=(1_000, 100), sentences=1, withheld=1),
    answer("extractive"),
    answer("llm", usage=(2_000, 200), sentences=4),
]


def used(prices: Prices) -> ModelUse:
    return model_use(ANSWERS, prices)


def test_shares_and_means_are_of_all_questions() -> None:
    assert used(Prices(2, 8)) == ModelUse(
        written=0.5,
        fallbacks=1,
        withheld=2,
        withheld_share=0.25,
        tokens_read=6_000,
        tokens_written=400,
        tokens_read_mean=1_500,
        tokens_written_mean=100,
        cost=0.0152,
        cost_mean=0.0038,
    )


@pytest.mark.parametrize("prices", [Prices(), Prices(read=2), Prices(written=8)])
def test_cost_needs_both_prices(prices: Prices) -> None:
    assert (used(prices).cost, used(prices).cost_mean) == (None, None)


def test_what_costs_nothing_costs_zero() -> None:
    assert used(Prices(0, 0)).cost == 0


def test_a_model_that_wrote_nothing_has_no_share_withheld() -> None:
    assert model_use([answer("fallback")], Prices()).withheld_share is None


def test_rows_tell_of_a_model_only_where_one_was_asked() -> None:
    use = dataclasses.asdict(used(Prices(2, 8)))
    plain = rows_of({"a": ANSWERABLE}, {})
    assert plain == [["", "a"], ["answerable questions", "2"]]
    rows = rows_of({"a": ANSWERABLE | {"model": use}}, {})
    assert rows[:2] == plain
    assert ["answers of the model", "0.500"] in rows
    assert ["tokens read", "6000"] in rows
    assert ["cost", "0.0152"] in rows
    assert rows[-1] == ["  each question", "0.003800"]


def test_rows_tell_what_changed_since_a_run_without_prices_or_model() -> None:
    now = {"a": ANSWERABLE | {"model": dataclasses.asdict(used(Prices()))}}
    fewer = {"a": {"model": {"fallbacks": 3, "withheld_share": 0.5, "cost": None}}}
    rows = rows_of(now, fewer)
    assert ["fallbacks", "1 (-2)"] in rows
    assert ["  of all its sentences", "0.250 (-0.250)"] in rows
    assert ["cost", "-"] in rows
    assert ["fallbacks", "1"] in rows_of(now, {"a": ANSWERABLE})
