"""Newspaper pages laid out by a seeded random compositor, with the troubles of a real text layer.

Whose articles they are does not matter: a page knows which characters belong to which article.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

SETS = ("ncp_policies", "crud_silver", "terror_news", "cmrc2018", "drcd")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊洋勇艳杰涛明超秀霞平刚桂英文华建国玉兰志鹏晓燕海波雪梅思远嘉宁子涵"
_PLACES = ("湖北", "江西赣州", "山东", "河南洛阳", "四川", "福建漳州")
_PRESS = ("本报", "新华社", "本报", "工人日报", "本网", "晚报")
_BOXES = (
    "阅读提示",
    "核心提示",
    "编者按",
    "相关链接",
    "新闻背景",
    "【延伸阅读】",
    "小贴士：",
    "名词解释",
)
_COLUMNS = ("G 心路", "■ 视点", "【一线】", "聚焦", "◆ 文化纪事", "观察", "◎ 民生关注")
_LETTER_LABELS = (
    ("读者来信", "专家解答"),
    ("读者来问", "律师说法"),
    ("来信", "回音"),
    ("问：", "答："),
)
_STRAY = (" with ", " and ", " the ")
_HALF_WIDTH = str.maketrans("，：；！？（）", ",:;!?()")
_SENTENCE = re.compile(r"[^。！？]+[。！？]+[”’」』）]*|[^。！？]+$")
_UNBREAKABLE = re.compile(
    r"[“‘（(《「]*(?:[A-Za-z0-9.%/:_-]{1,30}|.)[，。！？；：、”’）)》」,:;!?]*\s*"
)
_CLAUSE = re.compile(r"[^，。！？；：、,:;!?（）()\s]+")


@dataclass(frozen=True, slots=True)
class Source:
    """An article to lay out: title and paragraphs."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrintedParagraph:
    """Where in a page the characters of one article's paragraph stand."""

    article: int
    spans: tuple[tuple[int, int], ...]
    role: str


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """A page's text layer and the truth about it."""

    text: str
    titles: tuple[str, ...]
    paragraphs: tuple[PrintedParagraph, ...]
    joins: tuple[tuple[int, int], ...]
    """Where a sentence breaks off and where it goes on."""


@dataclass(slots=True)
class _Block:
    """Something printed as one paragraph."""

    article: int
    text: str
    role: str
    paragraph: int
    goes_on: bool = False
    """The next block of this paragraph holds the rest of it."""
    continues: bool = False
    glued: bool = False
    """Printed on the line right below the block above, without an empty one between."""
    extra_gap: bool = False


@dataclass(slots=True)
class _Draft:
    """An article's blocks before and after the place where it is broken."""

    head: list[_Block] = field(default_factory=list)
    body: list[_Block] = field(default_factory=list)


def read_sources(folder: Path) -> list[Source]:
    """Articles of the public sets, each cut into paragraphs, titled if need be by a clause."""
    sources = []
    for name in SETS:
        seen = set()
        for line in (folder / f"{name}.dev.passages.jsonl").read_text("utf-8").splitlines():
            passage = json.loads(line)
            source = _source(passage["title"], passage["text"])
            if source and source.title not in seen:
                seen.add(source.title)
                sources.append(source)
    return sources


def _source(title: str, text: str) -> Source | None:
    text = re.sub(r"^[\d\- :]+，正文：|原标题：", "", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    paragraphs: list[str] = []
    for line in re.split(r"\n+", text):
        sentences = [match[0].strip() for match in _SENTENCE.finditer(line.strip())]
        group = ""
        for sentence in filter(None, sentences):
            group += sentence
            if len(group) > 60 + 40 * (len(paragraphs) % 4):
                paragraphs.append(group)
                group = ""
        if group:
            paragraphs.append(group)
    whole = [part for part in paragraphs if 25 <= len(part) <= 500 and part[-1] in "。！？”"][:12]
    if len(whole) < 2:
        return None
    title = title.strip(". ") or _clause(whole[0], 8, 24)
    return Source(title, tuple(whole)) if 2 <= len(title) <= 34 else None


def _clause(text: str, least: int, most: int) -> str:
    for match in _CLAUSE.finditer(text):
        if least <= len(match[0]) <= most and not re.search(r"[“”‘’「」《》]", match[0]):
            return match[0]
    return ""


class Compositor:
    """Lays out one page; the same seed and sources give the same page."""

    def __init__(self, seed: int, sources: Sequence[Source]) -> None:
        self._random = random.Random(seed)
        self._sources = sources
        self._paragraph = 0
        self.half_width = self._chance(0.35)
        self.style = self._random.choice(
            ("blank lines", "blank lines", "blank lines", "indents", "lines", "wrapped", "wrapped")
        )
        self.width = self._random.choice((18, 21, 24, 28))

    def page(self) -> PrintedPage:
        """A page of five to nine articles."""
        count = self._random.randint(5, 9)
        chosen = self._random.sample(self._sources, count)
        drafts = [self._article(number, source) for number, source in enumerate(chosen)]
        blocks: list[_Block] = []
        pending: list[tuple[int, list[_Block]]] = []
        breakable = [n for n, draft in enumerate(drafts[:-1]) if len(draft.body) >= 4]
        broken = set(
            self._random.sample(
                breakable, min(len(breakable), self._random.choice((0, 1, 1, 1, 2)))
            )
        )
        for number, draft in enumerate(drafts):
            if blocks:
                draft.head[0].extra_gap = self._chance(0.3)
            blocks += draft.head
            if number in broken:
                first, rest = self._break(draft.body)
                blocks += first
                pending.append((number + self._random.randint(1, 2), rest))
            else:
                blocks += draft.body
            last = number == len(drafts) - 1
            for due, rest in [item for item in pending if last or item[0] <= number]:
                blocks += self._box(rest[0].article, chosen[rest[0].article]) + rest
                pending.remove((due, rest))
        return self._print(blocks, [source.title for source in chosen])

    # one article

    def _article(self, number: int, source: Source) -> _Draft:
        kind = self._random.choices(
            ("report", "photo", "letter", "tail", "lead", "bare"), (6, 1.5, 1, 2, 4, 0.7)
        )[0]
        paragraphs = list(source.paragraphs[: self._random.randint(3, 10)])
        if self._chance(0.4):
            paragraphs = [
                part for part in paragraphs if not re.match(r".{2,18}[电讯]", part)
            ] or paragraphs
        draft = _Draft()
        if kind == "photo":
            draft.head = [self._block(number, source.title, "title")]
            caption = paragraphs[0]
            credit = (
                f"{self._random.choice(('新华社记者', '本报记者', '本报通讯员'))} {self._name()} 摄"
            )
            style = self._random.choice(("line", "tail", "bracket"))
            if style == "line":
                draft.body = [self._body(number, caption), self._block(number, credit, "byline")]
            elif style == "tail":
                draft.body = [self._body(number, f"{caption} {credit}")]
            else:
                draft.body = [self._body(number, f"{caption}（{credit}）")]
            return draft
        draft.head = self._headline(number, source, paragraphs)
        if kind == "report":
            draft.head += self._bylines(number)
        elif kind == "lead":
            paragraphs[0] = self._lead() + paragraphs[0]
        if kind == "letter":
            first, second = self._random.choice(_LETTER_LABELS)
            draft.body = [
                self._block(number, first, "label"),
                self._body(number, f"编辑同志：我想请教一个问题。{paragraphs[0]}"),
                self._block(number, f"{self._random.choice(_PLACES)} {self._name()}", "signature"),
                self._block(number, second, "label"),
                *(self._body(number, part) for part in paragraphs[1:]),
                self._block(number, self._name(), "signature"),
            ]
            return draft
        draft.body = [self._body(number, part) for part in paragraphs]
        if len(paragraphs) >= 5 and self._chance(0.6):
            self._add_subheadings(number, draft.body)
        if kind == "report" and len(draft.body) > 2 and self._chance(0.25):
            clause = _clause(paragraphs[-1], 6, 20)
            where = self._random.randint(2, len(draft.body) - 1)
            words = f"图为{clause}的现场。本报记者 {self._name()} 摄"
            draft.body.insert(where, self._block(number, words, "caption"))
        if kind == "tail":
            last = next(block for block in reversed(draft.body) if block.role == "body")
            last.text += self._random.choice(
                (
                    f"（{self._name()}）",
                    f"({self._name()} {self._name()})",
                    f"（记者 {self._name()}）",
                )
            )
        return draft

    def _headline(self, number: int, source: Source, paragraphs: Sequence[str]) -> list[_Block]:
        head = []
        if self._chance(0.15):
            head.append(self._block(number, self._random.choice(_COLUMNS), "column"))
        kicker = _clause("".join(paragraphs[1:3]), 9, 22)
        if kicker and self._chance(0.5):
            head.append(self._block(number, kicker, "kicker"))
        if len(source.title) >= 16 and self._chance(0.15):
            cut = len(source.title) // 2
            head.append(self._block(number, source.title[:cut], "title"))
            rest = self._block(number, source.title[cut:], "title")
            rest.glued = True
            head.append(rest)
        else:
            head.append(self._block(number, source.title, "title"))
        if kicker and self._chance(0.12):
            below = _clause("".join(paragraphs[2:]), 9, 22)
            if below and below != kicker:
                head.append(self._block(number, f"——{below}", "kicker"))
        return head

    def _bylines(self, number: int) -> list[_Block]:
        press = self._random.choice(_PRESS)
        writer, other = self._name(), self._name()
        forms: list[Callable[[], list[str]]] = [
            lambda: [f"{press}记者 {writer}"],
            lambda: [f"{press}记者 {writer} 本报通讯员 {other}"],
            lambda: [f"{press}记者 {writer} {other}", f"本报通讯员 {self._name()}"],
            lambda: [f"记者 {writer} 通讯员 {other}"],
            lambda: [f"□ {press}记者　{writer}"],
            lambda: [f"□ {writer}"],
            lambda: [f"本报首席记者 {writer} 实习生 {other}"],
            lambda: [f"（{press}记者 {writer}）"],
            lambda: [f"{writer} 文/图"],
            lambda: [f"文/{writer} 图/{other}"],
            lambda: [f"本报特约记者 {writer}"],
            lambda: [f"{press}记者{writer} 通讯员{other}"],
            lambda: [f"记者{writer}、{other}"],
            lambda: [f"作者：{writer}"],
        ]
        blocks = [self._block(number, line, "byline") for line in self._random.choice(forms)()]
        for block in blocks[1:]:
            block.glued = True
        return blocks

    def _lead(self) -> str:
        writer, other = self._name(), self._name()
        return self._random.choice(
            (
                f"本报讯（记者{writer} 通讯员{other}）",
                f"本报讯(记者 {writer} 通讯员 {other})",
                f"本报讯（记者{writer}）",
                "本报讯 ",
                "新华社北京3月5日电（记者 " + writer + "、" + other + "）",
                f"本报讯（全媒体记者{writer}）",
                f"本报成都8月12日电（记者{writer}）",
            )
        )

    def _add_subheadings(self, number: int, body: list[_Block]) -> None:
        where = 2
        while where < len(body) - 1:
            clause = _clause(body[where].text, 5, 16)
            if clause:
                body.insert(where, self._block(number, clause, "subheading"))
            where += self._random.randint(3, 4)

    def _break(self, body: list[_Block]) -> tuple[list[_Block], list[_Block]]:
        """The blocks cut in two in the middle of a sentence of one of them."""
        inner = [
            index
            for index, block in enumerate(body)
            if 0 < index < len(body) - 1 and block.role == "body" and len(block.text) > 60
        ]
        if not inner:
            return body, []
        index = self._random.choice(inner)
        block = body[index]
        return [*body[:index], *(halves := self._halves(block))[:1]], [
            *halves[1:],
            *body[index + 1 :],
        ]

    def _halves(self, block: _Block) -> list[_Block]:
        least = 15
        choices = [
            at
            for at in range(least, len(block.text) - 15)
            if block.text[at - 1] not in "。！？；…：”」"
            and block.text[at] not in "。！？；"
            and not (block.text[at - 1] + block.text[at]).isascii()
            and " " not in block.text[at - 1 : at + 1]
        ]
        if self.style == "wrapped":
            # a column ends with a full line
            full = set(accumulate(map(len, self._wrap(block.text, indented=True))))
            choices = [at for at in choices if at in full]
        if not choices:
            return [block]
        at = self._random.choice(choices)
        first = _Block(block.article, block.text[:at], "body", block.paragraph, goes_on=True)
        rest = _Block(block.article, block.text[at:], "body", block.paragraph, continues=True)
        return [first, rest]

    def _box(self, number: int, source: Source) -> list[_Block]:
        if not self._chance(0.6):
            return []
        unused = source.paragraphs[10:] or source.paragraphs[:1]
        text = self._random.choice(unused)[:160]
        text = text if text[-1] in "。！？" else text + "。"
        return [
            self._block(number, self._random.choice(_BOXES), "label"),
            self._body(number, text, "box"),
        ]

    # pieces

    def _block(self, number: int, text: str, role: str) -> _Block:
        self._paragraph += 1
        if self.half_width:
            text = text.translate(_HALF_WIDTH)
        return _Block(number, text, role, self._paragraph)

    def _body(self, number: int, text: str, role: str = "body") -> _Block:
        if len(text) > 60 and self._chance(0.05):
            at = len(text) // 2
            text = text[:at] + self._random.choice(_STRAY) + text[at:]
        return self._block(number, text, role)

    def _name(self) -> str:
        given = "".join(self._random.choices(_GIVEN, k=self._random.choice((1, 2, 2))))
        return self._random.choice(_SURNAMES) + given

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    # the page

    def _print(self, blocks: list[_Block], titles: Sequence[str]) -> PrintedPage:
        blocks = list(self._with_column_breaks(blocks))
        text = ""
        if self._chance(0.3):
            text = "2025年3月5日 星期三 第3版 责编 李明 校对 王芳\n" + (
                "\n" if self._chance(0.5) else ""
            )
        spans: dict[int, list[tuple[int, int]]] = {}
        ends: dict[int, int] = {}
        joins = []
        for index, block in enumerate(blocks):
            text += self._gap(block) if index else ""
            if self._is_indented(block):
                text += "　　"
            for line_number, line in enumerate(self._lines(block)):
                text += "\n" if line_number else ""
                spans.setdefault(block.paragraph, []).append((len(text), len(text) + len(line)))
                text += line
            if block.continues:
                start = spans[block.paragraph][-1][0] if self.style != "wrapped" else -1
                joins.append((ends[block.paragraph], start))
            ends[block.paragraph] = len(text)
        if self._chance(0.2):
            text += "\n\n本版责编：赵静 美编：周涛\n"
        by_number = {block.paragraph: block for block in blocks}
        paragraphs = tuple(
            PrintedParagraph(by_number[number].article, tuple(where), by_number[number].role)
            for number, where in spans.items()
        )
        return PrintedPage(text, tuple(titles), paragraphs, tuple(joins))

    def _with_column_breaks(self, blocks: list[_Block]) -> Iterable[_Block]:
        for block in blocks:
            breaks = block.role == "body" and not block.goes_on and not block.continues
            if breaks and len(block.text) > 80 and self._chance(0.06):
                yield from self._halves(block)
            else:
                yield block

    def _gap(self, block: _Block) -> str:
        if self.style == "blank lines":
            if block.glued:
                return "\n"
            return "\n\n\n\n" if block.extra_gap else "\n\n"
        return "\n\n" if block.extra_gap else "\n"

    def _lines(self, block: _Block) -> list[str]:
        if self.style != "wrapped" or block.role not in ("body", "box", "caption"):
            return [block.text]
        lines = self._wrap(block.text, indented=self._is_indented(block))
        return [line.strip() for line in lines]

    def _is_indented(self, block: _Block) -> bool:
        if self.style not in ("indents", "wrapped") or block.continues:
            return False
        return block.role in ("body", "box")

    def _wrap(self, text: str, *, indented: bool) -> list[str]:
        """Lines of at most `width` wide characters; none begins with a closing mark."""
        lines = [""]
        room = 2 * self.width - 4 * indented
        for word in _UNBREAKABLE.findall(text):
            wide = cells(word.strip())
            if wide > room and lines[-1]:
                lines.append("")
                room = 2 * self.width
            lines[-1] += word
            room -= cells(word)
        return lines


def cells(text: str) -> int:
    """Width of a text, a Chinese character or mark being two."""
    return sum(2 if character >= "\u2000" else 1 for character in text)


def paragraphs_placed(
    page: PrintedPage, predicted: Sequence[Sequence[tuple[int, int]]]
) -> list[bool]:
    """For each paragraph whether all its characters are in the article that is its own.

    `predicted` holds the spans of each article found. An article found stands for the true one
    whose characters it has most of, and each true one is found once.
    """
    owner = [-1] * len(page.text)
    for article, spans in enumerate(predicted):
        for start, end in spans:
            owner[start:end] = [article] * (end - start)
    overlap: dict[tuple[int, int], int] = {}
    for paragraph in page.paragraphs:
        for start, end in paragraph.spans:
            for found in owner[start:end]:
                key = (found, paragraph.article)
                overlap[key] = overlap.get(key, 0) + 1
    truth: dict[int, int] = {}
    for (found, article), _ in sorted(overlap.items(), key=lambda item: -item[1]):
        if found >= 0 and found not in truth and article not in truth.values():
            truth[found] = article
    return [
        all(
            truth.get(owner[index]) == paragraph.article
            or page.text[index].isspace()
            or (owner[index] < 0 and page.text[index] in "（）()【】GＧ■◆◎□")
            for start, end in paragraph.spans
            for index in range(start, end)
        )
        for paragraph in page.paragraphs
    ]
