"""Files to articles: whatever an editor puts into the folder, it is read or reported."""

import hashlib
import json
import os
import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.corpus import read_corpus
from retrieval.corpus.fields import parse_date
from retrieval.corpus.markdown import plain_text
from retrieval.errors import CorpusError
from retrieval.types import Article, Loaded, Problem
from tests.conftest import CORPUS

NEWS = (
    "国家数据局日前发布通知，要求各地区各部门加强数据资源的统筹管理，提升公共服务水平。"
    "“我们要把实事办好。”负责人说。今年以来，全市共办理3547件，满意率达98.6%。"
)
TRADITIONAL_NEWS = (
    "臺北市政府昨日宣布，將於下個月起調整大眾運輸票價，請民眾留意相關資訊。"
    "市長表示，這項措施預計可以減輕學生的負擔。"
)
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def write(folder: Path, name: str, content: str | bytes = "正文。") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def article_file(fields: str = "", text: str = "正文。") -> str:
    return f"---\ntitle: 标题\n{fields}\n---\n{text}\n"


def line(**fields: object) -> str:
    return json.dumps({"id": "1", "title": "标题", "text": "正文。"} | fields) + "\n"


def items(folder: Path) -> list[Loaded | Problem]:
    return [item for item in read_corpus(folder) if isinstance(item, Loaded | Problem)]


def articles(folder: Path) -> list[Article]:
    return [item.article for item in items(folder) if isinstance(item, Loaded)]


def problems(folder: Path) -> list[Problem]:
    return [item for item in items(folder) if isinstance(item, Problem)]


def only_article(folder: Path) -> Article:
    (item,) = items(folder)
    assert isinstance(item, Loaded)
    return item.article


def only_problem(folder: Path) -> Problem:
    (item,) = items(folder)
    assert isinstance(item, Problem)
    return item


# Markdown: front matter


def test_every_field_of_the_front_matter_is_read(tmp_path: Path) -> None:
    names = ("id", "title", "kicker", "byline", "column", "source", "page", "url")
    front = "".join(f"{name}: {name} 值\n" for name in names)
    write(tmp_path, "a.md", f"---\n{front}date: 2025-03-05\n---\n\n正文。\n")
    expected = {name: f"{name} 值" for name in names}
    assert only_article(tmp_path) == Article(text="正文。", date="2025-03-05", **expected)


def test_the_articles_shipped_are_read_without_a_problem() -> None:
    found = items(CORPUS)
    assert len(found) == 8
    assert all(isinstance(item, Loaded) for item in found)


@pytest.mark.parametrize(
    ("front", "expected_line"),
    [
        ("title: a\nkicker: [1,\n", 4),
        ("title: a\n\tkicker: b\n", 3),
        ("title: 公告: 放假\n", 2),
        ("a: 1\nb: 2\nc: *nobody\n", 4),
    ],
)
def test_broken_front_matter_is_reported_with_its_line(
    tmp_path: Path, front: str, expected_line: int
) -> None:
    write(tmp_path, "a.md", f"---\n{front}---\n正文。")
    problem = only_problem(tmp_path)
    assert problem.reason.startswith("front matter is not valid YAML: ")
    assert (problem.file, problem.line) == ("a.md", expected_line)


def test_front_matter_that_is_not_closed_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: 标题\n\n正文。")
    assert only_problem(tmp_path).reason == "front matter is not closed: a line --- is missing"


@pytest.mark.parametrize("front", ["- a\n- b", "just words", "5"])
def test_front_matter_that_is_no_mapping_is_reported(tmp_path: Path, front: str) -> None:
    write(tmp_path, "a.md", f"---\n{front}\n---\n正文。")
    assert only_problem(tmp_path).reason.startswith("front matter must be lines of the form")


def test_front_matter_with_control_characters_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("kicker: a\x07b", NEWS * 5))
    assert "not valid YAML" in only_problem(tmp_path).reason


@pytest.mark.parametrize("front", ["", "# nothing but a remark\n"])
def test_empty_front_matter_leaves_the_text(tmp_path: Path, front: str) -> None:
    write(tmp_path, "a.md", f"---\n{front}---\n正文。")
    assert [article.text for article in articles(tmp_path)] == ["正文。"]


def test_front_matter_alone_is_reported_as_empty(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "---\ntitle: 标题\n---\n")
    assert only_problem(tmp_path) == Problem("a.md", "empty: there is no text")


@pytest.mark.parametrize("content", ["", " \n\n\t", "\ufeff", "# 标题\n", "---\n---\n"])
def test_a_file_without_text_is_reported_as_empty(tmp_path: Path, content: str) -> None:
    write(tmp_path, "a.md", content)
    assert only_problem(tmp_path) == Problem("a.md", "empty: there is no text")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("007", "007"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("No", "No"),
        ("1e400", "1e400"),
        ("2025-03-05", "2025-03-05"),
        ("'引号'", "引号"),
        ("~", ""),
    ],
)
def test_a_field_is_read_as_it_is_written(tmp_path: Path, written: str, read: str) -> None:
    write(tmp_path, "a.md", article_file(f"page: {written}"))
    assert only_article(tmp_path).page == read


def test_a_list_of_texts_is_joined(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("byline: [本报记者, 彭冰]"))
    assert only_article(tmp_path).byline == "本报记者 彭冰"


@pytest.mark.parametrize("value", ["{a: b}", "[[a]]", "[a, {b: c}]", "长" * 5001])
def test_a_field_that_is_no_short_text_is_left_out_and_reported(tmp_path: Path, value: str) -> None:
    write(tmp_path, "a.md", article_file(f"byline: {value}"))
    assert [problem.reason for problem in problems(tmp_path)] == [
        "byline is not a short text; left out"
    ]
    assert [article.byline for article in articles(tmp_path)] == [""]


def test_an_alias_that_holds_itself_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("byline: &loop [*loop]"))
    assert only_problem(tmp_path).line == 3


def test_aliases_that_multiply_are_not_unfolded(tmp_path: Path) -> None:
    layers = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    layers += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise("abcdefgh")]
    write(tmp_path, "a.md", article_file("\n".join([*layers, "kicker: *h"])))
    assert [problem.reason for problem in problems(tmp_path)] == [
        "kicker is not a short text; left out"
    ]


def test_a_long_text_repeated_by_aliases_is_left_out(tmp_path: Path) -> None:
    repeated = ", ".join(["*long"] * 500)
    write(tmp_path, "a.md", article_file(f"x: &long {'长' * 5000}\nkicker: [{repeated}]"))
    assert [article.kicker for article in articles(tmp_path)] == [""]


@pytest.mark.parametrize("opener", ["[", "- ", "? ", "{a: "])
def test_deep_front_matter_is_reported(tmp_path: Path, opener: str) -> None:
    write(tmp_path, "a.md", f"---\n{opener * 2400}\n---\n正文。")
    assert "front matter" in only_problem(tmp_path).reason


def test_endless_front_matter_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("remark: " + "长" * 10_001))
    assert only_problem(tmp_path).reason == "front matter over 10,000 characters"


def test_a_python_object_in_the_front_matter_is_only_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("kicker: !!python/object/apply:os.getcwd []"))
    assert [article.kicker for article in articles(tmp_path)] == [""]


# Markdown: title and text


def test_a_missing_title_is_reported_and_the_article_kept(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "正文。")
    assert items(tmp_path) == [
        Problem("a.md", "title is missing; indexed without one", lost=False),
        Loaded(Article("a.md", title="", text="正文。"), "a.md"),
    ]


@pytest.mark.parametrize("front", ["", "---\nkicker: ''\n---\n", "---\ntitle: null\n---\n"])
def test_a_leading_heading_serves_as_title(tmp_path: Path, front: str) -> None:
    write(tmp_path, "a.md", f"{front}\n# 一个**标题**\n\n正文。")
    article = only_article(tmp_path)
    assert (article.title, article.text) == ("一个标题", "正文。")


def test_a_heading_below_a_title_stays_in_the_text(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file(text="# 小标题\n\n正文。"))
    assert only_article(tmp_path).text == "小标题\n\n正文。"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("一段。\n\n二段。", "一段。\n\n二段。"),
        ("## 小标题\n正文", "小标题\n\n正文"),
        ("甲*乙*丙**丁**`戊`", "甲乙丙丁戊"),
        ("[链接](http://example.com)后", "链接后"),
        ("![说明](a.png)", "说明"),
        ("> 引用", "引用"),
        ("- 甲\n- 乙", "甲\n\n乙"),
        ("1. 甲\n2. 乙", "1. 甲\n\n2. 乙"),
        ("0. 甲\n1. 乙", "0. 甲\n\n1. 乙"),
        ("3) 甲\n3) 乙", "3) 甲\n\n4) 乙"),
        ("1.\n2. 乙", "2. 乙"),
        ("1. ```\n   码\n   ```\n\n段", "1. 码\n\n段"),
        ("甲\n\n***\n\n乙", "甲\n\n乙"),
        ("行一\n行二", "行一\n行二"),
        ("　　首行缩进", "首行缩进"),
        ("```\n  原样\n```", "  原样"),
        ("<b>甲</b>", "<b>甲</b>"),
        ("**注意：**不要", "注意：不要"),
        ("在**“职工之家”**里，**甲**和**乙。**", "在“职工之家”里，甲和乙。"),
        ("李**、王**和138****5678", "李**、王**和138****5678"),
    ],
)
def test_markdown_marks_are_removed(markdown: str, text: str) -> None:
    assert plain_text(markdown) == ("", text)


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_of_other_systems_are_made_newlines(tmp_path: Path, ending: str) -> None:
    write(tmp_path, "a.md", article_file(text="第一行\n第二行\n\n第二段").replace("\n", ending))
    assert only_article(tmp_path).text == "第一行\n第二行\n\n第二段"


def test_a_markdown_file_over_two_megabytes_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file(text="字" * 700_000))
    assert only_problem(tmp_path).reason == "over 2 MB; split it or make it smaller"


# Dates


@pytest.mark.parametrize(
    "written",
    [
        "2025-03-05",
        "2025-3-5",
        "2025/03/05",
        "2025.3.5",
        "2025年3月5日",
        "2025 年 3 月 5 日",
        "２０２５年３月５日",
        "2025年3月5日星期三",
        "2025年03月05日08:30",
        "2025-03-05 10:00:00",
        "2025-03-05T10:00:00+08:00",
        " 2025-03-05\n",
    ],
)
def test_a_day_is_read_in_any_common_spelling(written: str) -> None:
    assert parse_date(written) == "2025-03-05"


@pytest.mark.parametrize(
    "written",
    ["yesterday", "2025", "2025-03", "2025-02-30", "2025-13-01", "05-03-2025", "2025-03-051", "0"],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_wrong_date_is_reported_and_the_article_kept_undated(
    tmp_path: Path, written: str, quote: str
) -> None:
    write(tmp_path, "a.md", article_file(f"date: {quote}{written}{quote}"))
    problem, loaded = items(tmp_path)
    assert isinstance(problem, Problem)
    assert problem.reason == "date is not a day like 2025-03-05; indexed without a date"
    assert isinstance(loaded, Loaded)
    assert loaded.article.date == ""


@pytest.mark.parametrize("value", [5, 1.5, True, ["2025-03-05"], {"a": 1}, [], {}])
def test_a_date_that_is_no_text_is_wrong(value: object) -> None:
    assert parse_date(value) is None


@pytest.mark.parametrize("value", [None, ""])
def test_no_date_is_nothing_wrong(value: object) -> None:
    assert parse_date(value) == ""


# Ids


def test_an_article_without_an_id_is_named_by_its_path(tmp_path: Path) -> None:
    write(tmp_path, "要闻/2025/第 一篇.md", article_file())
    assert only_article(tmp_path).id == "要闻/2025/第 一篇.md"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5", "5"),
        ("1.50", "1.50"),
        ("true", "true"),
        ("[甲, 乙]", "甲 乙"),
        ("' a  b '", "a b"),
        ("''", "a.md"),
        ("~", "a.md"),
        ("'  '", "a.md"),
        ("[]", "a.md"),
        ("['', '']", "a.md"),
    ],
)
def test_an_id_of_an_odd_kind_becomes_text(tmp_path: Path, written: str, expected: str) -> None:
    write(tmp_path, "a.md", article_file(f"id: {written}"))
    assert only_article(tmp_path).id == expected


@pytest.mark.parametrize("written", ["{a: b}", "[[a]]", "x" * 501, "长" * 6000])
def test_an_id_that_is_no_short_text_is_replaced_and_reported(tmp_path: Path, written: str) -> None:
    write(tmp_path, "a.md", article_file(f"id: {written}"))
    assert [problem.reason for problem in problems(tmp_path)] == [
        "id is not a short text; the file's name is used"
    ]
    assert [article.id for article in articles(tmp_path)] == ["a.md"]


def test_of_two_articles_with_one_id_the_first_path_wins(tmp_path: Path) -> None:
    write(tmp_path, "b.md", article_file("id: same", "后来的。"))
    write(tmp_path, "a.md", article_file("id: same", "先来的。"))
    write(tmp_path, "c.jsonl", line(id="same"))
    reason = "the id 'same' is already that of an article in a.md"
    assert problems(tmp_path) == [
        Problem("b.md", reason, lost=False),
        Problem("c.jsonl", reason, 1, lost=False),
    ]
    assert [article.text for article in articles(tmp_path)] == ["先来的。"]


def test_a_document_of_another_kind_is_reported_and_a_picture_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("title: 标题"))
    (tmp_path / "b.wps").write_bytes(b"x")
    (tmp_path / "c.png").write_bytes(b"x")
    (found,) = problems(tmp_path)
    assert (found.file, found.lost) == ("b.wps", False)
    assert "save it as one of these" in found.reason


def test_an_emptied_jsonl_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", "\n \n")
    assert problems(tmp_path) == [Problem("a.jsonl", "empty: there is no article in it")]


def test_an_id_that_is_anothers_path_is_taken(tmp_path: Path) -> None:
    write(tmp_path, "a.md", article_file("id: b.md"))
    write(tmp_path, "b.md", article_file())
    assert [problem.file for problem in problems(tmp_path)] == ["b.md"]


# The folder


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no folder of articles at"):
        list(read_corpus(tmp_path / "missing"))


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no folder of articles at"):
        list(read_corpus(write(tmp_path, "file")))


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert items(tmp_path) == []


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be opened while the test runs."""
    folder = tmp_path / "locked"
    write(folder, "a.md", article_file())
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@as_user
def test_a_folder_that_cannot_be_listed_is_an_error(locked: Path) -> None:
    with pytest.raises(CorpusError, match="locked: Permission denied"):
        list(read_corpus(locked))


@as_user
def test_a_folder_inside_a_locked_one_is_an_error(locked: Path) -> None:
    with pytest.raises(CorpusError, match="Permission denied"):
        list(read_corpus(locked / "inner"))


@as_user
def test_a_locked_sub_folder_is_reported_and_the_rest_goes_on(locked: Path) -> None:
    write(locked.parent, "b.md", article_file())
    assert problems(locked.parent) == [Problem("locked", "cannot be listed: Permission denied")]
    assert [article.id for article in articles(locked.parent)] == ["b.md"]


@as_user
def test_files_of_a_folder_that_cannot_be_entered_are_reported(locked: Path) -> None:
    locked.chmod(0o400)
    assert only_problem(locked.parent) == Problem(
        "locked/a.md", "cannot be read: Permission denied"
    )


@as_user
@pytest.mark.parametrize("name", ["a.md", "a.jsonl"])
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, name: str) -> None:
    write(tmp_path, name).chmod(0)
    assert only_problem(tmp_path) == Problem(name, "cannot be read: Permission denied")


@pytest.mark.parametrize("name", ["a.md", "a.jsonl"])
def test_a_pipe_is_reported_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert only_problem(tmp_path) == Problem(name, "not a regular file")


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "readme.md",
        "README_en.md",
        "golden.jsonl",
        ".hidden.md",
        "_draft.md",
        ".git/a.md",
        "_drafts/a.md",
        "sub/README.md",
        "sub/golden.jsonl",
        "sub/_x/y/a.md",
    ],
)
def test_what_is_no_article_by_its_name_is_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, b"\x00rubbish")
    assert items(tmp_path) == []


@pytest.mark.parametrize("name", ["a.png", "a", "a.md.bak", "Makefile"])
def test_other_files_are_passed_over(tmp_path: Path, name: str) -> None:
    write(tmp_path, name)
    assert items(tmp_path) == []


@pytest.mark.parametrize("name", ["两 会.md", "A.MD", "日报/头版.md", "a#b?.md", "~.md"])
def test_any_file_name_is_read(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, article_file())
    assert only_article(tmp_path).id == name


def test_a_folder_named_like_an_article_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.md/b.md", article_file())
    assert only_article(tmp_path).id == "a.md/b.md"


@pytest.mark.parametrize("name", [b"\xff\xfe.md", b"\xff/a.md"])
def test_a_name_that_is_not_utf_8_is_reported(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/" + name))
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text("正文。", "utf-8")
    except OSError:
        pytest.skip("this file system keeps such names out")
    problem = only_problem(tmp_path)
    assert problem.reason.startswith("file name is not valid UTF-8")
    assert problem.file.encode()


def test_articles_come_by_path(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.md", "a.md", "c/a.md", "B.md"):
        write(tmp_path, name, article_file())
    assert [article.id for article in articles(tmp_path)] == [
        "B.md",
        "a.md",
        "a/z.md",
        "b.md",
        "c/a.md",
    ]


# Links


@pytest.mark.parametrize("target", ["secret.md", "folder", "missing.md", "../.."])
def test_a_link_out_of_the_folder_is_reported_and_not_followed(tmp_path: Path, target: str) -> None:
    outside = tmp_path / "outside"
    write(outside, "secret.md", article_file())
    write(outside, "folder/a.md", article_file())
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "link.md").symlink_to(outside / target)
    assert only_problem(corpus) == Problem("link.md", "link that leads out of the folder")


def test_a_link_to_a_folder_within_is_not_read_twice(tmp_path: Path) -> None:
    write(tmp_path, "real/a.md", article_file())
    (tmp_path / "link").symlink_to("real")
    assert only_article(tmp_path).id == "real/a.md"


def test_a_link_to_a_file_within_is_an_article_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "_drafts/a.md", article_file())
    (tmp_path / "b.md").symlink_to("_drafts/a.md")
    assert only_article(tmp_path).id == "b.md"


@pytest.mark.parametrize("target", [".", "..", "loop"])
def test_links_that_loop_end(tmp_path: Path, target: str) -> None:
    write(tmp_path, "corpus/sub/a.md", article_file())
    (tmp_path / "corpus/sub/loop").symlink_to(target)
    assert only_article(tmp_path / "corpus").id == "sub/a.md"


def test_an_article_that_links_to_itself_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("a.md")
    assert only_problem(tmp_path) == Problem("a.md", "not a regular file")


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, "real/a.md", article_file())
    (tmp_path / "corpus").symlink_to("real")
    assert only_article(tmp_path / "corpus").id == "a.md"


# JSON Lines


def test_every_line_is_an_article(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", line(id="1", byline="彭冰", date="2025/3/5") + line(id="2", page=3))
    first, second = articles(tmp_path)
    assert first == Article("1", title="标题", text="正文。", byline="彭冰", date="2025-03-05")
    assert second.page == "3"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{"text": "没有结尾', "not valid JSON: "),
        ("null", "not an object"),
        ("[1]", "not an object"),
        ('"text"', "not an object"),
        ("{}", "the field text is missing or is not a string"),
        (line(text=None), "the field text is missing or is not a string"),
        (line(text=["正文"]), "the field text is missing or is not a string"),
        (line(text=""), "empty: there is no text"),
        (line(text=" \n"), "empty: there is no text"),
        ("[" * 100_000, "not valid JSON: too deep or too long"),
        ('{"a":' * 100_000, "not valid JSON: too deep or too long"),
        ('{"page": ' + "1" * 5000 + "}", "not valid JSON: too deep or too long"),
        (b'{"text": "caf\xe9"}', "not valid utf-8"),
        (line(text="字" * 700_000), "article over 2 MB"),
        (line(text="a" * 2_000_001), "article over 2 MB"),
        (b'{"text": "' + b"a" * 6_000_001 + b'"}', "article over 2 MB"),
    ],
    ids=range(16),
)
def test_a_broken_line_is_reported_and_the_rest_goes_on(
    tmp_path: Path, broken: str | bytes, reason: str
) -> None:
    raw = broken if isinstance(broken, bytes) else broken.encode()
    good = line(id="before").encode(), line(id="after").encode()
    write(tmp_path, "a.jsonl", good[0] + raw.rstrip(b"\n") + b"\n" + good[1])
    (problem,) = problems(tmp_path)
    assert (problem.file, problem.line) == ("a.jsonl", 2)
    assert problem.reason.startswith(reason)
    assert [article.id for article in articles(tmp_path)] == ["before", "after"]


def test_an_article_just_within_two_megabytes_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", line(text="字" * 666_666))
    assert len(only_article(tmp_path).text) == 666_666


@pytest.mark.parametrize(
    "text", ["  两端空白\n", "\r\n换行\r", "**不是** # Markdown", "\ufeff", "　", "a\u2028b", "😀"]
)
def test_the_text_of_a_line_is_kept_as_it_is(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.jsonl", line(text=text + "正文"))
    assert only_article(tmp_path).text == text + "正文"


def test_unstorable_characters_of_a_line_are_replaced_one_for_one(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", r'{"id": "\ud800", "title": "a\u0000b", "text": "a\u0000b\udfffc"}')
    article = only_article(tmp_path)
    assert (article.id, article.title, article.text) == ("\ufffd", "a\ufffdb", "a\ufffdb\ufffdc")


@pytest.mark.parametrize("missing", [{}, {"title": ""}, {"title": None}])
def test_a_line_needs_no_title(tmp_path: Path, missing: dict[str, object]) -> None:
    write(tmp_path, "a.jsonl", json.dumps({"id": "1", "text": "正文。"} | missing))
    assert only_article(tmp_path).title == ""


@pytest.mark.parametrize(
    ("fields", "named_by"),
    [
        ({"title": "标题", "text": "正文。"}, "标题"),
        ({"title": "", "text": "字" * 60}, "字" * 50),
        ({"text": "短。", "id": ""}, "短。"),
        ({"text": "短。", "id": None, "title": None}, "短。"),
    ],
)
def test_a_line_without_an_id_is_named_by_its_title_or_beginning(
    tmp_path: Path, fields: dict[str, object], named_by: str
) -> None:
    write(tmp_path, "sub/a.jsonl", json.dumps(fields))
    digest = hashlib.sha256(named_by.encode()).hexdigest()
    assert only_article(tmp_path).id == f"sub/a.jsonl#{digest[:8]}"


def test_two_lines_of_one_title_and_no_id_collide(tmp_path: Path) -> None:
    same = json.dumps({"title": "简讯", "text": "甲。"}) + "\n"
    write(tmp_path, "a.jsonl", same + same)
    assert len(articles(tmp_path)) == 1
    assert "is already that of an article in a.jsonl" in problems(tmp_path)[0].reason


@pytest.mark.parametrize("value", [True, {"a": 1}, [[1]], "x" * 501])
def test_a_line_with_an_id_that_is_no_short_text_is_named_otherwise(
    tmp_path: Path, value: object
) -> None:
    write(tmp_path, "a.jsonl", line(id=value))
    assert [problem.line for problem in problems(tmp_path)] == [1]
    assert [article.id[:8] for article in articles(tmp_path)] == ["a.jsonl#"]


def test_of_a_key_given_twice_the_last_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", '{"id": "1", "text": "甲", "text": "乙"}')
    assert only_article(tmp_path).text == "乙"


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", "\n \t\r\n" + line() + "\n\n[]")
    assert [problem.line for problem in problems(tmp_path)] == [6]
    assert len(articles(tmp_path)) == 1


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_lines_holds_no_article(tmp_path: Path, content: str) -> None:
    write(tmp_path, "a.jsonl", content)
    assert articles(tmp_path) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "big5"])
@pytest.mark.parametrize("lines", [1, 2000])
def test_lines_in_other_encodings_are_read(tmp_path: Path, encoding: str, lines: int) -> None:
    text = TRADITIONAL_NEWS if encoding == "big5" else NEWS
    written = [
        json.dumps({"id": n, "title": "", "text": text}, ensure_ascii=False) for n in range(lines)
    ]
    write(tmp_path, "a.jsonl", "\r\n".join(written).encode(encoding))
    assert [article.text for article in articles(tmp_path)] == [text] * lines


@pytest.mark.parametrize("shift", range(4))
def test_a_sample_cut_inside_a_character_is_recognised(tmp_path: Path, shift: int) -> None:
    text = "a" * shift + NEWS * 1000
    for encoding in ("utf-8", "gb18030"):
        content = json.dumps({"id": "1", "text": text}, ensure_ascii=False).encode(encoding)
        write(tmp_path, "a.jsonl", content)
        assert only_article(tmp_path).text == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_lines_in_utf_16_are_reported_once(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, "a.jsonl", (line() * 3).encode(encoding))
    assert "JSON Lines must be UTF-8" in only_problem(tmp_path).reason


def test_rubbish_named_jsonl_is_reported_once(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl", bytes(range(256)) * 400)
    assert only_problem(tmp_path).reason.startswith("not text")


def test_a_huge_line_is_never_held_whole(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"id": "huge", "text": "')
        for _ in range(50):
            file.write(b"a" * 1_000_000)
        file.write(b'"}\n' + line(id="after").encode())
    tracemalloc.start()
    found = items(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[0] == Problem("a.jsonl", "article over 2 MB", 1)
    assert [item.article.id for item in found if isinstance(item, Loaded)] == ["after"]
    assert peak < 25_000_000


def test_many_lines_are_read_one_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as file:
        for number in range(300):
            file.write(line(id=number, text="a" * 100_000).encode())
    tracemalloc.start()
    count = sum(isinstance(item, Loaded) for item in read_corpus(tmp_path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 300
    assert peak < 5_000_000


# Anything at all

_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_names = st.sampled_from(["id", "title", "text", "date", "byline", "kicker", "url"])
_files = {
    "a.md": st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.text("-:[]{}&*!|>'\"#%@`,?\n\t ab中", max_size=60).map(
            lambda front: f"---\n{front}\n---\n正文。".encode()
        ),
        st.text("#*_`>-+=~[]()!<&;\\|\n\t 1.ab中“”：", max_size=60).map(str.encode),
    ),
    "a.jsonl": st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda rest: b"{" + rest),
        st.lists(_json.map(json.dumps)).map(lambda lines: "\n".join(lines).encode()),
        st.dictionaries(_names, _json).map(lambda fields: json.dumps(fields).encode()),
        st.dictionaries(_names, _json).map(
            lambda fields: json.dumps(fields | {"text": "正文"}).encode()
        ),
    ),
}


@pytest.mark.parametrize("name", _files)
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_file_stops_the_reading(tmp_path: Path, name: str, data: st.DataObject) -> None:
    write(tmp_path, name, data.draw(_files[name]))
    write(tmp_path, "z.md", article_file())
    found = items(tmp_path)
    assert found[-1] == Loaded(Article("z.md", title="标题", text="正文。"), "z.md")
    for item in found:
        if isinstance(item, Loaded):
            assert item.article.text.strip()
            assert item.article.id.strip()
            json.dumps([item.article.id, item.article.text], ensure_ascii=False).encode()
