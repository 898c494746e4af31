"""Where the settings put the store."""

import datetime
from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from bot.settings import Settings
from bot.store.address import FILE_NAME
from bot.wiring import make_store
from tests.store.exchanges import DAY, exchange


def test_without_an_address_it_is_in_the_data_folder(tmp_path: Path) -> None:
    make_store(Settings(data_dir=tmp_path / "data")).close()
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names == {FILE_NAME, "version.json"}


def test_an_address_goes_before_the_data_folder(tmp_path: Path) -> None:
    address = SecretStr(f"sqlite:///{tmp_path}/other.db")
    make_store(Settings(data_dir=tmp_path / "data", database_url=address)).close()
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def test_the_retention_is_the_one_that_is_set(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    with closing(make_store(Settings(data_dir=tmp_path, retention_days=2))) as store:
        store.keep(exchange(at=now - DAY))
        store.keep(exchange(at=now - 3 * DAY, chat_id=8))
        assert store.prune().messages == 1
