"""Token counts: tiktoken's own, without the network."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.tokens import estimate_tokens, token_counter
from tests.conftest import CORPUS, environment

CHINESE = "国家数据局日前发布通知，要求各地区各部门加强数据资源的统筹管理。"
ENGLISH = "The union opened a new home for railway workers on Monday, said Mr. Wang."


@pytest.mark.parametrize(
    ("model", "text", "tokens"),
    [
        ("gpt-5-mini", "hello world", 2),
        ("gpt-5-mini", CHINESE, 20),
        ("gpt-4o", CHINESE, 20),
        ("gpt-5-mini", "", 0),
        ("gpt-4", "hello world", 2),
        ("text-embedding-3-small", "hello world", 2),
        ("text-embedding-3-small", CHINESE, 31),
        ("text-embedding-3-large", CHINESE, 31),
    ],
)
def test_models_of_openai_are_counted_exactly(model: str, text: str, tokens: int) -> None:
    assert token_counter(model)(text) == tokens


def test_a_special_token_in_a_text_is_plain_text() -> None:
    assert token_counter("gpt-5-mini")("<|endoftext|>") > 1


@pytest.mark.parametrize("model", ["gpt-5-mini", "text-embedding-3-small"])
@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "👨‍👩‍👧‍👦", "字" * 2000])
def test_odd_text_is_counted(model: str, text: str) -> None:
    assert token_counter(model)(text) > 0


@pytest.mark.parametrize("model", ["deepseek-chat", "qwen3-max", "", "gpt2", "no such model"])
def test_tokens_of_other_models_are_estimated(model: str) -> None:
    assert token_counter(model) is estimate_tokens


@pytest.mark.parametrize(
    "text",
    [CHINESE, ENGLISH, CHINESE + ENGLISH, CHINESE[:1], ENGLISH[:1]]
    + [path.read_text("utf-8") for path in sorted(CORPUS.glob("*.md"))],
    ids=lambda text: text[:10],
)
def test_prose_is_never_estimated_too_low(text: str) -> None:
    assert estimate_tokens(text) >= token_counter("gpt-5-mini")(text)


@given(st.integers(0, len(CHINESE)), st.integers(0, len(ENGLISH)))
@settings(deadline=None, max_examples=50)
def test_a_piece_of_prose_is_never_estimated_too_low(chinese: int, english: int) -> None:
    text = CHINESE[:chinese] + ENGLISH[:english]
    assert estimate_tokens(text) >= token_counter("gpt-5-mini")(text)


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
@settings(deadline=None, max_examples=100)
def test_a_longer_text_is_not_estimated_lower(text: str, more: str) -> None:
    assert estimate_tokens(text + more) >= estimate_tokens(text) >= 0


COUNT = """
import os, socket
def refuse(*arguments, **options):
    raise AssertionError("the network was used")
socket.socket.connect = socket.getaddrinfo = refuse
before = os.environ.get("TIKTOKEN_CACHE_DIR")
from retrieval.tokens import token_counter
print(token_counter("gpt-5-mini")("hello world"), token_counter("gpt-4")("hello world"))
print(os.environ.get("TIKTOKEN_CACHE_DIR") == before, os.path.exists("cache"))
"""


@pytest.mark.parametrize("variables", [{}, {"TIKTOKEN_CACHE_DIR": "cache"}])
def test_counting_needs_no_network_and_leaves_the_cache_setting(
    variables: dict[str, str],
) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", COUNT],
        env=environment(**variables),
        cwd=CORPUS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout.split() == ["2", "2", "True", "False"], finished.stderr


def test_counting_leaves_the_environment_of_this_process() -> None:
    before = dict(os.environ)
    token_counter("gpt-5-mini")("hello")
    assert dict(os.environ) == before
