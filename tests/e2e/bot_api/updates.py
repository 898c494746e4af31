"""The queue of updates: asked for by polling, or posted to a webhook until it takes them."""

import asyncio
import time
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from lo_bot_api_emulator.updates import UpdateQueues  # type: ignore[import-untyped]

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_POST_SECONDS = 10
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Updates(UpdateQueues):  # type: ignore[misc]
    """Updates of every kind, in order. A webhook gets them one at a time."""

    def __init__(self) -> None:
        super().__init__(record=lambda _: None, insecure_webhooks=True)
        self._posting: asyncio.Task[None] | None = None
        self._last_error: dict[str, Any] = {}

    async def enqueue(self, token: str, update: dict[str, Any]) -> int:
        """Put an update in the queue; returns its update_id."""
        state = self._state(token)
        async with state.condition:
            identity = int(update.get("update_id", state.next_id))
            state.next_id = identity + 1
            state.updates.append(update | {"update_id": identity})
            state.condition.notify_all()
        return identity

    def has_webhook(self, token: str) -> bool:
        """Whether updates are posted, so that they cannot be asked for."""
        return bool(self._state(token).url)

    async def set_webhook(self, token: str, fields: dict[str, Any]) -> object:
        """Post the updates to another address, or to none. Raises UpdateError."""
        await self.stop()
        self._last_error = {}
        return await super().set_webhook(token, fields)

    async def deliver(self, token: str) -> int:
        """Begin to post, where there is a webhook; it goes on until `stop`."""
        state = self._state(token)
        if state.url:
            self._posting = asyncio.create_task(self._post_all(state))
        return 0

    async def stop(self) -> None:
        """End the posting; an update whose reply is not in is posted again later."""
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.wait([self._posting])
            self._posting = None

    def info(self, token: str) -> dict[str, Any]:
        """A WebhookInfo object."""
        found: dict[str, Any] = super().info(token)
        return found | self._last_error

    async def _post_all(self, state: Any) -> None:
        pause = _FIRST_PAUSE_SECONDS
        async with ClientSession(timeout=ClientTimeout(total=_POST_SECONDS)) as client:
            while True:
                async with state.condition:
                    await state.condition.wait_for(lambda: _waiting(state))
                (update, *_) = _waiting(state)
                if error := await _post(client, state, update):
                    self._last_error["last_error_date"] = int(time.time())
                    self._last_error["last_error_message"] = error
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                else:
                    state.updates.remove(update)
                    pause = _FIRST_PAUSE_SECONDS


def _waiting(state: Any) -> list[dict[str, Any]]:
    """The updates of the kinds that are wanted."""
    return [one for one in state.updates if not state.allowed or set(state.allowed) & set(one)]


async def _post(client: ClientSession, state: Any, update: dict[str, Any]) -> str:
    """What went wrong, in Telegram's words; "" when the webhook took the update."""
    headers = {_SECRET_HEADER: state.secret} if state.secret else {}
    try:
        async with client.post(
            state.url, json=update, headers=headers, allow_redirects=False
        ) as response:
            if 200 <= response.status < 300:
                return ""
            return f"Wrong response from the webhook: {response.status} {response.reason}"
    except TimeoutError:
        return "Read timeout expired"
    except ClientError:
        return "Connection refused"
