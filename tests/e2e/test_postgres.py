"""The bot with its conversations on a database server, which may be gone for a while."""

import shutil
import signal
from pathlib import Path

import sqlalchemy as sa

from tests import planted
from tests.e2e.bot_api import EmulatedBotApi
from tests.e2e.readers import Reader
from tests.e2e.running import RunningBot
from tests.postgres import Databases, Server

QUESTION = "职工之家的面积是多少？"
FOLLOW_UP = "它建在哪里？"


def kept(url: sa.URL) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT question FROM message ORDER BY id")))


async def test_conversations_on_a_server_outlive_restarts_of_both(
    corpus_data_dir: Path, tmp_path: Path, postgres_server: Server
) -> None:
    shutil.copytree(corpus_data_dir, tmp_path / "data")
    databases = Databases(postgres_server.url("postgres"))
    with EmulatedBotApi() as api, databases.new() as url:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        secret = tmp_path / planted.FILE
        secret.write_text(f"{address}\n")
        settings = {"DATABASE_URL_FILE": secret}
        reader = Reader(api)
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            assert "3000" in (await reader.ask(QUESTION)).text
            postgres_server.stop(signal.SIGQUIT)
            try:
                meanwhile = reader.write("新路什么时候通车？")
                await bot.wait_for_line("cannot be reached")
            finally:
                postgres_server.start()
            await reader.reply_to(meanwhile)
            assert "3000" in (await reader.ask(QUESTION)).text
            bot.process.kill()
        on_the_way = reader.write(FOLLOW_UP)
        with RunningBot(tmp_path, api.base_url, **settings) as bot:
            bot.until_it_listens()
            await reader.reply_to(on_the_way)
            assert await bot.stop() == 0
        questions = kept(url)
    assert questions[0] == QUESTION
    assert questions[-1] == FOLLOW_UP
    assert len(questions) >= 3
    assert not (tmp_path / "data" / "baoda.sqlite3").exists()
