"""A bot whose updates another program takes says so and ends."""

import asyncio
import socket
from typing import cast

import pytest

from bot.telegram import webhook
from bot.telegram.connecting import Connection, GivesWayError
from bot.telegram.delivery import FloodWaits
from bot.telegram.intake import Intake
from tests.delivery.simulated import SmallTelegram, forget, make_bot

URL = "https://bot.example.org/telegram"


class Shared(SmallTelegram):
    """A Telegram whose webhook anybody may change."""

    url = ""

    def _carry_out(self, name: str, params: dict[str, object]) -> tuple[int, dict[str, object]]:
        if name == "setWebhook":
            self.url = str(params["url"])
        if name == "getWebhookInfo":
            info = {"url": self.url, "has_custom_certificate": False, "pending_update_count": 0}
            return 200, {"ok": True, "result": info}
        return super()._carry_out(name, params)


@pytest.mark.parametrize("theirs", ["", "https://other.example.org/"])
async def test_a_webhook_that_was_taken_away_ends_the_bot(
    theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_LOOK_SECONDS", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    telegram = Shared()
    listening = asyncio.create_task(
        webhook.listen(
            make_bot(telegram),
            Connection(FloodWaits(forget)),
            cast(Intake, None),
            url=URL,
            address=("127.0.0.1", port),
            secret=None,
            allowed_updates=["message"],
        )
    )
    await asyncio.sleep(0.2)
    assert not listening.done()
    telegram.url = theirs
    with pytest.raises(GivesWayError, match="another program"):
        await asyncio.wait_for(listening, 20)
