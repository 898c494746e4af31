"""What a web page states about its article: title, kicker, byline, column, date, source.

Three places, the first that says something counts: the block of properties that the newspapers'
Founder e-paper system writes into a comment; the line of labels that Chinese pages print below the
headline (2025年3月5日 来源：… 作者：…); the meta elements. Nothing is taken from running text.
"""

import html
import re
from collections.abc import Iterable, Mapping

MAX_LABEL_LINE = 150
_MAX_VALUE = 60
_MAX_REST = 6
"""Characters that a line of labels may hold beside them, such as 分享到 or a column."""

_DATE = re.compile(
    r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?(?:\s*(?:星期|周)[一二三四五六日天])?"
    r"(?:[T\s]*\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)?"
)
_LABEL = re.compile(
    r"(?<![\u4e00-\u9fff])(来源|稿源|信息来源|文章来源|作者|文|本报记者|记者|通讯员|撰文|发布时间|发布日期|发表时间|发稿时间|更新时间"
    r"|时间|日期|责任编辑|编辑|责编|校对|审核|浏览次数|浏览|点击|阅读|字号|字体|分享到|分享|打印)\s*[:：]"
)
_SOURCES = frozenset(("来源", "稿源", "信息来源", "文章来源"))
_BYLINES = {"作者": "", "文": "", "撰文": "", "本报记者": "本报记者 ", "记者": "记者 "}
_REPORTER = re.compile(r"(?:本报)?记者\s+[\u4e00-\u9fff·]{2,4}(?:[\s、][\u4e00-\u9fff·]{2,4})*")
_ALONE = re.compile(r"[（(]((?:本报)?(?:记者|通讯员)[^（()）。]{2,60})[)）]")

_META = {
    "date": (
        "article:published_time og:published_time datepublished pubdate publishdate publish_time"
        " publishtime publish-date dc.date dc.date.issued date"
    ),
    "byline": "author article:author dc.creator",
    "column": "article:section columnname",
    "source": "source og:site_name mediaid",
}
_FOUNDER = re.compile(r"<!--\s*enpproperty(.*?)/enpproperty\s*-->", re.DOTALL)
_FOUNDER_FIELD = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)
_FOUNDER_NAMES = {
    "title": "title",
    "introtitle": "kicker",
    "author": "byline",
    "nodename": "column",
    "date": "date",
    "sourcename": "source",
}
_FOUNDER_TEXT = re.compile(r"<!--\s*enpcontent\s*-->(.*?)<!--\s*/enpcontent\s*-->", re.DOTALL)
_TAG = re.compile("<[^>]*>")
_SEPARATORS = "-_|–—·•:：>»"

Stated = dict[str, str]


def founder_fields(source: str) -> Stated:
    """Of the e-paper's comment, empty on other pages."""
    block = _FOUNDER.search(source)
    if block is None:
        return {}
    fields = {
        _FOUNDER_NAMES[name]: " ".join(html.unescape(_TAG.sub(" ", value)).split())
        for name, value in _FOUNDER_FIELD.findall(block[1])
        if name in _FOUNDER_NAMES
    }
    return {name: value for name, value in fields.items() if value}


def founder_text(source: str) -> str:
    """The part of an e-paper's page that is the article, "" on other pages."""
    found = _FOUNDER_TEXT.search(source)
    return found[1] if found else ""


def meta_fields(metas: Mapping[str, str]) -> Stated:
    """Of meta elements by lower-case name. A byline that is an address is none."""
    fields: Stated = {}
    for field, names in _META.items():
        value = next((metas[name] for name in names.split() if metas.get(name)), "")
        if value and not (field == "byline" and value.startswith(("http:", "https:"))):
            fields[field] = value
    return fields


def label_fields(line: str) -> Stated | None:
    """What a line of labels states; None for any other line, {} for labels of no use to us."""
    if len(line) > MAX_LABEL_LINE or "。" in line:
        return None
    labels = list(_LABEL.finditer(line))
    lead = line[: labels[0].start()] if labels else line
    dates = _DATE.findall(line)
    rest = _REPORTER.sub("", _DATE.sub("", lead)).strip(" \u3000|/-·")
    if not (labels or (dates and _REPORTER.search(lead))) or len(rest) > _MAX_REST:
        return None
    fields: Stated = {"date": dates[0].strip()} if dates else {}
    if reporter := _REPORTER.search(lead):
        fields["byline"] = reporter[0]
    ends = [label.start() for label in labels[1:]] + [len(line)]
    for label, end in zip(labels, ends, strict=False):
        value = _DATE.sub(" ", line[label.end() : end])
        reporter = _REPORTER.search(value)
        if reporter and label[1] in _SOURCES:
            fields.setdefault("byline", reporter[0])
            value = value.replace(reporter[0], " ")
        value = " ".join(value.split()).strip("|/ []【】（）()")
        if len(value) > _MAX_VALUE:
            return None
        if not value:
            continue
        if label[1] in _SOURCES:
            fields.setdefault("source", value)
        elif label[1] in _BYLINES:
            fields.setdefault("byline", _BYLINES[label[1]] + value)
    return fields


def is_date(line: str) -> bool:
    """Whether a line is a day and nothing else."""
    return _DATE.fullmatch(line.strip()) is not None


def byline_alone(line: str) -> str:
    """The names of a last line such as （记者 张明 通讯员 李红）, else ""."""
    found = _ALONE.fullmatch(line)
    return found[1] if found else ""


def headline(title: str, lines: Iterable[str]) -> str:
    """The title as the page prints it, without the name of the site behind it."""
    best = ""
    for line in lines:
        rest = title[len(line) :].strip()
        if (
            len(line) > len(best)
            and title.startswith(line)
            and (not rest or rest[0] in _SEPARATORS)
        ):
            best = line
    return best or title
