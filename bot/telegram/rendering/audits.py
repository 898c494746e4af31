"""Who did what to the collection, page by page."""

import datetime
from collections.abc import Sequence

from bot.desk.reloads import made_at
from bot.phrases import Phrases
from bot.store import Deed, DeedAction
from bot.telegram.buttons import Manage
from bot.telegram.rendering.blocks import Block, Run, part_of
from bot.telegram.rendering.characters import clean_line, credit_line, isolated, shorten
from bot.telegram.rendering.keyboards import close_button, turning_rows
from bot.telegram.rendering.parts import Part

DEEDS_A_PAGE = 10

_LONGEST_NAME, _LONGEST_SUBJECT = 40, 200
_TIME = "%Y-%m-%d %H:%M"


def render_deeds(
    deeds: Sequence[Deed], page: int, *, is_last: bool, zone: datetime.tzinfo, phrases: Phrases
) -> Part:
    """A page of deeds, counted from 0, the newest first; `is_last`: there is none after it."""
    if not deeds:
        return part_of([Block((Run(phrases.audit_empty),))])
    blocks = [Block((Run(phrases.audit_head),))]
    for deed in deeds:
        name = shorten(clean_line(deed.admin), _LONGEST_NAME) or phrases.some_admin
        action = _named(deed.action, phrases)
        at = deed.at.astimezone(zone).strftime(_TIME)
        blocks.append(Block((Run(credit_line((at, name))),), "\n\n"))
        subject = isolated(shorten(_subject(deed, zone), _LONGEST_SUBJECT))
        blocks.append(Block((Run(action, bold=True), Run(f" {subject}" if subject else ""))))
    pages = page + 1 if is_last else page + 2
    turning = turning_rows(page, pages, lambda one: Manage("article", "audit", str(one)))
    return part_of(blocks, (*turning, (close_button(phrases),)))


def _subject(deed: Deed, zone: datetime.tzinfo) -> str:
    if deed.action in ("reload", "roll_back"):
        return made_at(deed.subject, zone)
    return clean_line(deed.subject)


def _named(action: DeedAction, phrases: Phrases) -> str:
    names: dict[DeedAction, str] = {
        "reload": phrases.deed_reload,
        "roll_back": phrases.deed_roll_back,
        "add": phrases.deed_add,
        "remove": phrases.deed_remove,
        "restore": phrases.deed_restore,
        "golden": phrases.deed_golden,
        "close_gap": phrases.deed_close_gap,
    }
    return names[action]
