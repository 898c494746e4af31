"""Web pages to articles: the words of the page, in order, and what it states about them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from retrieval.corpus import html
from retrieval.corpus.html import complete
from retrieval.corpus.html_fields import byline_alone, headline, label_fields
from retrieval.corpus.html_page import Block
from retrieval.types import Article, Loaded, Problem
from tests.documents import PARAGRAPHS, TITLE, page, paragraphs

TEXT = "\n\n".join(PARAGRAPHS)
NO_ARTICLE = "no article found on the page; save its text as .txt or .md"


def read(folder: Path, content: str | bytes) -> list[Loaded | Problem]:
    file = folder / "a.html"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(html.read(file, "a.html"))


def article(folder: Path, content: str | bytes) -> Article:
    (item,) = read(folder, content)
    assert isinstance(item, Loaded), item
    return item.article


def problem(folder: Path, content: str | bytes) -> str:
    (item,) = read(folder, content)
    assert isinstance(item, Problem), item
    return item.reason


LABELS = "2025年3月5日 08:30　来源：东城日报　作者：张明 李红"
NAVIGATION = "<ul><li><a href=/>首页</a></li><li><a href=/2>要闻</a></li></ul>"
LAYOUTS = {
    "article": f"<nav>{NAVIGATION}</nav><article><h1>{TITLE}</h1><div>{LABELS}</div>"
    f"{paragraphs()}</article><footer>版权所有 2011-2025</footer>",
    "breaks": f"<div class=nav>{NAVIGATION}</div><div id=content><h1>{TITLE}</h1><p>{LABELS}</p>"
    + "<br><br>".join(f"　　{text}" for text in PARAGRAPHS)
    + "</div>",
    "divs": f"<div id=main><h1>{TITLE}</h1><div class=info>{LABELS}</div>"
    + "".join(f"<div>{text}</div>" for text in PARAGRAPHS)
    + "</div>",
    "spans": f"<h1>{TITLE}</h1><p>{LABELS}</p>"
    + "".join(f"<p><span>{t[:7]}</span><strong>{t[7:]}</strong></p>" for t in PARAGRAPHS),
    "table": "<table width=760><tr><td colspan=2><a href=/>首页</a> <a href=/2>新闻</a></td></tr>"
    "<tr><td width=150><a href=/3>栏目一</a><br><a href=/4>栏目二</a></td><td><table>"
    f"<tr><td align=center><font size=5>{TITLE}</font></td></tr><tr><td>{LABELS}</td></tr>"
    f"<tr><td>{'<br><br>'.join(f'　　{text}' for text in PARAGRAPHS)}</td></tr></table></td></tr>"
    "</table>",
    "form": f"<form action=/><input value=x><h1>{TITLE}</h1><p>{LABELS}</p>{paragraphs()}</form>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_article_is_found_in_any_layout(tmp_path: Path, layout: str) -> None:
    head = f"<title>{TITLE}-东城日报网</title>"
    assert article(tmp_path, page(LAYOUTS[layout], head)) == Article(
        id="a.html",
        title=TITLE,
        text=TEXT,
        byline="张明 李红",
        date="2025-03-05",
        source="东城日报",
    )


def test_the_page_of_an_e_paper_gives_its_own_properties(tmp_path: Path) -> None:
    properties = (
        "<!--enpproperty <articleid>5</articleid><date>2025-03-05 00:00:00:0</date>"
        f"<author>张明 李红</author><title>{TITLE}</title>"
        "<introtitle>便民&nbsp;再出新招</introtitle>"
        "<nodename>要闻</nodename><sourcename>东城日报</sourcename>/enpproperty-->"
    )
    body = (
        f"{properties}<div>上一版　下一版</div><h1>{TITLE}</h1><table><tr><td>"
        f"<!--enpcontent-->{paragraphs()}<!--/enpcontent--></td></tr></table><p>版权所有。</p>"
    )
    assert article(tmp_path, page(body, "<title>东城日报</title>")) == Article(
        id="a.html",
        title=TITLE,
        text=TEXT,
        kicker="便民 再出新招",
        byline="张明 李红",
        column="要闻",
        date="2025-03-05",
        source="东城日报",
    )


def test_meta_elements_state_what_the_page_does_not_print(tmp_path: Path) -> None:
    head = (
        f'<meta property="og:title" content="{TITLE}">'
        '<meta property="og:site_name" content="东城网">'
        '<meta name="author" content="张明"><meta property="article:section" content="文化">'
        '<meta property="article:published_time" content="2025-03-05T08:30:00+08:00">'
        '<link rel="canonical" href="https://example.com/a/1.html">'
    )
    found = article(tmp_path, page(f"<article>{paragraphs()}</article>", head))
    assert (found.title, found.byline, found.column) == (TITLE, "张明", "文化")
    assert (found.date, found.source) == ("2025-03-05", "东城网")
    assert found.url == "https://example.com/a/1.html"


def test_what_the_page_prints_goes_before_meta_elements(tmp_path: Path) -> None:
    head = f'<title>{TITLE}</title><meta name="author" content="admin">'
    found = article(tmp_path, page(f"<h1>{TITLE}</h1><p>{LABELS}</p>{paragraphs()}", head))
    assert found.byline == "张明 李红"


def test_a_date_in_running_text_or_above_the_headline_is_not_that_of_the_article(
    tmp_path: Path,
) -> None:
    body = f"<div>2025年4月1日</div><h1>{TITLE}</h1>{paragraphs()}<p>工程2019年5月1日开工。</p>"
    assert article(tmp_path, page(body)).date == ""


def test_a_date_alone_below_the_headline_is_that_of_the_article(tmp_path: Path) -> None:
    found = article(tmp_path, page(f"<h1>{TITLE}</h1><p>2025-03-05 09:00</p>{paragraphs()}"))
    assert (found.date, found.text) == ("2025-03-05", TEXT)


def test_a_heading_above_the_headline_is_its_kicker(tmp_path: Path) -> None:
    body = f"<article><h2>便民再出新招</h2><h1>{TITLE}</h1>{paragraphs()}</article>"
    found = article(tmp_path, page(body))
    assert (found.kicker, found.text) == ("便民再出新招", TEXT)


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>var a = '偷看';</script>",
        "<style>p { content: '偷看' }</style>",
        "<noscript>偷看</noscript>",
        "<p style='display: none'>偷看</p>",
        "<p hidden>偷看</p>",
        "<template><p>偷看</p></template>",
        "<textarea>偷看</textarea>",
        "<!-- <p>偷看</p> -->",
        '<script type="application/ld+json">{"articleBody": "偷看偷看偷看"}</script>',
    ],
)
def test_what_no_reader_sees_is_not_in_the_text(tmp_path: Path, unseen: str) -> None:
    found = article(tmp_path, page(f"<h1>{TITLE}</h1>{unseen}{paragraphs()}{unseen}"))
    assert found.text == TEXT


def test_sub_headings_lists_and_tables_are_in_the_text(tmp_path: Path) -> None:
    body = (
        f"<article><h1>{TITLE}</h1>{paragraphs()}<h3>怎么去</h3><ul><li>地铁二号线</li>"
        "<li>公交九路</li></ul><table><tr><th>年份</th><th>人次</th></tr>"
        "<tr><td>2024</td><td>42.6万</td></tr></table></article>"
    )
    assert article(tmp_path, page(body)).text.split("\n\n")[len(PARAGRAPHS) :] == [
        "怎么去",
        "地铁二号线",
        "公交九路",
        "年份 人次",
        "2024 42.6万",
    ]


def test_short_and_repeated_paragraphs_are_kept(tmp_path: Path) -> None:
    texts = [PARAGRAPHS[0], "好。", *PARAGRAPHS[1:], "“好。”", PARAGRAPHS[0]]
    for body in (f"<article>{paragraphs(texts)}</article>", paragraphs(texts)):
        assert article(tmp_path, page(f"<h1>{TITLE}</h1>{body}")).text.split("\n\n") == texts


def test_a_very_short_article_is_an_article(tmp_path: Path) -> None:
    found = article(tmp_path, page("<h1>停水通知</h1><p>明天停水。</p>", "<title>停水通知</title>"))
    assert (found.title, found.text) == ("停水通知", "明天停水。")


def test_a_page_without_a_headline_is_read_and_reported(tmp_path: Path) -> None:
    remark, loaded = read(tmp_path, page(paragraphs(), ""))
    assert remark == Problem("a.html", "title is missing; indexed without one", lost=False)
    assert isinstance(loaded, Loaded)
    assert loaded.article.text == TEXT


@pytest.mark.parametrize(
    ("line_end", "joined"),
    [("读者\n可以", "读者可以"), ("读者\r\n   可以", "读者可以"), ("two\nwords", "two words")],
)
def test_line_ends_of_the_source_mean_nothing(tmp_path: Path, line_end: str, joined: str) -> None:
    body = f"<h1>{TITLE}</h1><p>{line_end}{PARAGRAPHS[0]}</p>{paragraphs()}"
    assert article(tmp_path, page(body)).text.startswith(joined)


@pytest.mark.parametrize("odd", ["\x01", "&#1;", "\x0b", "&#xfffe;", "&#xd800;", "\x7f"])
def test_characters_that_are_none_do_not_cost_the_page(tmp_path: Path, odd: str) -> None:
    head = f'<title>{odd}{TITLE}{odd}</title><meta name="author" content="{odd}">'
    body = f"<h1 class='{odd}'>{TITLE}</h1><pre>{odd}</pre><p>{odd}{TEXT * 9}</p>"
    found = article(tmp_path, page(body, head))
    assert "周末读者" in found.text


# Encodings


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("gb2312", "gb18030"),
        ("GBK", "gb18030"),
        ("gb2312", "utf-8"),
        ("utf-8", "gb18030"),
        ("utf-8", "utf-8"),
        ("iso-8859-1", "gb18030"),
        (None, "gb18030"),
        (None, "utf-8-sig"),
        (None, "utf-16"),
        (None, "utf-16-le"),
    ],
)
def test_the_encoding_is_recognised(tmp_path: Path, declared: str | None, encoding: str) -> None:
    meta = (
        f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
        if declared
        else ""
    )
    content = page(f"<h1>{TITLE}</h1>{paragraphs()}", f"{meta}<title>{TITLE}</title>")
    assert article(tmp_path, content.encode(encoding)).text == TEXT


def test_a_page_in_big5_is_read(tmp_path: Path) -> None:
    text = "臺北市政府昨日宣布，將於下個月起調整大眾運輸票價，請民眾留意相關資訊。"
    head = '<meta charset="big5"><title>票價調整</title>'
    content = page(f"<h1>票價調整</h1><p>{text}</p>", head)
    assert article(tmp_path, content.encode("big5")).text == text


def test_a_few_broken_bytes_do_not_cost_the_page(tmp_path: Path) -> None:
    content = page(f"<h1>{TITLE}</h1>{paragraphs(PARAGRAPHS * 3)}", "<meta charset=gbk>")
    broken = content.encode("gb18030").replace("馆长周".encode("gb18030"), b"\xff\xff", 1)
    assert any(isinstance(item, Loaded) for item in read(tmp_path, broken))


# No article


@pytest.mark.parametrize(
    "content",
    [
        "<html></html>",
        "<html><body></body></html>",
        "<frameset cols='20%,80%'><frame src=a.html><noframes>旧浏览器</noframes></frameset>",
        page("<ul>" + "".join(f"<li><a href=/{n}>第{n}条新闻</a></li>" for n in range(40))),
        page("<script>document.write('正文')</script>"),
        "<!-- nothing -->",
    ],
)
def test_a_page_without_an_article_is_reported(tmp_path: Path, content: str) -> None:
    assert problem(tmp_path, content) == NO_ARTICLE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("只有文字，没有标记。", "not an HTML page: it has no elements; save it as .txt"),
        ("", "not an HTML page"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(128, 256)), "not text"),
        ("<div>" * 450_000 + "深" + "</div>" * 450_000, "nested too deeply or too large"),
        ("<p>短" * 120_000, "nested too deeply or too large"),
        (b"<p>" + b"a" * html.MAX_BYTES, "over 20 MB"),
    ],
    ids=["text", "empty", "image", "deep", "wide", "large"],
)
def test_what_is_no_page_is_reported(tmp_path: Path, content: str | bytes, reason: str) -> None:
    assert problem(tmp_path, content).startswith(reason)


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a;</p>',
        '<iframe src="http://127.0.0.1:9/"></iframe><img src="http://127.0.0.1:9/">',
        '<link rel=stylesheet href="http://127.0.0.1:9/"><object data="file:///etc/passwd"></object>',
        '<base href="http://127.0.0.1:9/"><meta http-equiv=refresh content="0;url=/">',
    ],
)
def test_nothing_outside_the_file_is_opened(
    tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_socket(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket", no_socket)
    found = article(tmp_path, page(f"{attack}<h1>{TITLE}</h1>{paragraphs()}"))
    assert TEXT in found.text
    assert "root:" not in found.text


def test_a_missing_extra_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trafilatura", None)
    reason = "HTML files need an extra: install baoda[html]"
    assert problem(tmp_path, page(paragraphs())) == reason


# Lines of labels


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (LABELS, {"date": "2025年3月5日 08:30", "source": "东城日报", "byline": "张明 李红"}),
        ("发布时间：2025-03-05 来源:东城日报", {"date": "2025-03-05", "source": "东城日报"}),
        ("来源：东城日报 记者 张明", {"source": "东城日报", "byline": "记者 张明"}),
        ("2025-03-05 记者 张明 李红", {"date": "2025-03-05", "byline": "记者 张明 李红"}),
        ("作者：张明　编辑：王五　字号：大 中 小", {"byline": "张明"}),
        ("本报记者：张明", {"byline": "本报记者 张明"}),
        ("责任编辑：王五", {}),
        ("2025年3月5日", None),
        ("馆长周敏说，数据来源：统计局。", None),
        ("他在文章里写道：来源不明", None),
        ("作者：" + "长" * 80, None),
        ("", None),
    ],
)
def test_a_line_of_labels_is_understood(line: str, fields: dict[str, str] | None) -> None:
    assert label_fields(line) == fields


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("（记者 张明 通讯员 李红）", "记者 张明 通讯员 李红"),
        ("(本报记者 张明)", "本报记者 张明"),
        ("（完）", ""),
        ("他说（记者 张明）", ""),
    ],
)
def test_names_in_brackets_alone_are_a_byline(line: str, names: str) -> None:
    assert byline_alone(line) == names


@pytest.mark.parametrize(
    ("title", "lines", "expected"),
    [
        ("甲乙_丙报网", ["首页", "甲乙", "甲"], "甲乙"),
        ("甲乙 - 丙报网", ["甲乙"], "甲乙"),
        ("甲乙丙", ["甲乙"], "甲乙丙"),
        ("甲-乙", ["甲", "甲-乙"], "甲-乙"),
        ("甲乙", [], "甲乙"),
        ("", ["甲"], ""),
    ],
)
def test_the_name_of_the_site_is_not_in_the_title(
    title: str, lines: Sequence[str], expected: str
) -> None:
    assert headline(title, lines) == expected


def test_what_the_extractor_passed_over_between_paragraphs_is_put_back() -> None:
    texts = ["首页", "一。", "“二。”", "分享到", "三。", "一。", "版权"]
    blocks = [Block(text, is_heading=False) for text in texts]
    found = complete([blocks[1], blocks[4]], blocks)
    assert [block.text for block in found] == ["一。", "“二。”", "三。", "一。"]
