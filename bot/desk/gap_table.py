"""What readers did not get, as a table that a spreadsheet opens."""

import csv
import io
import re
import zoneinfo
from collections.abc import Iterator, Sequence

from bot.desk.gaps import Gap
from bot.phrases import Phrases
from bot.store import Missed

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufeff]+")


def table(gaps: Sequence[Gap], zone: zoneinfo.ZoneInfo, phrases: Phrases) -> bytes:
    """CSV as Excel reads it: UTF-8 with a mark, a row for each wording, the gaps in their order.

    Nothing in it is taken for a formula. Nobody who asked is named.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(phrases.gaps_columns.split(","))
    for number, gap in enumerate(gaps, start=1):
        titles = phrases.comma.join(one.title or phrases.untitled for one in gap.articles)
        for wording in gap.wordings:
            writer.writerow([number, *map(_harmless, [*_about(wording, zone, phrases), titles])])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _about(asked: Sequence[Missed], zone: zoneinfo.ZoneInfo, phrases: Phrases) -> Iterator[str]:
    moments = sorted(one.asked_at.astimezone(zone) for one in asked)
    yield asked[0].question
    yield str(len(asked))
    yield f"{moments[0]:%Y-%m-%d %H:%M}"
    yield f"{moments[-1]:%Y-%m-%d %H:%M}"
    yield phrases.comma.join(kinds(Gap(tuple(asked)), phrases))


def kinds(gap: Gap, phrases: Phrases) -> Iterator[str]:
    """What was wrong with the answers, and how often."""
    for count, text in (
        (gap.refused, phrases.gap_refused),
        (gap.fallback, phrases.gap_fallback),
        (gap.disliked, phrases.gap_disliked),
    ):
        if count:
            yield text.format(count=count)


def _harmless(cell: str) -> str:
    cell = _INVISIBLE.sub(" ", cell).strip()
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
