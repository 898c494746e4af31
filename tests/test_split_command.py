"""`baoda split`: what an editor and a program get to see, and the files it writes."""

import json
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import prompts
from bot.article_files import file_stem, to_markdown, write_article
from bot.settings import Settings
from bot.splitting import split_file
from retrieval.corpus import markdown
from retrieval.corpus.newspaper import split_page
from retrieval.errors import CorpusError
from retrieval.types import Article, Loaded
from tests.conftest import Baoda
from tests.model_server import Reply, StubModelServer

PAGE = Path(__file__).parent / "pages" / "yunxi.txt"
DOUBTFUL = """河边的灯会办到深夜

本报记者 何青

灯会上挂着三百盏灯，孩子们提着灯笼走过石桥，老人坐在岸边听戏，整条街

山里的茶园开始采茶

本报记者 陆遥

茶园今年的春茶比去年早了五天，采茶的人天不亮就上山。

都亮了起来。

也有了新的名字。
"""


def split_object(baoda: Baoda, *arguments: object, **settings: object) -> dict[str, Any]:
    finished = baoda("split", *map(str, arguments), "--json", **settings)
    assert finished.returncode == 0, finished.stderr.decode()
    (line,) = finished.stdout.decode("utf-8").splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_split_prints_one_object_with_offsets_that_cut_the_fields(baoda: Baoda) -> None:
    page = PAGE.read_text("utf-8")
    found = split_object(baoda, PAGE)
    assert list(found) == ["file", "articles", "layout", "joins", "problems"]
    assert found["file"] == str(PAGE)
    assert found["problems"] == []
    assert len(found["articles"]) == 8
    names = ["id", "title", "kicker", "byline", "column", "date", "page", "text", "parts"]
    spans = [(span["start"], span["end"]) for span in found["layout"]]
    for article in found["articles"]:
        assert list(article) == names
        for name in ("title", "kicker", "byline", "column", "text"):
            parts = [part for part in article["parts"] if part["field"] == name]
            cut = "".join(part["before"] + page[part["start"] : part["end"]] for part in parts)
            assert cut.strip() == article[name]
        spans += [(part["start"], part["end"]) for part in article["parts"]]
    assert "".join(page[start:end] for start, end in sorted(spans)) == page
    join = found["joins"][0]
    assert (join["article"], join["doubtful"]) == (0, False)
    assert page[: join["at"]].endswith("“老街议事")
    assert page[join["to"] :].startswith("厅”")


def split_here(
    capsys: pytest.CaptureFixture[str], file: Path, *, as_json: bool = True, **settings: Any
) -> str:
    split_file(Settings(**settings), file, folder=None, with_model=False, as_json=as_json)
    return capsys.readouterr().out


def test_ids_are_those_of_the_folder_of_articles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "articles" / "2026"
    folder.mkdir(parents=True)
    (folder / "page.txt").write_bytes(PAGE.read_bytes())
    output = split_here(capsys, folder / "page.txt", corpus_dir=tmp_path / "articles")
    assert json.loads(output)["articles"][0]["id"].startswith("2026/page.txt#")


def test_offsets_count_in_the_text_with_plain_line_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "yunxi.txt"
    file.write_bytes(PAGE.read_text("utf-8").replace("\n", "\r\n").encode("utf-16"))
    found, expected = (json.loads(split_here(capsys, path)) for path in (file, PAGE))
    assert found | {"file": ""} == expected | {"file": ""}


def test_a_person_sees_articles_and_joins(capsys: pytest.CaptureFixture[str]) -> None:
    output = split_here(capsys, PAGE, as_json=False)
    assert "1. 一条石板路，走出新日子\n   kicker  云溪县老街改造留住烟火气\n" in output
    assert "   join    …在巷口设了一间“老街议事 | 厅”，每周四下午由居民轮" in output


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["picture.txt"], 1), ([], 2), (["page.txt", "--split-with-model"], 2)],
)
def test_what_cannot_be_split_is_said_in_one_line(
    baoda: Baoda, tmp_path: Path, arguments: list[str], status: int
) -> None:
    (tmp_path / "picture.txt").write_bytes(b"\x00\x01\xff\xfe\x02" * 100)
    (tmp_path / "page.txt").write_text("题\n", "utf-8")
    finished = baoda("split", *arguments)
    assert finished.returncode == status
    assert finished.stdout == b""
    if arguments:
        (line,) = finished.stderr.decode().splitlines()
        assert line.startswith("baoda: ")


def test_what_is_no_file_is_an_error_of_the_corpus(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "no.txt", "no file at"), (tmp_path, "not a regular file")):
        with pytest.raises(CorpusError, match=reason):
            split_file(Settings(), path, folder=None, with_model=False, as_json=True)


# files


def read_back(file: Path, name: str = "a.md") -> Article:
    (item,) = (item for item in markdown.read(file, name) if isinstance(item, Loaded))
    return item.article


def test_write_makes_a_file_for_each_article_that_reads_the_same(
    baoda: Baoda, tmp_path: Path
) -> None:
    folder = tmp_path / "written" / "here"
    found = split_object(baoda, PAGE, "--write", folder)
    files = sorted(folder.iterdir())
    assert len(files) == 8
    by_title = {article["title"]: article for article in found["articles"]}
    for file in files:
        article = read_back(file)
        wanted = by_title[article.title]
        assert file.stem == wanted["title"]
        for name in ("kicker", "column", "date", "page", "text"):
            assert getattr(article, name) == wanted[name]
        assert article.byline == " ".join(wanted["byline"].split())


def test_no_file_is_ever_replaced(tmp_path: Path) -> None:
    article = Article("x", "题目", "正文。")
    first = write_article(tmp_path, article)
    second = write_article(tmp_path, Article("y", "题目", "另一篇。"))
    assert (first.name, second.name) == ("题目.md", "题目-2.md")
    assert read_back(first).text == "正文。"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["题目-2.md", "题目.md"]


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("../../etc/passwd", "etc passwd"),
        (".hidden", "hidden"),
        ("_draft", "draft"),
        ("README 第二版", "article README 第二版"),
        ("一行\n又一行\x00", "一行 又一行"),
        ('a/b\\c:d*e?"f<g>h|i', "a b c d e f g h i"),
        ("...", "article"),
        ("长" * 300, "长" * 40),
    ],
)
def test_file_names_are_safe(title: str, stem: str) -> None:
    assert file_stem(Article("x", title, "正文。")) == stem


LINES = st.one_of(
    st.text(st.sampled_from("文字 #*_`>-+=1.)([]!\\<&;~|:\t"), max_size=12),
    st.sampled_from(
        [
            "# 题目",
            "1. 第一",
            "2) 第二",
            "- 项",
            "> 引",
            "***",
            "---",
            "===",
            "[x](y)",
            "[x]: y",
            "![图](a.png)",
            "**注意：**不要",
            "`代码`",
            "```",
            "~~~",
            "    缩进",
            "　　缩进",
            "<b>",
            "&amp;",
            "a_b_c",
            "行尾  ",
            "反斜杠\\",
            "| a | b |",
            "<https://example.org>",
            "+ 1",
            "1986. 那一年",
        ]
    ),
    st.text(max_size=15),
)
FIELDS = st.text(max_size=20).map(lambda text: " ".join(text.split()))


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(LINES, min_size=1, max_size=6),
    separator=st.sampled_from(["\n", "\n\n", "\n\n\n"]),
    title=FIELDS,
    kicker=FIELDS,
)
def test_what_is_written_reads_back_the_same(
    lines: list[str], separator: str, title: str, kicker: str
) -> None:
    text = separator.join(lines).replace("\r", "\n").replace("\x00", "").strip("\n")
    if not text.strip() or {title, kicker} & {"~", "null"} or "\ufdd0" in text:
        return
    source = to_markdown(Article("x", title, text, kicker=kicker))
    fields, body = source.removeprefix("---\n").split("---\n", 1)
    assert markdown.plain_text(body, take_title=not title) == ("", text)
    loaded = yaml.load(fields, yaml.CBaseLoader) or {}
    assert {"title": title, "kicker": kicker} == {"title": "", "kicker": ""} | loaded


# the chat model


def split_with_model(
    server: StubModelServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, Any], str]:
    file = folder / "page.txt"
    file.write_text(DOUBTFUL, "utf-8")
    chosen = Settings(
        openai_base_url=server.base_url, chat_model="stub-model", chat_timeout_seconds=1
    )
    split_file(chosen, file, folder=None, with_model=True, as_json=True)
    output = capsys.readouterr()
    found: dict[str, Any] = json.loads(output.out)
    return found, output.err


def place_number(request: Any, words: str) -> int:
    """Number under which the model was shown the place that begins with `words`."""
    prompt: str = request["messages"][-1]["content"]
    return int(prompt[: prompt.index(f">\n{words}")].rsplit("number=", 1)[1])


@pytest.mark.parametrize("words", ["都亮了起来", "也有了新的名字"])
def test_the_model_decides_a_doubtful_join(
    server: StubModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    server.respond_with(lambda request: f"{place_number(request, words)}.")
    found, errors = split_with_model(server, tmp_path, capsys)
    assert f"整条街{words}" in found["articles"][0]["text"]
    assert errors == ""
    assert len(server.requests) == 1


def test_the_model_may_say_that_it_goes_on_nowhere(
    server: StubModelServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.respond_with(lambda _: "0")
    found, _ = split_with_model(server, tmp_path, capsys)
    assert found["articles"][0]["text"].endswith("整条街")


@pytest.mark.parametrize(
    "reply",
    [
        "都亮了起来",
        "99",
        "1 or 2",
        "",
        "<think>1</think>",
        Reply("no", status=500),
        Reply("1", cut_after=0),
        Reply("1", delay_seconds=3),
    ],
    ids=range(8),
)
def test_the_rules_stand_in_for_a_model_that_fails(
    server: StubModelServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    reply: str | Reply,
) -> None:
    server.respond_with(lambda _: reply)
    found, errors = split_with_model(server, tmp_path, capsys)
    by_rules = [article.text for article in split_page(DOUBTFUL).articles]
    assert [article["text"] for article in found["articles"]] == by_rules
    (line,) = errors.splitlines()
    assert line.startswith("baoda: the rules decide where “")


def test_the_prompt_names_what_it_is_given() -> None:
    fields = {field for _, field, _, _ in Formatter().parse(prompts.load("join")) if field}
    assert fields == {"before", "candidates"}
