"""Links to citations and articles: what Telegram lets a link hold, and what comes back of it."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.buttons import OpenArticle, OpenCitation
from bot.telegram.links import Links, parse_payload, payload
from retrieval.types import Field

KEY = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=12, max_size=12)
VERSION = st.text("0123456789abcdef", min_size=8, max_size=8)
OFFSET = st.integers(0, 999_999_999)
CITATIONS = st.builds(
    OpenCitation, KEY, VERSION | st.just(""), st.sampled_from(get_args(Field)), OFFSET, OFFSET
)
ARTICLES = st.builds(OpenArticle, KEY, VERSION | st.just(""))
LARGEST = OpenCitation("z7" * 6, "f" * 8, "page", 999_999_999, 999_999_999)


@given(CITATIONS | ARTICLES)
def test_what_a_link_opens_comes_back_whole(opened: OpenCitation | OpenArticle) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload(opened))
    assert parse_payload(payload(opened)) == opened


@pytest.mark.parametrize(
    "opened", [LARGEST, OpenArticle("z7" * 6, "f" * 8), OpenArticle("a2" * 6, "")]
)
def test_the_largest_fits(opened: OpenCitation | OpenArticle) -> None:
    assert len(payload(opened)) <= 64
    assert parse_payload(payload(opened)) == opened


def test_the_page_of_an_article_is_not_in_its_link() -> None:
    opened = OpenArticle("a2" * 6, "01234567", page=3, start=5, end=9)
    assert parse_payload(payload(opened)) == OpenArticle("a2" * 6, "01234567")


def test_a_link_leads_to_the_bot() -> None:
    address = Links("some_bot").to(OpenArticle("a2" * 6, ""))
    assert address == "https://t.me/some_bot?start=a_a2a2a2a2a2a2"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "inline",
        "a_",
        "c_",
        "a_short",
        "a_a2a2a2a2a2a2_",
        "a_a2a2a2a2a2a2_0123456",
        "a_A2A2A2A2A2A2",
        "a_a2a2a2a2a2a2 ",
        "a_a2a2a2a2a2a2\n",
        "a_a1a1a1a1a1a1",
        "c_a2a2a2a2a2a2_01234567_0_1",
        "c_a2a2a2a2a2a2_01234567_8_1_2",
        "c_a2a2a2a2a2a2_01234567_0_01_2",
        "c_a2a2a2a2a2a2_01234567_0_-1_2",
        "c_a2a2a2a2a2a2_01234567_0_1_9999999999",
        "c_a2a2a2a2a2a2_01234567_0_１_２",
        "c_a2a2a2a2a2a2_01234567_0_1_2_3",
        "xc_a2a2a2a2a2a2_01234567_0_1_2",
        "c:a2a2a2a2a2a2:01234567:0:1:2",
        "职工之家",
        "a" * 64,
        "-" * 64,
    ],
)
def test_what_is_no_link_of_ours_opens_nothing(text: str) -> None:
    assert parse_payload(text) is None


@given(st.text("ac_0123456789abz-", max_size=64))
def test_what_is_forged_is_ours_to_the_letter_or_nothing(text: str) -> None:
    opened = parse_payload(text)
    assert opened is None or payload(opened) == text
