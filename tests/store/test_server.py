"""What is a database server's alone: it is reached over a network, and may be gone."""

import datetime
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.store import Store, StoreError, database
from bot.store.models import Base
from tests import planted
from tests.postgres import Databases, Server
from tests.store.exchanges import MORNING, NOWHERE, exchange, open_store, questions
from tests.store.test_faults import one_line

TODAY = MORNING.date()


def elsewhere(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def at_once(work: Callable[[int], None], count: int) -> None:
    failures: list[BaseException] = []

    def one(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_the_migrations_make_the_tables_of_the_models_there(empty_server: sa.URL) -> None:
    open_store(empty_server).close()
    engine = sa.create_engine(empty_server, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_stores_that_are_opened_at_once_make_the_tables_once(empty_server: sa.URL) -> None:
    at_once(lambda _: open_store(empty_server).close(), 4)
    with closing(open_store(empty_server)) as store:
        assert questions(store) == []


def test_stores_that_count_and_keep_at_once_lose_nothing_and_make_one_conversation(
    on_server: sa.URL,
) -> None:
    def work(number: int) -> None:
        with closing(open_store(on_server)) as store:
            for _ in range(10):
                store.count_asked([1001], TODAY)
                store.keep(exchange(str(number)))
                store.set_language(1001, "en")

    at_once(work, 4)
    with closing(open_store(on_server)) as store:
        assert store.asked_on(TODAY) == {1001: 40}
        assert len(store.turns("telegram", 7, None, 100)) == 40


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_chinese_is_refused_in_one_line(
    databases: Databases, encoding: str
) -> None:
    with databases.new(encoding=encoding) as url, pytest.raises(StoreError) as caught:
        open_store(url)
    assert f"is kept in {encoding}, which cannot hold every text: make one" in one_line(caught)


def test_a_server_that_was_started_anew_is_found_again(postgres_server: Server) -> None:
    databases = Databases(postgres_server.url("postgres"))
    with databases.new() as url, closing(open_store(url)) as store:
        store.keep(exchange("先"))
        postgres_server.stop(signal.SIGQUIT)
        try:
            with pytest.raises(StoreError, match="look at DATABASE_URL and at the server") as gone:
                store.keep(exchange("中"))
        finally:
            postgres_server.start()
        assert "cannot be reached" in one_line(gone)
        store.keep(exchange("后"))
        assert questions(store) == ["先", "后"]


def test_a_connection_that_is_broken_off_is_one_line_and_the_next_call_comes_through(
    on_server: sa.URL,
) -> None:
    def break_off(store: Store) -> None:
        with store.together():
            store.keep(exchange("断"))
            elsewhere(
                on_server,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'baoda' AND datname = current_database()",
            )
            store.keep(exchange("断"))

    with closing(open_store(on_server)) as store:
        with pytest.raises(StoreError) as broken:
            break_off(store)
        one_line(broken)
        store.keep(exchange("后"))
        assert questions(store) == ["后"]


def test_a_wrong_password_is_one_line_without_it(on_server: sa.URL) -> None:
    wrong = f"{planted.MARK}-wrong p/ssword"
    with pytest.raises(StoreError, match="password authentication failed") as caught:
        open_store(on_server.set(password=wrong))
    assert "DATABASE_URL" in one_line(caught)
    assert planted.MARK not in str(caught.value)


def test_a_database_that_is_missing_is_one_line(on_server: sa.URL) -> None:
    with pytest.raises(StoreError, match=r'database "nowhere" does not exist') as caught:
        open_store(on_server.set(database="nowhere"))
    assert "DATABASE_URL" in one_line(caught)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(database._SERVER_OPTIONS, "connect_timeout", 2)
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = sa.make_url(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/baoda")
        began = time.monotonic()
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            open_store(url)
    one_line(caught)
    assert time.monotonic() - began < 20


def test_a_host_that_does_not_exist_is_one_line() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_store(sa.make_url("postgresql://u:p@nowhere.invalid/baoda"))
    assert "nowhere.invalid" in one_line(caught)


def test_who_holds_it_for_too_long_is_not_waited_for_any_longer(
    on_server: sa.URL,
) -> None:
    impatient = on_server.update_query_dict({"options": "-c lock_timeout=200"})
    with closing(open_store(on_server)) as other, closing(open_store(impatient)) as store:
        with other.together():
            other.keep(exchange("他"))
            with pytest.raises(StoreError, match="is held by another program") as caught:
                store.keep(exchange("我"))
            one_line(caught)
            assert questions(store) == []  # readers wait for nobody
        store.keep(exchange("我"))
        assert questions(store) == ["他", "我"]


def test_a_server_that_only_reads_is_one_line(on_server: sa.URL) -> None:
    reading = on_server.update_query_dict({"options": "-c default_transaction_read_only=on"})
    with closing(open_store(reading)) as store:
        with pytest.raises(StoreError, match="the server only reads") as caught:
            store.keep(exchange())
        one_line(caught)


def test_a_user_who_may_not_make_tables_is_one_line(empty_server: sa.URL) -> None:
    elsewhere(
        empty_server,
        f"CREATE ROLE guest_{empty_server.database} LOGIN PASSWORD '{planted.PASSWORD}'",
    )
    try:
        guest = empty_server.set(
            username=f"guest_{empty_server.database}", password=planted.PASSWORD
        )
        with pytest.raises(StoreError, match="CREATE on schema public") as caught:
            open_store(guest)
        one_line(caught)
    finally:
        elsewhere(empty_server, f"DROP ROLE guest_{empty_server.database}")


def test_a_full_disk_of_the_server_is_one_line_and_loses_nothing(on_server: sa.URL) -> None:
    with closing(open_store(on_server)) as store:
        store.keep(exchange("先"))
        elsewhere(
            on_server,
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE disk_full; END $$",
        )
        elsewhere(
            on_server,
            "CREATE TRIGGER full_disk BEFORE INSERT ON message"
            " FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
        with pytest.raises(StoreError, match="the server's disk is full") as caught:
            store.keep(exchange("满"))
        one_line(caught)
        elsewhere(on_server, "DROP TRIGGER full_disk ON message")
        store.keep(exchange("后"))
        assert questions(store) == ["先", "后"]


def test_moments_are_the_same_whatever_zone_the_server_lives_in(on_server: sa.URL) -> None:
    abroad = on_server.update_query_dict({"options": "-c timezone=Asia/Kathmandu"})
    with closing(
        Store.open(abroad, data_dir=NOWHERE, retention=datetime.timedelta(days=90))
    ) as store:
        at = datetime.datetime.now(datetime.UTC)
        store.keep(exchange(asker_id=5, at=at))
        assert store.held_about(5).since == at
