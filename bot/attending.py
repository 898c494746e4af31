"""Commands that a front has run in a process of their own: the front's side and the command's.

The command is interrupted when its standard input ends, so it never outlives the front. Steps come
as lines of JSON on its standard error, and its outcome or its error as one object on its standard
output. What else it writes to its standard error goes to that of the front.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot import logs, request_ids
from bot.results import to_line
from bot.wiring import BAODA
from retrieval import errors
from retrieval.errors import BaodaError, ReloadError
from retrieval.types import Progress, Step

_LONGEST_LINE = 2**22
_GOODBYE_SECONDS = 6.0
"""For a command that is interrupted to clear away what it has begun."""

_STEP: TypeAdapter[Step] = TypeAdapter(Step)


async def attend(arguments: Sequence[str], progress: Progress) -> dict[str, Any]:
    """The object of `baoda … --json --attended`; the command ends if this is cancelled.

    Raises the BaodaError that stopped it.
    """
    child = await asyncio.create_subprocess_exec(
        *(*BAODA, *arguments, "--json", "--attended"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # an interrupt from the terminal is for the front
        limit=_LONGEST_LINE,
        env=request_ids.handed_on(),
    )
    assert child.stdout is not None
    assert child.stderr is not None
    following = asyncio.create_task(_follow(child.stderr, progress))
    try:
        output = await child.stdout.read()
        await following
        await child.wait()
    finally:
        following.cancel()
        await _end(child)
    return _outcome(output, child.returncode)


@contextmanager
def attended() -> Iterator[None]:
    """The command's side, for the length of its work: as after Ctrl-C when the front has gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # may be ignored in the background
    threading.Thread(target=_interrupt_at_end_of_input, daemon=True).start()
    try:
        yield
    except BaodaError as error:
        print(
            to_line({"error": type(error).__name__, "reason": logs.blotted(str(error))}), flush=True
        )
        raise


async def _follow(stream: asyncio.StreamReader, progress: Progress) -> None:
    async for line in stream:
        try:
            step = _STEP.validate_json(line)
        except ValidationError:
            logs.hand_on(line.decode("utf-8", "replace").rstrip("\n"))
        else:
            progress(step)


def is_step(line: str) -> bool:
    """Whether a line of JSON tells how far a reload has come."""
    try:
        _STEP.validate_json(line)
    except ValidationError:
        return False
    return True


async def _end(child: asyncio.subprocess.Process) -> None:
    """Interrupt a command that still runs, and end it if that does not help."""
    assert child.stdin is not None
    child.stdin.close()
    if child.returncode is not None:
        return
    try:
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await child.wait()
    except TimeoutError:
        child.kill()
        await child.wait()


def _outcome(output: bytes, status: int | None) -> dict[str, Any]:
    try:
        result: dict[str, Any] = json.loads(output)
    except ValueError:
        raise ReloadError(f"it ended with status {status}") from None
    if "error" in result:
        raise getattr(errors, result["error"], ReloadError)(result["reason"])
    return result


def _interrupt_at_end_of_input() -> None:
    # not sys.stdin: its lock could not be had when this process ends by itself
    while os.read(sys.stdin.fileno(), 4096):
        pass
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)
    time.sleep(_GOODBYE_SECONDS)
    os._exit(1)
