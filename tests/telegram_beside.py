"""Telegram for a bot in a container: a process that shares its network, and with it loopback.

`python -m tests.telegram_beside TOKEN PORT QUESTION ANSWER` asks until that is the answer, says so
on standard output, and goes on serving until its standard input ends.
"""

import asyncio
import sys

from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.readers import Reader

_TRIES = 60
_PAUSE_SECONDS = 3.0
"""While the articles are being indexed a reader is asked to wait."""


async def serve(token: str, port: int, question: str, answer: str) -> None:
    """Raises AssertionError where no such answer comes."""
    api = EmulatedBotApi(token)
    api.port = port
    async with api:
        reader = Reader(api)
        said = ""
        for _ in range(_TRIES):
            said = (await reader.ask(question)).text
            if answer in said:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        assert answer in said, said
        print(said, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
