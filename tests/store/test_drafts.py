"""What admins sent stays until it is an article, given up, forgotten or too old."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot.store import Draft, Store

CHAT, ADMIN = 1001, 1001


def counted(draft: Draft) -> Draft:
    return replace(draft, content={"count": draft.content.get("count", 0) + 1})


def refused(draft: Draft) -> None:
    return None


def test_what_is_sent_together_is_one_draft(store: Store) -> None:
    first = store.draft_of(CHAT, ADMIN, "album")
    assert first.state == "open"
    assert store.draft_of(CHAT, ADMIN, "album") == first
    assert store.draft_of(CHAT, ADMIN, "another").id != first.id
    assert store.draft_of(CHAT + 1, ADMIN, "album").id != first.id


def test_a_draft_is_found_by_its_card_and_by_whoever_sent_it_last(store: Store) -> None:
    older, newer = (store.draft_of(CHAT, ADMIN, name) for name in "ab")
    store.change_draft(older.id, lambda draft: replace(draft, card_id=77))
    found = store.draft_shown_as(CHAT, 77)
    assert found is not None
    assert found.id == older.id
    assert store.draft_shown_as(CHAT + 1, 77) is None
    assert store.newest_draft(CHAT, ADMIN) == newer
    assert store.newest_draft(CHAT, None) is None


def test_changes_at_the_same_time_all_count(store: Store) -> None:
    draft = store.draft_of(CHAT, ADMIN, "album")
    changes: list[Callable[[Draft], Draft]] = [counted] * 20
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda change: store.change_draft(draft.id, change), changes))
    now = store.draft(draft.id)
    assert now is not None
    assert now.content == {"count": 20}


def test_a_change_that_is_not_wanted_leaves_the_draft_as_it_is(store: Store) -> None:
    draft = store.draft_of(CHAT, ADMIN, "album")
    assert store.change_draft(draft.id, refused) is None
    assert store.draft(draft.id) == draft
    assert store.change_draft(draft.id + 1, counted) is None


def test_a_draft_goes_along_when_its_group_moves(store: Store) -> None:
    draft = store.draft_of(-5, ADMIN, "album")
    store.change_draft(draft.id, lambda one: replace(one, card_id=77))
    store.move_chat(-5, -1005)
    assert store.draft(draft.id) == replace(draft, chat_id=-1005)


def test_no_draft_is_left_of_an_admin_who_is_forgotten(store: Store) -> None:
    mine, theirs = store.draft_of(CHAT, ADMIN, "a"), store.draft_of(-5, 7, "a")
    store.forget_person(ADMIN)
    assert store.draft(mine.id) is None
    assert store.draft(theirs.id) == theirs
