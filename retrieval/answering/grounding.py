"""A draft of the chat model, sentence by sentence: what holds, and what is withheld."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from retrieval.answering.claims import Claim, ClaimReader
from retrieval.answering.language import NO_ANSWER
from retrieval.answering.model.faults import ChatModelError, Fault
from retrieval.answering.model.thinking import Piece
from retrieval.answering.statements import Statement
from retrieval.answering.stopping import unless_stopped
from retrieval.folding import fold

_SETTLE_SECONDS = 0.015
"""How long a sentence with its marks is held back for another mark."""

_SAYS_NO = re.compile(
    r"^(?:很抱歉|抱歉|对不起|不过|但是|但|此外|另外|根据|从)?,?(?:所给|提供|给出|给定|现有|以上|上述|这些|目前|相关|有关)*的?"
    r"(?:文章|报道|段落|材料|资料|内容|信息|文中)(?:中|里|内|来看)*,?(?:也|都|均|并)*(?:没有|没|未|无法|不能)"
    r"(?:能|明确|具体|直接|进一步)*(?:说|提|涉及|包含|包括|给出|回答|记载|交代|透露|披露|介绍|写|找到|得知|确定|判断|看出)"
    r"|^(?:sorry, ?|unfortunately, ?|however, ?)*(?:the )?(?:given |provided )?"
    r"(?:passages?|articles?|reports?|texts?) (?:do(?:es)? not|don't|doesn't|did not) "
    r"(?:say|mention|state|specify|answer|provide|give|contain|include|explain|report)"
)

_ASIDE = re.compile(
    r"希望(?:这|以上|对|能).{0,12}(?:帮助|帮到)|如(?:果|有|需).{0,16}(?:请|欢迎|随时|告诉我|联系)|欢迎(?:继续|随时).{0,6}(?:提问|问)"
    r"|^(?:以下|下面|以上)(?:就?是|为).{0,24}[:：。]?$|^(?:好的|当然|没问题|总之|综上)[，,。!！].{0,20}[:：]?$|[:：]$"
    r"|hope (?:this|that) helps|let me know|feel free to|^(?:sure|certainly|of course)[,.!]"
)
"""What is only said to the reader, and claims nothing."""

_MOST_REPEATED = 5
"""Sentences in a row that were said before: the model has come into a loop."""


@dataclass(frozen=True, slots=True)
class Grounded:
    """What has passed of a draft so far, and how many of its sentences have not."""

    statements: tuple[Statement, ...] = ()
    withheld: int = 0
    says_no: bool = False
    """The model said that the passages do not answer, or do not say something."""

    @property
    def sentences(self) -> int:
        """How many were checked."""
        return len(self.statements) + self.withheld

    @property
    def holds(self) -> bool:
        """Whether the draft may stand: no more of it was withheld than has passed."""
        return self.withheld <= len(self.statements)


async def ground(
    pieces: AsyncGenerator[Piece, None],
    check: Callable[[Claim], Awaitable[Statement | None]],
    stop: asyncio.Event,
) -> AsyncGenerator[Grounded, None]:
    """What has passed, each time that a sentence did or all was taken back, and at the end.

    Once `stop` is set no more is read, and a sentence that is not complete is left out.
    Raises ChatModelError: what `pieces` raises, and for a draft without any sentence.
    """
    so_far = Grounded()
    said: set[str] = set()
    repeated = 0
    async with aclosing(_claims(pieces, stop)) as claims:
        async for claim in claims:
            if claim is None:
                so_far = Grounded()
                said.clear()
                yield so_far
                continue
            repeated = repeated + 1 if claim.text in said else 0
            if repeated == _MOST_REPEATED:
                break
            if repeated or _is_aside(claim):
                continue
            said.add(claim.text)
            if _says_no(claim):
                so_far = Grounded(so_far.statements, so_far.withheld, says_no=True)
            elif (statement := await check(claim)) is None:
                so_far = Grounded(so_far.statements, so_far.withheld + 1, so_far.says_no)
            else:
                so_far = Grounded((*so_far.statements, statement), so_far.withheld, so_far.says_no)
                yield so_far
    if so_far == Grounded():
        raise ChatModelError(Fault.EMPTY)
    yield so_far


def _says_no(claim: Claim) -> bool:
    return NO_ANSWER in claim.text.upper() or bool(_SAYS_NO.search(fold(claim.text)))


def _is_aside(claim: Claim) -> bool:
    return not claim.numbers and bool(_ASIDE.search(fold(claim.text)))


async def _claims(
    pieces: AsyncGenerator[Piece, None], stop: asyncio.Event
) -> AsyncGenerator[Claim | None, None]:
    """The claims, each as soon as it is complete; None where all before was thinking."""
    reader = ClaimReader()
    queue: asyncio.Queue[Piece | None] = asyncio.Queue()
    pump = asyncio.create_task(_pump(pieces, queue, stop))
    coming = asyncio.create_task(queue.get())
    try:
        while True:
            wait = _SETTLE_SECONDS if reader.is_settled else None
            await asyncio.wait([coming], timeout=wait)
            if not coming.done():
                for claim in reader.settle():
                    yield claim
                continue
            piece = coming.result()
            if piece is None:
                break
            coming = asyncio.create_task(queue.get())
            if piece.anew:
                reader = ClaimReader()
                yield None
            for claim in reader.feed(piece.text):
                yield claim
            if piece.cut and not reader.is_settled:
                reader = ClaimReader()
        await pump  # raises what the draft raised
        for claim in reader.finish():
            yield claim
    finally:
        coming.cancel()
        pump.cancel()
        await asyncio.gather(pump, coming, return_exceptions=True)


async def _pump(
    pieces: AsyncGenerator[Piece, None], queue: asyncio.Queue[Piece | None], stop: asyncio.Event
) -> None:
    async def read() -> bool:
        async with aclosing(pieces):
            async for piece in pieces:
                if piece.text or piece.anew or piece.cut:
                    queue.put_nowait(piece)
        return True

    try:
        if await unless_stopped(stop, read()) is None:
            queue.put_nowait(Piece("", cut=True))
    finally:
        queue.put_nowait(None)
