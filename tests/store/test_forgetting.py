"""A person who is to be forgotten leaves nothing behind, and others lose nothing."""

import datetime
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import Held, Store, StoreError
from bot.store.address import FILE_NAME
from bot.store.models import Base
from retrieval.types import Usage
from tests.store.exchanges import (
    IN_A_FILE,
    LONG_AGO,
    MINUTE,
    MORNING,
    Clock,
    delivered,
    exchange,
    questions,
    rows,
    taken,
)

ASKER = 7_123_456_789
OTHER = 7_987_654_321
GROUP = -100
SECRET = "紫藤花下的密约"

Row = dict[str, object]


def table(place: sa.URL, name: str) -> list[Row]:
    """Moments as SQLite keeps them."""
    engine = sa.create_engine(place, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT * FROM {name}")).mappings().all()
    return [{column: _plain(value) for column, value in row.items()} for row in found]


def _plain(value: object) -> object:
    return moment(value) if isinstance(value, datetime.datetime) else value


def moment(value: datetime.datetime) -> str:
    return f"{value.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S.%f}"


def tables(place: sa.URL) -> dict[str, list[Row]]:
    return {name: table(place, name) for name in Base.metadata.tables}


def holding(folder: Path, person: int, words: str) -> list[str]:
    """The files in which a person's number, as text or as SQLite keeps it, or words stand."""
    found = []
    for path in folder.rglob("*"):
        contents = path.read_bytes()
        for trace in (str(person).encode(), person.to_bytes(6, "big"), words.encode()):
            if trace in contents:
                found.append(f"{path.name}: {trace!r}")
    return found


def ask(store: Store, asker_id: int = ASKER, **details: object) -> int:
    return store.keep(exchange(SECRET, asker_id=asker_id, **{"chat_id": asker_id, **details}))  # type: ignore[arg-type]


def test_questions_go_wherever_they_were_asked(store: Store, place: sa.URL) -> None:
    ask(store)
    ask(store, chat_id=GROUP)
    ask(store, chat_id=GROUP, topic_id=3)
    store.keep(exchange("别人", asker_id=OTHER, chat_id=GROUP))
    assert store.forget_person(ASKER) == Held(3, 0, 0, MORNING, None)
    assert [row["question"] for row in table(place, "message")] == ["别人"]
    assert ASKER not in {row["chat_id"] for row in table(place, "conversation")}
    assert store.forget_person(ASKER) == Held(0, 0, 0, None, None)


def test_what_others_thought_of_the_answers_goes_with_them(store: Store, place: sa.URL) -> None:
    answer = ask(store, chat_id=GROUP)
    other = store.keep(exchange("别人", asker_id=OTHER, chat_id=GROUP))
    for message in (answer, other):
        for person in (ASKER, OTHER):
            store.rate(message, person, 1)
        store.remark(OTHER, "很好", message)
    store.settle(5, delivered=[delivered(31, chat_id=GROUP, answer_id=answer)])
    store.forget_person(ASKER)
    assert rows(place, "SELECT message_id, user_id FROM feedback") == [(other, OTHER)]
    assert rows(place, "SELECT answer_id FROM remark ORDER BY id") == [(None,), (other,)]
    assert store.delivered_as(GROUP, 31) is None


def test_what_was_set_and_said_goes(store: Store, place: sa.URL) -> None:
    store.set_language(ASKER, "en")
    store.remark(ASKER, SECRET)
    store.remark(None, "很好")
    store.note_wait(str(ASKER), MORNING + MINUTE)
    store.note_wait("sendMessage", MORNING + MINUTE)
    store.settle(5, delivered=[delivered(31, chat_id=ASKER)])
    assert store.forget_person(ASKER) == Held(0, 0, 1, None, "en")
    assert store.languages() == {}
    assert rows(place, "SELECT text FROM remark") == [("很好",)]
    assert list(store.waits()) == ["sendMessage"]
    assert store.delivered_as(ASKER, 31) is None


def test_tokens_that_were_spent_stay_in_the_ledger_without_a_name(store: Store) -> None:
    day = MORNING.date()
    for person in (ASKER, OTHER):
        store.spend(Usage(10, 5), day=day, asker_id=person, model="stub", purpose="answer")
    store.forget_person(ASKER)
    assert store.spent_today(day) == 30
    assert (store.spent_today(day, ASKER), store.spent_today(day, OTHER)) == (0, 15)


def test_updates_are_settled_and_not_taken_again(store: Store, place: sa.URL) -> None:
    theirs = taken(5, {"text": SECRET}, chat_id=GROUP, user_id=ASKER)
    store.take([theirs, taken(6, user_id=OTHER, chat_id=GROUP), taken(7, chat_id=ASKER)])
    store.note(5, {"parts": [SECRET]})
    store.forget_person(ASKER)
    assert [one.update_id for one in store.pending(LONG_AGO)] == [6]
    assert store.take([theirs]) == frozenset()
    query = (
        "SELECT payload, outgoing, chat_id, topic_id, user_id, outcome, settled_at IS NULL"
        " FROM pending WHERE update_id = 5"
    )
    assert rows(place, query) == [(None, None, None, None, None, "forgotten", 0)]


def test_what_was_delivered_for_a_forgotten_update_is_not_noted(
    store: Store, place: sa.URL
) -> None:
    store.take([taken(5, chat_id=GROUP, user_id=ASKER)])
    store.forget_person(ASKER)
    before = table(place, "pending")
    store.note(5, {"parts": [SECRET]})
    store.settle(5, delivered=[delivered(31, chat_id=GROUP)])
    assert table(place, "pending") == before
    assert table(place, "delivered") == []


def test_what_others_asked_later_is_not_said_in_the_persons_words(store: Store) -> None:
    def follow_up(minutes: int, **place: int) -> None:
        words = f"{minutes} {SECRET}"
        asked_at = MORNING + minutes * MINUTE
        store.keep(
            exchange(str(minutes), at=asked_at, standalone=words, asker_id=OTHER, **place)  # type: ignore[arg-type]
        )

    follow_up(0, chat_id=GROUP)
    ask(store, chat_id=GROUP, at=MORNING + MINUTE)
    follow_up(2, chat_id=GROUP)
    follow_up(3, chat_id=GROUP, topic_id=3)  # a reply to an answer elsewhere in the chat
    follow_up(4, chat_id=-200)
    store.forget_person(ASKER)
    standalone = [
        turn.standalone
        for chat_id, topic_id in ((GROUP, None), (GROUP, 3), (-200, None))
        for turn in store.turns("telegram", chat_id, topic_id, 9)
    ]
    assert standalone == [f"0 {SECRET}", "2", "3", f"4 {SECRET}"]


@IN_A_FILE
def test_while_others_read_a_person_is_forgotten(store: Store, tmp_path: Path) -> None:
    store.keep(exchange("别人", asker_id=OTHER))
    for number in range(30):
        ask(store, at=MORNING + number * MINUTE)
    over = threading.Event()
    read: list[list[str]] = []

    def go_on_reading() -> None:
        while not over.is_set():
            read.append(questions(store))

    readers = [threading.Thread(target=go_on_reading) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        store.forget_person(ASKER)
        assert holding(tmp_path, ASKER, SECRET) == []
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert ["别人"] in read
    assert [one for one in read if one != ["别人"]] == []


@IN_A_FILE
def test_a_reader_who_is_slow_is_waited_for(store: Store, tmp_path: Path) -> None:
    ask(store)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN")
    other.execute("SELECT * FROM message").fetchall()
    release = threading.Timer(0.2, lambda: other.execute("ROLLBACK"))
    release.start()
    store.forget_person(ASKER)
    release.join()
    other.close()
    assert holding(tmp_path, ASKER, SECRET) == []


@IN_A_FILE
def test_a_reader_who_never_lets_go_is_named_and_another_call_does_the_rest(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.database.BUSY_TIMEOUT_SECONDS", 0.1)
    ask(store)
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM message").fetchall()
        with pytest.raises(StoreError, match=r"-wal cannot be emptied .* try again$") as caught:
            store.forget_person(ASKER)
    assert "\n" not in str(caught.value)
    assert store.forget_person(ASKER) == Held(0, 0, 0, None, None)
    assert holding(tmp_path, ASKER, SECRET) == []


@IN_A_FILE
def test_bytes_that_stayed_in_the_file_when_rows_were_moved_or_deleted_go_too(
    store: Store, tmp_path: Path
) -> None:
    ask(store)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("DELETE FROM message")
        careless.commit()
    assert holding(tmp_path, ASKER, SECRET) != []
    store.forget_person(ASKER)
    assert holding(tmp_path, ASKER, SECRET) == []


class Crowd:
    """People who do whatever can be done, at random."""

    def __init__(self, store: Store, clock: Clock, seed: int) -> None:
        self._store, self._clock = store, clock
        self._dice = random.Random(seed)
        self.words = {
            self._dice.randrange(10**10, 10**11): f"词{self._dice.randbytes(6).hex()}"
            for _ in range(8)
        }
        self._groups = [-100, -200]
        self._said: dict[int, list[str]] = {}
        self._answers: list[int] = []
        self._number = 0

    def do(self) -> None:
        person = self._dice.choice(list(self.words))
        self._clock.now += self._dice.randrange(120) * MINUTE
        self._number += 1
        steps: list[Callable[[int], None]] = [
            *[self._ask] * 6,
            self._speak,
            self._set,
            self._be_offered,
            self._change_place,
        ]
        self._dice.choice(steps)(person)

    def _ask(self, person: int) -> None:
        chat = self._dice.choice([person, *self._groups])
        question = f"{self.words[person]}{self._number}" * self._dice.choice([1, 5, 300])
        said = self._said.setdefault(chat, [])
        standalone = f"{question} {self._dice.choice(said)}" if said and person % 2 else question
        said.append(self.words[person])
        one = exchange(
            question, chat_id=chat, asker_id=person, at=self._clock.now, standalone=standalone
        )
        answer = self._store.keep(one)
        self._answers.append(answer)
        self._store.keep_question_vectors("m", {answer: standalone.encode()})
        self._store.close_gap([answer])
        payload: dict[str, object] = {"from": {"id": person}, "text": question}
        self._store.take([taken(self._number, payload, chat_id=chat, user_id=person)])
        self._store.note(self._number, {"chat_id": chat, "parts": [question]})
        if self._dice.random() < 0.8:
            message = delivered(
                self._number, chat_id=chat, question_id=self._number, answer_id=answer
            )
            self._store.settle(self._number, delivered=[message])

    def _speak(self, person: int) -> None:
        answer = self._dice.choice(self._answers) if self._answers else 1
        self._store.rate(answer, person, 1, self.words[person])
        self._store.remark(person, self.words[person], answer)
        self._store.count_asked([person], MORNING.date())
        self._store.set_menu(person, shown=True)
        self._store.note_deed(person, self.words[person], "add", "一篇")

    def _set(self, person: int) -> None:
        self._store.set_language(person, "en")
        self._store.note_wait(str(person), self._clock.now + MINUTE * 10_000)
        day = self._clock.now.date()
        self._store.spend(Usage(1, 2), day=day, asker_id=person, model="m", purpose="answer")

    def _be_offered(self, person: int) -> None:
        payload: dict[str, object] = {"query": self.words[person], "from": person}
        self._store.take([taken(self._number, payload, chat_id=person, user_id=person)])

    def _change_place(self, person: int) -> None:
        if self._dice.random() < 0.8:
            self._store.forget_conversation("telegram", person, None)
            return
        old, new = self._dice.choice(self._groups), -1000 - self._number
        self._store.move_chat(old, new)
        self._groups[self._groups.index(old)] = new
        self._said[new] = self._said.pop(old, [])


def remaining(before: dict[str, list[Row]], person: int) -> dict[str, list[Row]]:
    """What is to be left of the tables."""
    place = {row["id"]: (row["front"], row["chat_id"]) for row in before["conversation"]}
    first: dict[object, str] = {}
    for row in before["message"]:
        if row["asker_id"] == person:
            there = place[row["conversation_id"]]
            first[there] = min(str(row["asked_at"]), first.get(there, "9"))
    theirs = {row["id"] for row in before["message"] if row["asker_id"] == person}
    parted = {
        row["id"]
        for row in before["message"]
        if row["standalone"] != row["question"]
        and str(row["asked_at"]) >= first.get(place[row["conversation_id"]], "9")
    }
    after = {
        "person": [row for row in before["person"] if row["user_id"] != person],
        "asked": [row for row in before["asked"] if row["who"] != person],
        "menu": [row for row in before["menu"] if row["chat_id"] != person],
        "moved_chat": before["moved_chat"],
        "deed": [
            {**row, "admin_id": None, "admin": ""} if row["admin_id"] == person else row
            for row in before["deed"]
        ],
        "draft": [
            row for row in before["draft"] if person not in (row["admin_id"], row["chat_id"])
        ],
        "closed_gap": [row for row in before["closed_gap"] if row["message_id"] not in theirs],
        "question_vector": [
            row for row in before["question_vector"] if row["message_id"] not in theirs | parted
        ],
        "flood_wait": [row for row in before["flood_wait"] if row["name"] != str(person)],
        "conversation": [row for row in before["conversation"] if row["chat_id"] != person],
        "delivered": [
            row
            for row in before["delivered"]
            if row["chat_id"] != person and row["answer_id"] not in theirs
        ],
        "feedback": [
            row
            for row in before["feedback"]
            if row["user_id"] != person and row["message_id"] not in theirs
        ],
        "remark": [
            {**row, "answer_id": None if row["answer_id"] in theirs else row["answer_id"]}
            for row in before["remark"]
            if row["user_id"] != person
        ],
        "message": [
            {**row, "standalone": row["question"]}
            if str(row["asked_at"]) >= first.get(place[row["conversation_id"]], "9")
            else row
            for row in before["message"]
            if row["id"] not in theirs
        ],
        "usage": [
            {**row, "asker_id": None} if row["asker_id"] == person else row
            for row in before["usage"]
        ],
        "pending": [
            {
                **row,
                **dict.fromkeys(("payload", "outgoing", "chat_id", "topic_id", "user_id")),
                "outcome": "forgotten",
                "settled_at": "now",
            }
            if row["user_id"] == person
            else row
            for row in before["pending"]
        ],
    }
    assert after.keys() == before.keys()
    return after


def in_order(contents: dict[str, list[Row]], now: str) -> dict[str, list[str]]:
    return {
        name: sorted(str(row).replace(repr("now"), repr(now)) for row in found)
        for name, found in contents.items()
    }


@pytest.mark.parametrize("seed", range(2))
def test_no_byte_of_a_forgotten_person_is_left_and_no_row_of_others_is_changed(
    store: Store, place: sa.URL, tmp_path: Path, clock: Clock, seed: int
) -> None:
    crowd = Crowd(store, clock, seed)
    for _ in range(3):
        with store.together():
            for _ in range(40):
                crowd.do()
    person = random.Random(seed).choice(list(crowd.words))
    assert bool(holding(tmp_path, person, crowd.words[person])) == (place.drivername == "sqlite")
    before = tables(place)
    store.forget_person(person)
    assert holding(tmp_path, person, crowd.words[person]) == []
    now = moment(clock.now)
    assert in_order(tables(place), now) == in_order(remaining(before, person), now)
