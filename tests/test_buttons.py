"""Callback data: small, plain, and nothing but ours is understood."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.buttons import (
    Action,
    AskReason,
    Close,
    OpenArticle,
    OpenCitation,
    Rate,
    Reason,
    Stop,
    pack,
    parse,
)
from retrieval.index.keys import short_key
from retrieval.types import Field

KEYS = st.text().map(short_key)
VERSIONS = st.one_of(st.just(""), st.from_regex(r"[0-9a-f]{8}", fullmatch=True))
OFFSETS = st.integers(0, 999_999_999)
NUMBERS = st.integers(-(2**62), 2**62)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(OpenCitation, KEYS, VERSIONS, st.sampled_from(get_args(Field)), OFFSETS, OFFSETS),
    st.builds(OpenArticle, KEYS, VERSIONS, OFFSETS, OFFSETS, st.integers(1, 999_999_999)),
    st.builds(OpenArticle, KEYS, VERSIONS, OFFSETS),
    st.builds(Rate, NUMBERS, st.sampled_from([1, -1]), st.sampled_from(["", *Reason])),
    st.builds(AskReason, NUMBERS),
    st.builds(Stop, NUMBERS),
    st.just(Close()),
)


@given(ACTIONS)
def test_an_action_survives_in_64_plain_bytes(action: Action) -> None:
    data = pack(action)
    assert 1 <= len(data.encode("ascii")) <= 64
    assert parse(data) == action


@given(st.one_of(st.text(), st.text("cawrsx:-0123456789mise", max_size=64)))
def test_data_that_are_read_are_those_that_are_written(data: str) -> None:
    action = parse(data)
    assert action is None or pack(action) == data


@pytest.mark.parametrize(
    "data",
    [
        "",
        "x ",
        "x\n",
        "c:aaaaaaaaaaaa:0123456:0:1:2",
        "c:aaaaaaaaaaaa:01234567:8:1:2",
        "c:aaaaaaaaaaa1:01234567:0:1:2",
        "a:aaaaaaaaaaaa::-1",
        "a:aaaaaaaaaaaa::1000000000",
        "r:1:0:",
        "r:1:1:rude",
        "r:١:1:",
        "s:",
        "s:1:2",
    ],
)
def test_data_of_others_are_not_understood(data: str) -> None:
    assert parse(data) is None
