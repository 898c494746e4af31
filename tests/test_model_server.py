"""The stub model server, tried with the real openai client and with ChatOpenAI."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessageChunk
from langchain_openai import ChatOpenAI
from openai import APIConnectionError, InternalServerError, OpenAI, RateLimitError
from openai.types.chat import ChatCompletionMessageParam
from pydantic import SecretStr

from tests.model_server import EMBEDDINGS, Reply, StubModelServer, unit_vector

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "问"}]


@pytest.fixture
def client(server: StubModelServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="key", max_retries=0) as client:
        yield client


def test_completions_come_in_order(server: StubModelServer, client: OpenAI) -> None:
    server.queue("第一")
    server.queue(Reply("第二", finish_reason="length", usage=(3, 4)))
    first = client.chat.completions.create(model="m", messages=ASK)
    second = client.chat.completions.create(model="m", messages=ASK)
    assert first.choices[0].message.content == "第一"
    assert second.choices[0].finish_reason == "length"
    assert second.usage is not None
    assert second.usage.total_tokens == 7
    request = server.requests[0]
    assert request.headers["authorization"] == "Bearer key"
    assert (request.path, request.json["messages"]) == ("/v1/chat/completions", ASK)
    with pytest.raises(InternalServerError, match="no reply is queued"):
        client.chat.completions.create(model="m", messages=ASK)


def stream(client: OpenAI) -> Iterator[Any]:
    options: Any = {"include_usage": True}
    with client.chat.completions.create(
        model="m", messages=ASK, stream=True, stream_options=options
    ) as chunks:
        yield from chunks


def test_a_stream_brings_reasoning_text_finish_reason_and_usage(
    server: StubModelServer, client: OpenAI
) -> None:
    server.respond_with(
        lambda body: Reply(f"<{body['messages'][0]['content']}>" * 9, reasoning="想")
    )
    *chunks, last = stream(client)
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.content or "" for delta in deltas) == "<问>" * 9
    assert [d.reasoning_content for d in deltas if hasattr(d, "reasoning_content")] == ["想"]
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.total_tokens) == ([], 18)


def test_a_cut_stream_has_no_finish_reason(server: StubModelServer, client: OpenAI) -> None:
    seen: list[Any] = []
    server.queue(Reply(chunks=["a", "b", "c"], cut_after=2))
    with pytest.raises(APIConnectionError):
        seen.extend(chunk.choices[0] for chunk in stream(client))
    server.queue(Reply(chunks=["a", "b", "c"], cut_after=2, cut_cleanly=True))
    seen += [chunk.choices[0] for chunk in stream(client)]
    assert "".join(choice.delta.content or "" for choice in seen) == "abab"
    assert {choice.finish_reason for choice in seen} == {None}


def test_a_client_that_leaves_is_noticed(server: StubModelServer, client: OpenAI) -> None:
    left = threading.Event()

    def pieces() -> Iterator[str]:
        yield "first"
        left.wait(10)
        while not server.client_left.is_set():
            yield "more" * 1000

    server.queue(Reply(chunks=pieces()))
    chunks = stream(client)
    next(chunks), next(chunks)
    chunks.close()  # type: ignore[attr-defined]
    left.set()
    assert server.client_left.wait(10)


def test_errors_arrive_with_their_headers(server: StubModelServer, client: OpenAI) -> None:
    server.queue(Reply("slow down", status=429, headers={"Retry-After": "2"}))
    with pytest.raises(RateLimitError, match="slow down") as refused:
        client.chat.completions.create(model="m", messages=ASK)
    assert refused.value.response.headers["retry-after"] == "2"
    server.queue(Reply(status=429, error={"error": {"code": "quota"}}), EMBEDDINGS)
    with pytest.raises(RateLimitError) as refused:
        client.embeddings.create(model="m", input="x")
    assert refused.value.code == "quota"


def test_embeddings_are_the_same_in_both_encodings(server: StubModelServer, client: OpenAI) -> None:
    packed = client.embeddings.create(model="m", input=["甲", "乙"])
    plain = client.embeddings.create(model="m", input="乙", encoding_format="float")
    assert server.requests[0].json["encoding_format"] == "base64"
    vector = plain.data[0].embedding
    assert list(packed.data[1].embedding) == vector == unit_vector("乙", 64).tolist()
    assert sum(value * value for value in vector) == pytest.approx(1)
    short = client.embeddings.create(model="m", input="乙", dimensions=8)
    assert len(short.data[0].embedding) == 8
    assert [model.id for model in client.models.list()] == ["stub-model"]


@pytest.mark.asyncio
async def test_chat_openai_streams_from_it(server: StubModelServer) -> None:
    model = ChatOpenAI(
        model="m",
        base_url=server.base_url,
        api_key=SecretStr("key"),
        use_responses_api=False,
        stream_usage=True,
        max_retries=0,
    )
    server.queue(Reply("书里说" * 5, delay_seconds=0.01))
    whole: BaseMessageChunk | None = None
    async for chunk in model.astream("问"):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessageChunk)
    assert whole.content == "书里说" * 5
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["total_tokens"] == 18
