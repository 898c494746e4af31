"""Looks every now and then whether index and store would do, so that /readyz need only tell."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.conversations import Conversations
from bot.health import Health
from bot.meters import Meters
from bot.store import Store, StoreError
from retrieval import lock
from retrieval.errors import BaodaError, fault_of
from retrieval.index.generations import Generations

logger = logging.getLogger(__name__)

_INDEX_SECONDS = 1.0
_OPEN_ONLY = "answers rest on the index that is open, a start would find none: run `baoda reload`"
_STORE_SECONDS = 10.0
_BROKEN_STORE_SECONDS = 2.0
_STORE_PATIENCE_SECONDS = 5.0
"""A store that writes no line in so long would hold up every answer."""


@contextmanager
def probed(
    conversations: Conversations, data_dir: Path, health: Health, meters: Meters
) -> Iterator[None]:
    """Look for the length of a `with` block."""
    tasks = [
        asyncio.create_task(_watch_index(conversations, data_dir, health, meters)),
        asyncio.create_task(_watch_store(conversations, health, meters)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def _watch_index(
    conversations: Conversations, data_dir: Path, health: Health, meters: Meters
) -> None:
    generations = Generations(data_dir)
    while True:
        try:
            manifest = await asyncio.to_thread(conversations.manifest)
            published = await asyncio.to_thread(generations.published_at)
        except BaodaError as error:
            reloading = lock.held_by(data_dir)
            reason = f"the articles are being indexed: {reloading}" if reloading else str(error)
            health.unready("index", reason)
        except OSError as error:
            health.unready("index", f"{fault_of(error)}; {_OPEN_ONLY}")
        except Exception as error:  # no damage to the index may end the looking
            health.unready("index", f"{type(error).__name__}: {error}")
        else:
            health.ready("index")
            meters.serving(manifest, published)
        await asyncio.sleep(_INDEX_SECONDS)


async def _watch_store(conversations: Conversations, health: Health, meters: Meters) -> None:
    while True:
        pause = _BROKEN_STORE_SECONDS
        try:
            async with asyncio.timeout(_STORE_PATIENCE_SECONDS):
                meters.pending(await conversations.journal.run(Store.prove_writable))
        except TimeoutError:
            health.unready("store", f"writes nothing within {_STORE_PATIENCE_SECONDS:.0f} s")
        except StoreError as error:
            health.unready("store", str(error))
        except Exception as error:  # see above
            health.unready("store", f"{type(error).__name__}: {error}")
        else:
            health.ready("store")
            pause = _STORE_SECONDS
        await asyncio.sleep(pause)
