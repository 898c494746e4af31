"""What a claim says of which report: 4月4日的报道说…，而4月2日的报道说…"""

import re
from dataclasses import dataclass
from datetime import date

_DAY = (
    r"(?:(?P<iso>\d{4}-\d\d-\d\d)|(?:(?P<year>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号])"
)
_REPORT = "(?:报道|报導|報道|報導|文章|消息|新闻|新聞|续报)"
_BEFORE = re.compile(
    rf"(?:据|据报道|根据|依据)?{_DAY}(?:发表|刊发|刊登|见报|当天|当日)?的?(?:另一篇|一篇|这篇|那篇)?{_REPORT}"
    "(?:里|中)?(?:则|又|还|也)?(?:说|称|稱|說|指出|提到|写道|显示|介绍)?[,，:：]?"
)
_BEHIND = re.compile(rf"[(（](?:据|见|根据)?{_DAY}的?{_REPORT}?[)）]")
_JOINS = re.compile(
    r"^[\s,，;；、]*(?:而|但|不过|另外|此外|其中)?[\s,，]*|[\s,，;；、]*(?:而|但|不过)?[\s,，]*$"
)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class ReportDay:
    """The day of a report, as a claim names it."""

    year: int | None
    month: int
    day: int

    def is_of(self, published: date | None) -> bool:
        """Whether an article of that day is meant."""
        if published is None or (published.month, published.day) != (self.month, self.day):
            return False
        return self.year in (None, published.year)


@dataclass(frozen=True, slots=True)
class Attributed:
    """Part of a claim; `day` is that of the report which it is said to be in, if it says so."""

    text: str
    day: ReportDay | None


def attributed(claim: str) -> list[Attributed]:
    """The claim's parts by the days of their reports; one without a day where it names none."""
    behind = list(_BEHIND.finditer(claim))
    inside = {index for match in behind for index in range(*match.span())}
    before = [match for match in _BEFORE.finditer(claim) if match.start() not in inside]
    if before and not behind and not _WORD.search(_bare(claim[: before[0].start()])):
        ends = [*(match.start() for match in before[1:]), len(claim)]
        parts = [
            Attributed(_bare(claim[match.end() : end]), _day(match))
            for match, end in zip(before, ends, strict=True)
        ]
    elif behind and not before and not _WORD.search(_bare(claim[behind[-1].end() :]).strip("。.")):
        starts = [0, *(match.end() for match in behind[:-1])]
        parts = [
            Attributed(_bare(claim[start : match.start()]), _day(match))
            for start, match in zip(starts, behind, strict=True)
        ]
    else:
        parts = [Attributed(claim, None)]
    return parts


def _bare(text: str) -> str:
    return _JOINS.sub("", text)


def _day(match: re.Match[str]) -> ReportDay:
    if iso := match["iso"]:
        year, month, day = map(int, iso.split("-"))
        return ReportDay(year, month, day)
    year_said = int(match["year"]) if match["year"] else None
    return ReportDay(year_said, int(match["month"]), int(match["day"]))
