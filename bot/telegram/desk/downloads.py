"""Files that were sent to the bot, fetched from Telegram for as long as they are read."""

import asyncio
import logging
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from telegram import Bot, Document, File
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.telegram.delivery import Calls

logger = logging.getLogger(__name__)

_TRIES = 2
_PAUSE_SECONDS = 1.0
_READ_SECONDS = 60.0
"""Without a byte."""

_WHOLE_SECONDS = 300.0


class TooBigError(Exception):
    """A file of more bytes than are read."""


class UnavailableError(Exception):
    """A file that Telegram does not give, or not now."""


class Downloads:
    """DATA_DIR/uploads. Files have names of ours there, and go when they are read."""

    def __init__(self, bot: Bot, calls: Calls, data_dir: Path, *, max_bytes: int) -> None:
        """What a bot that was killed has left there is deleted."""
        self._bot = bot
        self._calls = calls
        self._folder = data_dir / "uploads"
        self._max_bytes = max_bytes
        shutil.rmtree(self._folder, ignore_errors=True)

    @asynccontextmanager
    async def fetched(self, document: Document) -> AsyncIterator[Path]:
        """The file, until the block is left.

        A Bot API server of one's own in --local mode names a file on its disk: that is read where
        it can be, else the file is unavailable. Raises TooBigError, UnavailableError, OSError and
        Closing.
        """
        if (document.file_size or 0) > self._max_bytes:
            raise TooBigError
        async with self.holding() as file:
            await self._fetch(document, file)
            if file.stat().st_size > self._max_bytes:
                raise TooBigError
            yield file

    @asynccontextmanager
    async def holding(self, text: str | None = None) -> AsyncIterator[Path]:
        """A private file, with that text in it if any, until the block is left. Raises OSError."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(mode=0o700, parents=True)
        try:
            file = folder / "file"
            if text is not None:
                file.write_text(text, "utf-8")
            yield file
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def _fetch(self, document: Document, file: Path) -> None:
        for number in range(_TRIES):
            if number:
                await self._calls.pause(_PAUSE_SECONDS)
            try:
                async with asyncio.timeout(_WHOLE_SECONDS):
                    found = await self._calls.aside("getFile", document.get_file)
                    if isinstance(found, File):
                        await found.download_to_drive(file, read_timeout=_READ_SECONDS)
                        return
            except BadRequest as error:
                if "too big" in str(error).lower():
                    raise TooBigError from error
                logger.warning("a file cannot be fetched: Telegram refuses it")
                break
            except (NetworkError, TimeoutError) as error:
                logger.warning("a file could not be fetched: %s", type(error).__name__)
            except TelegramError as error:
                logger.warning("a file could not be fetched: %s", type(error).__name__)
                break
        raise UnavailableError
