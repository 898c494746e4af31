"""Dates in folded Chinese text, one after the other: a date may lean on the one before it."""

import datetime
import re
from collections.abc import Callable

from retrieval.folding import days
from retrieval.folding.days import DateSpan, Days
from retrieval.folding.figures import chinese_number

_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_YEAR = r"(?:[12]\d{3}|[一二][〇○零一二三四五六七八九]{3})"
TO = r"\s?[至到—–~-]{1,2}\s?"
"""What stands between the ends of a range."""

_NO_YEAR = "级|代|产|均|薪|息|龄|轻|历史|以上|来(?!到)|间|鉴|报|货|糕"
_NO_MONTH = "子|饼|球|牙|嫂|光|亮|薪|租|息|均|色|台|龄|票|刊|经|大(?!会)|一次"
_NO_DAY = "元|本|圆|报|均|常|夜|子|程|租|语|期|用|光|内|游|后|前|龄|照|志|记"

_ISO = re.compile(
    r"(?P<year>\d{4})(?:(?P<sign>[-/.])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})(?!\d|[-/.]\d)"
    r"|-(?P<month_alone>\d\d)(?![\d-]))"
)
_CENTURY = re.compile(
    rf"(?:(?P<century>{_NUMBER})世纪|(?P<relative>上个?世纪|本世纪))"
    r"(?:(?P<decade>[1-9]0|[一二三四五六七八九]十)年代)?"
)
_YEARS = re.compile(rf"(?P<first>{_YEAR})年?{TO}(?P<last>{_YEAR})年(?!{_NO_YEAR})")
_CALENDAR = re.compile(
    rf"""
    (?:(?P<year>{_YEAR})\s?年(?!{_NO_YEAR})|(?P<relative>大前年|[去今明前后上本当同次翌]年|上一年)(?!代|轻|纪|级|龄))?
    (?P<part>的?\s?(?:
        (?:(?P<month0>{_NUMBER})月?{TO})?(?P<month>{_NUMBER})\s?月份?(?!{_NO_MONTH})
        (?:\s?(?:(?P<day0>{_NUMBER})日?{TO})?(?P<day>{_NUMBER})\s?[日号]
          |(?P<third>[上中下]旬|初|底|末))?
      |第?(?P<quarter>[一二三四1234])季度
      |前(?P<quarters>[二两三23])季度
      |(?P<half>[上下])半年
      |年?(?P<edge>初|底|末)
      |(?P<season>[春夏秋冬])(?:季|天)
    ))?
    """,
    re.VERBOSE,
)
_DAY_ALONE = re.compile(
    rf"(?:(?P<day0>\d{{1,2}})日?{TO})?(?P<day>\d{{1,2}}|[一二三]?十[一二三四五六七八九]?)日(?!{_NO_DAY})"
)
_PAST = re.compile(
    rf"(?:近|过去|最近)\s?(?P<amount>{_NUMBER}|两|几|半)\s?个?(?P<unit>年|月|周|星期|天|日)(?:以?来)?"
)
_LATELY = re.compile("近日来?|日前(?!往)|最近|近期|连日来|近来|近年来?|近几年来?")
_DAY_WORDS = re.compile(
    "(?:(?P<day>大前天|[昨今明][日天晚晨早夜]|[前后]天(?![天气空津然山]))(?!头条|说法|系|性|之星|重现)"
    "|(?P<same>当日|当天|同日|同一天)|(?P<next>次日|翌日|第二天)"
    "|(?P<same_month>当月|同月|次月)"
    "|(?P<week>上上周|[上本这下]个?(?:周|星期|礼拜))(?P<weekday>[一二三四五六日天末])?(?![年期])"
    "|(?P<month>[上本这下]个?月)(?![色光球台亮])份?(?P<third>[上中下]旬|初|底|末)?"
    "|(?P<edge>年初|年底|年末|岁末|月初|月底|月末))"
)
_DIGITS_GO_ON = r"(?<![0-9][0-9])[0-9]*+(?=\s?[年月日世至到—–~./-])"
_NUMERALS_GO_ON = (
    r"(?<![一二三四五六七八九十]{2})[〇○零一二三四五六七八九十]*+(?=\s?[年月日世季至到—–~-])"
)
_SEED = re.compile(
    "|".join(
        [f"{one}{_DIGITS_GO_ON}" for one in "0123456789"]
        + [f"{one}{_NUMERALS_GO_ON}" for one in "一二三四五六七八九十"]
        + """
        大前[天年] 前(?:[天年]|[两二三23]季度) 后[天年] 去年
        昨[日天晚晨早夜] 今[年日天晚晨早夜] 明[年日天晚晨早夜]
        上(?:一?年|上周|半年|个?[周月星礼世]) 下(?:半年|个?[周月星礼])
        本(?:年|个?[周月星礼世]) 这个?[周月星礼] 近 最近 过去 日前 连日
        当[年日天月] 同(?:[年日月]|一天) 次[年日月] 翌[年日]
        第(?:二天|[一二三四1234]季度) 年[初底末] 岁末 月[初底末]
        """.split()
    )
)
"""Where a date may begin; a row of numerals as a whole, so that its inside is no beginning.
Each alternative begins with a literal: so the search passes over all other characters quickly."""

_NUMERALS = frozenset("0123456789〇○零一二三四五六七八九十")
_NOT_BEFORE = re.compile(r"(?:[第约逾达超满共每百千万亿]|\d[.,:/-]?)$")
"""What before a numeral says that it counts something."""

_SENTENCE_END = re.compile("[。!?;！？；\n]")
_LONGEST_SENTENCE = 200
_ANNOUNCES = re.compile("将(?![军近来士领])|拟|预计|计划|定于|即将|明年|下个?月|下周")
_REACH = 8
"""Characters around a date in which an announcing word may stand."""

_SINCE = re.compile("以来")
_RECENT = 14
"""Days that 近日 reaches back."""

_RECENT_YEARS = 5
_DAY_OFFSETS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2}
_YEAR_OFFSETS = {
    "大前年": -3,
    "前年": -2,
    "去年": -1,
    "上年": -1,
    "上一年": -1,
    "今年": 0,
    "本年": 0,
    "明年": 1,
    "后年": 2,
}
_NEAR = {"上": -1, "本": 0, "这": 0, "下": 1}
_SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}
_UNITS = {"年": "year", "月": "month", "周": "week", "星期": "week", "天": "day", "日": "day"}
_EDGES = {"初": (1, 2), "底": (11, 12), "末": (11, 12)}
_THIRDS = {"上旬": (1, 10), "初": (1, 10), "中旬": (11, 20)}

_Resolved = tuple[Days, bool]
"""Days, and whether the year was said."""


def chinese_dates(folded: str, today: datetime.date | None) -> list[DateSpan]:
    """The dates of a text in order, none overlapping another; the ends of a range one by one."""
    reader = _Reader(folded, today)
    end = 0
    for match in _SEED.finditer(folded):
        if match.start() >= end:
            end = max(end, reader.read(match.start()))
    return reader.found


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, folded: str, today: datetime.date | None) -> None:
        self.found: list[DateSpan] = []
        self._text = folded
        self._today = today

    def read(self, start: int) -> int:
        """Take the longest date that begins here, if any; its end, or 0."""
        span = self._at(start)
        if span is None:
            return 0
        self.found.append(span)
        return span.end

    def _at(self, start: int) -> DateSpan | None:
        readers = _OTHERS
        if self._text[start] in _NUMERALS:
            readers = _NUMERAL_FIRST
            if _NOT_BEFORE.search(self._text, max(0, start - 2), start):
                return None
        best: DateSpan | None = None
        for pattern, resolve in readers:
            match = pattern.match(self._text, start)
            if match is None or match.end() == start or (best and match.end() <= best.end):
                continue
            try:
                resolved = resolve(self, match)
            except (ValueError, OverflowError):
                continue
            if resolved is not None:
                (first, last), explicit = resolved
                best = DateSpan(first, last, start, match.end(), explicit)
        return self._since(best) if best else None

    def _since(self, span: DateSpan) -> DateSpan:
        """今年以来 and the like reach to today."""
        match = _SINCE.match(self._text, span.end)
        if match is None or self._today is None or span.first > self._today:
            return span
        return DateSpan(span.first, self._today, span.start, match.end(), span.explicit)

    def _now(self) -> datetime.date:
        if self._today is None:
            raise ValueError("no day to count from")
        return self._today

    def _before(self, start: int) -> DateSpan | None:
        """The last date of the same sentence."""
        if not self.found or start - self.found[-1].end > _LONGEST_SENTENCE:
            return None
        if _SENTENCE_END.search(self._text, self.found[-1].end, start):
            return None
        return self.found[-1]

    def iso(self, match: re.Match[str]) -> _Resolved | None:
        year = int(match["year"])
        if match["month_alone"]:
            return days.month(year, int(match["month_alone"])), True
        return days.day(year, int(match["month"]), int(match["day"])), True

    def century(self, match: re.Match[str]) -> _Resolved | None:
        if match["century"]:
            first = 100 * (_number(match["century"]) - 1)
        else:
            first = self._now().year // 100 * 100 - (100 if match["relative"][0] == "上" else 0)
        if match["decade"]:
            first += _number(match["decade"])
            return days.years(first, first + 9), match["century"] is not None
        return days.years(first, first + 99), match["century"] is not None

    def years(self, match: re.Match[str]) -> _Resolved | None:
        return days.years(_number(match["first"]), _number(match["last"])), True

    def calendar(self, match: re.Match[str]) -> _Resolved | None:
        if match["year"]:
            return _within(match, _number(match["year"])), True
        if match["relative"]:
            year, explicit = self._relative_year(match)
            return _within(match, year), explicit
        if match["edge"]:
            return None  # 年底 is a word of its own
        if not match["month"]:
            return _within(match, self._now().year), False
        year, explicit = self._year_left_out(match)
        return _within(match, year), explicit

    def _relative_year(self, match: re.Match[str]) -> tuple[int, bool]:
        word = match["relative"]
        offset = _YEAR_OFFSETS.get(word)
        if offset is not None:
            return self._now().year + offset, False
        before = self.found[-1] if self.found else None
        if before is None:
            raise ValueError(f"{word} of no date")
        return before.first.year + (word[0] in "次翌"), before.explicit

    def _year_left_out(self, match: re.Match[str]) -> tuple[int, bool]:
        month = _number(match["month0"] or match["month"])
        number = _number(match["day0"] or match["day"] or "1")
        announced = self._announced(match.start(), match.end())
        before = self._before(match.start())
        if before is not None and before.first.year == before.last.year:
            year = before.first.year
            if re.fullmatch(TO, self._text[before.end : match.start()]):
                earlier = (month, number) < (before.first.month, before.first.day)
                return year + earlier, before.explicit
            named = before.explicit or "年" in self._text[before.start : before.end]
            if named and (before.explicit or announced or self._is_past(year, month, number)):
                return year, before.explicit
        return days.without_year(self._now(), month, number, announced).year, False

    def _is_past(self, year: int, month: int, number: int) -> bool:
        today = self._now()
        return (year, month, number) <= (today.year, today.month, today.day)

    def _announced(self, start: int, end: int) -> bool:
        around = (
            _SENTENCE_END.split(self._text[max(0, start - _REACH) : start])[-1],
            _SENTENCE_END.split(self._text[end : end + _REACH])[0],
        )
        return any(_ANNOUNCES.search(text) for text in around)

    def day_alone(self, match: re.Match[str]) -> _Resolved | None:
        first = _number(match["day0"] or match["day"])
        last = _number(match["day"])
        if first > last or self._text.endswith(("近", "前", "后", "月", "年"), 0, match.start()):
            return None
        before = self._before(match.start())
        if before is not None and before.last.day <= first and _one_month(before):
            year, month, explicit = before.first.year, before.first.month, before.explicit
        else:
            one = self._day_without_month(first, self._announced(match.start(), match.end()))
            year, month, explicit = one.year, one.month, False
        return (datetime.date(year, month, first), datetime.date(year, month, last)), explicit

    def _day_without_month(self, number: int, ahead: bool) -> datetime.date:
        today = self._now()
        for offset in (0, 1) if ahead else (0, -1, -2):
            year, month = days.moved(today, offset)
            try:
                one = datetime.date(year, month, number)
            except ValueError:
                continue
            if one >= today if ahead else one <= today:
                return one
        raise ValueError(f"day {number}")

    def past(self, match: re.Match[str]) -> _Resolved | None:
        today = self._now()
        unit = _UNITS[match["unit"]]
        amount = match["amount"]
        if amount == "半":
            return (days.ending(today, 6, "month"), False) if unit == "year" else None
        if amount == "几":
            return days.ending(today, _RECENT_YEARS, unit), False
        return days.ending(today, _number(amount), unit), False

    def lately(self, match: re.Match[str]) -> _Resolved | None:
        if "年" in match[0]:
            return days.ending(self._now(), _RECENT_YEARS, "year"), False
        return days.ending(self._now(), _RECENT, "day"), False

    def day_words(self, match: re.Match[str]) -> _Resolved | None:
        if match["day"]:
            one = self._now() + datetime.timedelta(days=_DAY_OFFSETS[match["day"][:-1]])
            return (one, one), False
        if match["same"] or match["next"] or match["same_month"]:
            return self._leaning(match)
        if match["week"]:
            offset = -2 if match["week"] == "上上周" else _NEAR[match["week"][0]]
            return _of_week(days.week(self._now(), offset), match["weekday"]), False
        if match["month"]:
            year, month = days.moved(self._now(), _NEAR[match["month"][0]])
            return _third(days.month(year, month), match["third"]), False
        today = self._now()
        if match["edge"][0] == "月":
            return _third(days.month(today.year, today.month), match["edge"][1]), False
        return days.months(today.year, *_EDGES[match["edge"][1]]), False

    def _leaning(self, match: re.Match[str]) -> _Resolved | None:
        """当日 and 次日, which mean the date before them."""
        before = self.found[-1] if self.found else None
        if before is None:
            return None
        if match["same_month"]:
            later = 1 if match["same_month"][0] == "次" else 0
            year, month = days.moved(before.first, later)
            return (days.month(year, month), before.explicit) if _one_month(before) else None
        if before.first != before.last:
            return None
        one = before.first + datetime.timedelta(days=1 if match["next"] else 0)
        return (one, one), before.explicit


_Readers = tuple[tuple[re.Pattern[str], Callable[[_Reader, re.Match[str]], _Resolved | None]], ...]
_NUMERAL_FIRST: _Readers = (
    (_CALENDAR, _Reader.calendar),
    (_YEARS, _Reader.years),
    (_ISO, _Reader.iso),
    (_CENTURY, _Reader.century),
    (_DAY_ALONE, _Reader.day_alone),
)
_OTHERS: _Readers = (
    (_CALENDAR, _Reader.calendar),
    (_CENTURY, _Reader.century),
    (_PAST, _Reader.past),
    (_LATELY, _Reader.lately),
    (_DAY_WORDS, _Reader.day_words),
)


def _within(match: re.Match[str], year: int) -> Days:
    """What a match of the calendar says, in a year."""
    if match["month"]:
        return _within_month(match, year)
    if match["quarter"]:
        quarter = _number(match["quarter"])
        return days.months(year, 3 * quarter - 2, 3 * quarter)
    if match["quarters"]:
        return days.months(year, 1, 3 * _number(match["quarters"]))
    if match["half"]:
        return days.months(year, 1, 6) if match["half"] == "上" else days.months(year, 7, 12)
    if match["edge"]:
        return days.months(year, *_EDGES[match["edge"]])
    if match["season"]:
        first = _SEASONS[match["season"]]
        end = days.moved(datetime.date(year, first, 1), 2)
        return days.month(year, first)[0], days.month(*end)[1]
    return days.years(year, year)


def _within_month(match: re.Match[str], year: int) -> Days:
    month = _number(match["month"])
    if match["day"]:
        first = days.day(year, month, _number(match["day0"] or match["day"]))[0]
        last = days.day(year, month, _number(match["day"]))[1]
        if match["month0"] or first > last:
            raise ValueError(match[0])
        return first, last
    if match["month0"]:
        return days.months(year, _number(match["month0"]), month)
    return _third(days.month(year, month), match["third"])


def _third(month: Days, part: str | None) -> Days:
    if part is None:
        return month
    if part in _THIRDS:
        first, last = _THIRDS[part]
        return month[0].replace(day=first), month[0].replace(day=last)
    return month[0].replace(day=21), month[1]


def _of_week(week: Days, weekday: str | None) -> Days:
    if weekday is None:
        return week
    if weekday == "末":
        return week[1] - datetime.timedelta(days=1), week[1]
    one = week[0] + datetime.timedelta(days=min("一二三四五六日天".index(weekday), 6))
    return one, one


def _one_month(span: DateSpan) -> bool:
    return (span.first.year, span.first.month) == (span.last.year, span.last.month)


def _number(text: str) -> int:
    value = chinese_number(text.replace("○", "〇")) if not text.isdigit() else int(text)
    if value is None:
        raise ValueError(text)
    return int(value)
