"""Uploads read on threads that do not keep a front from ending."""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

from retrieval.incoming import Upload, read_upload


async def read_aside(file: Path, name: str) -> Upload:
    """See read_upload. Nobody waits for the end of it when the front stops."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Upload] = loop.create_future()

    def tell(upload: Upload | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if upload is not None:
            done.set_result(upload)
        elif error is not None:
            done.set_exception(error)

    def read() -> None:
        upload, error = None, None
        try:
            upload = read_upload(file, name)
        except BaseException as raised:  # whoever waits for the upload gets it
            error = raised
        with suppress(RuntimeError):  # the loop may be closed
            loop.call_soon_threadsafe(tell, upload, error)

    threading.Thread(target=read, name="upload", daemon=True).start()
    return await done
