"""Cards and lists of the desk fit into one message, whatever stands in them."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.bin import Binned
from bot.desk.drafts import A_LIST, Contents, Duplicate, Entry, Piece
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.store import Deed
from bot.telegram.buttons import parse
from bot.telegram.links import Links
from bot.telegram.rendering import LIMIT, Part, utf16_length
from bot.telegram.rendering.audits import DEEDS_A_PAGE, render_deeds
from bot.telegram.rendering.drafts import render_added, render_draft, render_reading
from bot.telegram.rendering.shelving import (
    render_bin,
    render_choice,
    render_placed,
    render_removal,
    render_removed,
)
from retrieval.index.articles import Placed
from retrieval.types import Article, Problem

LINKS = Links("baoda_bot")
UTC = datetime.UTC
NASTY = "<b>&\u202eevil\n" * 400
BIG = Article(NASTY, *[NASTY] * 9)
ONE = Article("a", "题", "文。")


def fits(part: Part) -> bool:
    """Whether Telegram takes it, and knows all its buttons again."""
    buttons = [button for row in part.keyboard for button in row]
    assert all(parse(one.data) is not None for one in buttons)
    assert "&evil" not in part.markup
    return 0 < utf16_length(part.plain) <= LIMIT


def contents(article: Article, many: int, **more: object) -> Contents:
    entry = Entry(article, 7, duplicate=Duplicate("k", NASTY, "2025-03-01"))
    problems = (Problem(NASTY, NASTY, 3),) * 40
    pieces = (Piece(7, 0, name="a", is_read=True),)
    return Contents(pieces, (entry,) * many, problems, is_own_text=True, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
@pytest.mark.parametrize("many", [0, 1, A_LIST, 200])
def test_a_card_fits_whatever_was_sent(phrases: Phrases, many: int) -> None:
    draft = 9_007_199_254_740_991
    shown = contents(BIG, many)
    for part in (
        render_draft(draft, shown, phrases, note=phrases.trouble_full),
        render_draft(draft, contents(BIG, many, page=99), phrases),
        render_draft(draft, contents(BIG, many, opened=many - 1 if many else None), phrases),
        render_added(shown.chosen, shown.problems, phrases, LINKS),
        render_reading(draft, NASTY, phrases),
    ):
        assert fits(part)


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 20))
def test_any_title_and_text_make_a_card(title: str, text: str, many: int) -> None:
    article = Article("a", title, text or "文")
    assert fits(render_draft(1, contents(article, many), SIMPLIFIED))


def test_what_is_left_out_is_not_counted_on_the_button() -> None:
    entries = (Entry(ONE, 7), Entry(ONE, 7, is_left_out=True), Entry(ONE, 7))
    part = render_draft(1, Contents(entries=entries), SIMPLIFIED)
    labels = [button.label for row in part.keyboard for button in row]
    assert SIMPLIFIED.draft_add_all(2) in labels
    nothing = Contents(entries=(Entry(ONE, 7, is_left_out=True),) * 2)
    labels = [one.label for row in render_draft(1, nothing, SIMPLIFIED).keyboard for one in row]
    assert labels == ["1", "2", SIMPLIFIED.draft_discard]


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_lists_of_the_shelves_fit(phrases: Phrases) -> None:
    placed = Placed(BIG, NASTY, chunks=9, in_file=12)
    token = "20260305-080000-000001"
    binned = Binned(token, NASTY, "k", NASTY, 3, "2026-03-05T08:00:00+00:00")
    deed = Deed(7, NASTY, "remove", NASTY, datetime.datetime(2026, 3, 5, tzinfo=UTC))
    for part in (
        render_choice([BIG] * 50, "remove", phrases),
        render_placed(placed, datetime.datetime(2026, 3, 5, tzinfo=UTC), phrases),
        render_removal(placed, phrases),
        render_removed(binned, phrases, reason=NASTY[:300]),
        render_bin([binned] * 8, UTC, phrases),
        render_deeds([deed] * DEEDS_A_PAGE, 3, is_last=False, zone=UTC, phrases=phrases),
        render_deeds([], 0, is_last=True, zone=UTC, phrases=phrases),
    ):
        assert fits(part)


def test_deeds_of_somebody_forgotten_bear_no_name() -> None:
    deed = Deed(None, "", "add", "inbox/a.md", datetime.datetime(2026, 3, 5, tzinfo=UTC))
    part = render_deeds([deed], 0, is_last=True, zone=UTC, phrases=SIMPLIFIED)
    assert SIMPLIFIED.some_admin in part.plain
    assert f"{SIMPLIFIED.deed_add} inbox/a.md" in part.plain
