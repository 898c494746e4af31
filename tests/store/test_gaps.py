"""Questions that got no good answer, until they have been seen to."""

import pytest

from bot.store import Store
from retrieval.types import NearestArticle, Timings, Usage
from tests.store.exchanges import DAY, HOUR, MINUTE, MORNING, Clock, exchange


def missed(store: Store) -> list[str]:
    return [one.question for one in store.missed(100)]


def test_what_was_refused_or_written_by_nobody_or_disliked_is_missed(store: Store) -> None:
    store.keep(exchange("答得好"))
    store.keep(exchange("拒绝", refused=True, mode="extractive"))
    store.keep(exchange("退回", mode="fallback"))
    disliked = store.keep(exchange("不满意"))
    store.rate(disliked, 5, -1, "misses")
    store.rate(disliked, 6, -1)
    store.rate(disliked, 7, 1)
    found = {one.question: one for one in store.missed(100)}
    assert set(found) == {"拒绝", "退回", "不满意"}
    assert (found["拒绝"].refused, found["拒绝"].fallback, found["拒绝"].disliked) == (
        True,
        False,
        0,
    )
    assert (found["退回"].refused, found["退回"].fallback) == (False, True)
    assert (found["不满意"].disliked, found["不满意"].reasons) == (2, ("misses",))


def test_what_its_asker_stopped_is_not_missed_unless_it_was_disliked(store: Store) -> None:
    store.keep(exchange("停", mode="fallback", stopped=True))
    store.keep(exchange("停", mode="llm", refused=True, stopped=True))
    disliked = store.keep(exchange("停，差", mode="fallback", stopped=True))
    store.rate(disliked, 5, -1)
    assert missed(store) == ["停，差"]


def test_the_newest_come_first_and_the_oldest_are_left_out(store: Store) -> None:
    for day in (2, 1, 3):
        store.keep(exchange(str(day), at=MORNING + day * DAY, refused=True))
    assert [one.question for one in store.missed(2)] == ["3", "2"]


def test_it_is_told_as_it_was_looked_up_with_the_articles_that_were_offered(store: Store) -> None:
    store.keep(exchange("它呢", standalone="新桥何时通车", refused=True, nearest=(), citations=()))
    store.keep(exchange(at=MORNING + DAY, refused=True))
    cited = store.keep(exchange(at=MORNING + 2 * DAY, nearest=()))
    store.rate(cited, 5, -1)
    newest, offered, alone = store.missed(9)
    assert (alone.question, alone.articles) == ("新桥何时通车", ())
    assert offered.articles == (NearestArticle("路.md", "新路", "2026-03-01"),)
    assert [one.article_id for one in newest.articles] == ["桥.md"]


def test_what_is_seen_to_is_not_missed_until_it_is_disliked_again(
    store: Store, clock: Clock
) -> None:
    number = store.keep(exchange("拒绝", refused=True))
    store.rate(number, 5, -1)
    clock.now += HOUR
    store.close_gap([number, 9999])
    assert missed(store) == []
    clock.now += HOUR
    store.rate(number, 6, -1)
    assert missed(store) == ["拒绝"]
    clock.now += HOUR
    store.close_gap([number])
    assert missed(store) == []


def test_vectors_are_kept_of_one_model_as_long_as_their_question(
    store: Store, clock: Clock
) -> None:
    number = store.keep(exchange())
    store.keep_question_vectors("a", {number: b"1234", 9999: b"5678"})
    assert store.question_vectors("a", [number, 9999]) == {number: b"1234"}
    assert store.question_vectors("b", [number]) == {}
    store.keep_question_vectors("b", {number: b"abcd"})
    assert store.question_vectors("a", [number]) == {}
    assert store.question_vectors("b", [number]) == {number: b"abcd"}
    clock.now += 100 * DAY
    store.prune()
    assert store.question_vectors("b", [number]) == {}


def test_what_was_answered_in_a_time_is_counted(store: Store) -> None:
    took = Timings(1, 2, 3, 250)
    good = store.keep(exchange(at=MORNING, took=MINUTE, timings_ms=took))
    store.keep(exchange(at=MORNING + HOUR, asker_id=5, refused=True))
    store.keep(exchange(at=MORNING + 2 * HOUR, asker_id=None, mode="fallback"))
    store.keep(exchange(at=MORNING + DAY, asker_id=6))
    store.rate(good, 5, 1)
    store.rate(good, 6, 1)
    store.rate(good, 7, -1)
    tally = store.count(MORNING + MINUTE, MORNING + DAY)
    assert (tally.questions, tally.refused, tally.fallback) == (3, 1, 1)
    assert (tally.liked, tally.disliked) == (2, 1)
    assert tally.askers == {1001, 5}
    assert sorted(tally.milliseconds) == [4.5, 4.5, 250]


def test_the_end_of_a_time_does_not_belong_to_it(store: Store) -> None:
    store.keep(exchange(at=MORNING, took=MINUTE))
    assert store.count(MORNING, MORNING + MINUTE).questions == 0
    assert store.count(MORNING + MINUTE, MORNING + HOUR).questions == 1


@pytest.mark.parametrize("reason", ["misses", None])
def test_only_reasons_that_were_given_are_told(store: Store, reason: str | None) -> None:
    number = store.keep(exchange(usage=Usage(0, 0)))
    store.rate(number, 5, -1, reason)
    (one,) = store.missed(9)
    assert one.reasons == ((reason,) if reason else ())


def test_what_was_closed_together_is_opened_together(store: Store, clock: Clock) -> None:
    first, second, other = (
        store.keep(exchange(str(number), at=MORNING - number * HOUR, refused=True))
        for number in range(3)
    )
    store.close_gap([other])
    clock.now += HOUR
    store.close_gap([first, second])
    assert store.reopen_gap(second)
    assert missed(store) == ["0", "1"]
    assert not store.reopen_gap(second)
