"""Plain text files: one article each, or the articles of a page."""

import hashlib
import time
from pathlib import Path

import pytest

from retrieval.corpus import text
from retrieval.corpus.fields import MAX_ARTICLE_BYTES
from retrieval.types import Article, Loaded, Problem

PAGE = (Path(__file__).parent / "pages" / "yunxi.txt").read_text("utf-8")
BODY = "桥修好了，孩子们上学近了三里路。\n\n老师说，雨天再也不用绕山路。"


def read(folder: Path, content: str | bytes, name: str = "news/a.txt") -> list[Loaded | Problem]:
    file = folder / "a.txt"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(text.read(file, name))


def articles(folder: Path, content: str | bytes) -> list[Article]:
    items = read(folder, content)
    assert all(isinstance(item, Loaded) for item in items), items
    return [item.article for item in items if isinstance(item, Loaded)]


def test_a_text_is_one_article_named_by_its_path(tmp_path: Path) -> None:
    (article,) = articles(tmp_path, f"\n\n{BODY}\n\n")
    assert article == Article("news/a.txt", "", BODY)


@pytest.mark.parametrize(
    ("beginning", "fields"),
    [
        ("新桥通车\n\n", {"title": "新桥通车"}),
        ("新桥通车\n本报记者 何青\n\n", {"title": "新桥通车", "byline": "本报记者 何青"}),
        (
            "三里路的故事\n\n新桥通车\n\n本报记者 何青\n本报通讯员 陆遥\n\n",
            {
                "kicker": "三里路的故事",
                "title": "新桥通车",
                "byline": "本报记者 何青 本报通讯员 陆遥",
            },
        ),
        ("新桥通车\n　　", {"title": "新桥通车"}),
        (
            "2025年3月5日 星期三 第3版 责编 何青\n新桥通车\n\n",
            {"title": "新桥通车", "date": "2025-03-05", "page": "第3版"},
        ),
    ],
)
def test_a_headline_and_a_byline_are_taken_from_the_beginning(
    tmp_path: Path, beginning: str, fields: dict[str, str]
) -> None:
    (article,) = articles(tmp_path, beginning + BODY)
    defaults = {"title": ""}
    assert article == Article("news/a.txt", text=article.text, **(defaults | fields))
    assert article.text.strip() == BODY


@pytest.mark.parametrize(
    "content",
    [
        "亲爱的老师：\n\n您好，来信收到了。",
        "你吃饭了吗？\n\n吃过了。",
        "- 苹果\n- 香蕉\n",
        "The quick brown fox jumps over the lazy dog, and then it\nruns away into the dark wood.",
        "2024年5月6日\n\n今天下雨，哪里也没去。",
        "只有一行",
    ],
)
def test_no_headline_is_made_of_what_is_none(tmp_path: Path, content: str) -> None:
    (article,) = articles(tmp_path, content)
    assert (article.title, article.text) == ("", content.strip())


def test_a_page_becomes_its_articles(tmp_path: Path) -> None:
    found = articles(tmp_path, PAGE)
    assert len(found) == 8
    title = "一条石板路，走出新日子"
    digest = hashlib.sha256(title.encode()).hexdigest()[:8]
    assert (found[0].id, found[0].title) == (f"news/a.txt#{digest}", title)
    assert (found[0].date, found[0].page) == ("2026-04-18", "第6版")
    assert len({article.id for article in found}) == 8


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "gb18030"])
def test_any_encoding_and_line_end_gives_the_same(tmp_path: Path, codec: str) -> None:
    written = PAGE.replace("\n", "\r\n").encode(codec)
    assert articles(tmp_path, written) == articles(tmp_path, PAGE)


def test_articles_of_one_title_have_ids_of_their_own(tmp_path: Path) -> None:
    twice = "".join(
        f"文化动态\n\n本报记者 何青\n\n{body}\n\n"
        for body in ("东湖添了二十把折叠椅，老人可以坐着打拳。", "北岸中学的天文台周六开放。")
    )
    first, second = articles(tmp_path, twice)
    assert first.title == second.title == "文化动态"
    assert first.id != second.id
    assert [article.id for article in articles(tmp_path, twice)] == [first.id, second.id]


def test_what_is_no_text_is_a_problem(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, b"\x00\x01\xff\xfe\x02" * 100)
    assert isinstance(problem, Problem)
    (problem,) = read(tmp_path, " \n\n ")
    assert problem == Problem("news/a.txt", "empty: there is no text")


def test_a_text_of_two_megabytes_is_read_in_seconds(tmp_path: Path) -> None:
    line = "这是一段很长的文字，写的是河边的桥和桥下的水。\n"
    content = line * (MAX_ARTICLE_BYTES // len(line.encode()))
    started = time.perf_counter()
    assert len(articles(tmp_path, content)) == 1
    assert time.perf_counter() - started < 20
    (problem,) = read(tmp_path, content + line)
    assert problem == Problem("news/a.txt", "article over 2 MB")
