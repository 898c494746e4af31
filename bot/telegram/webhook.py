"""Updates by webhook, behind a reverse proxy that speaks TLS."""

import asyncio
import hmac
import json
import logging
import re
import secrets
import socket
from functools import partial
from urllib.parse import urlsplit

from telegram import Bot, Update
from telegram.error import BadRequest, TelegramError
from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

from bot.telegram.connecting import Connection, GivesWayError
from bot.telegram.intake import Intake

logger = logging.getLogger(__name__)

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
_LARGEST_UPDATE = 1_000_000
_LOOK_SECONDS = 60.0
_SUPERSEDED = (
    "another program takes the updates of the same bot token now: this one stops; use one token "
    "for each bot"
)
_NO_UPDATE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
    OSError,
    RecursionError,
    TelegramError,
)
"""What telegram raises for what is none; a date far away is an OSError."""


async def listen(
    bot: Bot,
    connection: Connection,
    intake: Intake,
    *,
    url: str,
    address: tuple[str, int],
    secret: str | None,
    allowed_updates: list[str],
) -> None:
    """Hand over what Telegram sends to `url`, which arrives at `address`, until cancelled.

    What does not carry the secret is turned away; where none is given one is made up.
    Raises InvalidToken, GivesWayError where Telegram refuses `url` or the address cannot be
    listened at.
    """
    secret = secret or secrets.token_urlsafe(32)
    path = urlsplit(url).path or "/"
    handler = {"bot": bot, "intake": intake, "secret": secret}
    server = HTTPServer(
        _Quiet([(re.escape(path), _Receiver, handler)]),
        xheaders=True,
        max_body_size=_LARGEST_UPDATE,
    )
    host, port = address
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        receiving = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise GivesWayError(f"TELEGRAM_WEBHOOK_LISTEN: cannot be listened at: {reason}") from error
    receiving.setblocking(False)
    server.add_socket(receiving)
    try:
        set_webhook = partial(
            bot.set_webhook, url, secret_token=secret, allowed_updates=allowed_updates
        )
        await connection.insist("setWebhook", set_webhook)
        logger.info("Telegram sends to %s, received at %s:%d", url, host, port)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            shown = await connection.insist("getWebhookInfo", bot.get_webhook_info)
            if shown.url != url:
                raise GivesWayError(_SUPERSEDED)
    except BadRequest as error:
        raise GivesWayError(f"TELEGRAM_WEBHOOK_URL: Telegram refuses it: {error}") from error
    finally:
        server.stop()
        await server.close_all_connections()


class _Quiet(Application):
    def log_request(self, handler: RequestHandler) -> None:
        """Nothing: whoever looks for holes would fill the log."""


class _Receiver(RequestHandler):
    def initialize(self, bot: Bot, intake: Intake, secret: str) -> None:
        self._bot = bot
        self._intake = intake
        self._secret = secret

    async def post(self) -> None:
        """200 once the update is stored; with another status Telegram sends it again."""
        given = self.request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise HTTPError(403)
        try:
            update = Update.de_json(json.loads(self.request.body), self._bot)
        except _NO_UPDATE:
            logger.warning("what came by webhook is no update")
            raise HTTPError(400) from None
        await self._intake.put(update)
