"""Word files to articles: what Word shows, and nothing that a file could smuggle in."""

import io
import zipfile
from pathlib import Path

import pytest

from retrieval.corpus import docx
from retrieval.types import Article, Loaded, Problem
from tests import documents
from tests.documents import PARAGRAPHS, TITLE, paragraph

TEXT = "\n\n".join(PARAGRAPHS)
BODY = paragraph(TITLE, "1") + "".join(map(paragraph, PARAGRAPHS))
DAMAGED = "not a Word file, or a damaged one; save it again as .docx"
HYPERLINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
IMAGE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
TEMPLATE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
COMMENTS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def read(folder: Path, content: bytes) -> list[Loaded | Problem]:
    file = folder / "a.docx"
    file.write_bytes(content)
    return list(docx.read(file, "a.docx"))


def article(folder: Path, content: bytes) -> Article:
    (item,) = read(folder, content)
    assert isinstance(item, Loaded), item
    return item.article


def problem(folder: Path, content: bytes) -> str:
    (item,) = read(folder, content)
    assert isinstance(item, Problem), item
    return item.reason


def text(folder: Path, body: str) -> list[str]:
    return article(folder, documents.docx(paragraph(TITLE, "1") + body)).text.split("\n\n")


@pytest.mark.parametrize("style", ["1", "Title"])
def test_title_and_paragraphs_are_read(tmp_path: Path, style: str) -> None:
    body = paragraph(TITLE, style) + "".join(map(paragraph, PARAGRAPHS))
    expected = Article(id="a.docx", title=TITLE, text=TEXT)
    assert article(tmp_path, documents.docx(body)) == expected


def test_without_a_heading_the_properties_give_the_title(tmp_path: Path) -> None:
    content = documents.docx(
        "".join(map(paragraph, PARAGRAPHS)), parts={"docProps/core.xml": documents.core(TITLE)}
    )
    assert article(tmp_path, content) == Article(id="a.docx", title=TITLE, text=TEXT)


@pytest.mark.parametrize("core", ["", "<broken", documents.core("")])
def test_an_article_without_a_title_is_read_and_reported(tmp_path: Path, core: str) -> None:
    parts = {"docProps/core.xml": core} if core else {}
    remark, loaded = read(tmp_path, documents.docx(paragraph("正文。"), parts=parts))
    assert remark == Problem("a.docx", "title is missing; indexed without one", lost=False)
    assert isinstance(loaded, Loaded)


def test_later_headings_and_lists_are_in_the_text(tmp_path: Path) -> None:
    item = "<w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr>{}</w:p>"
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = paragraph("又一个标题", "1") + paragraph("小标题", "2")
    body += "".join(item.format(run.format(text)) for text in ("甲", "乙"))
    assert text(tmp_path, body) == ["又一个标题", "小标题", "甲", "乙"]


def test_the_cells_of_a_row_are_one_paragraph(tmp_path: Path) -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    rows = row.format(paragraph("年份"), paragraph("人次")) + row.format(
        paragraph("2024") + paragraph("年"), paragraph("42.6万")
    )
    body = f"{paragraph('前')}<w:tbl>{rows}</w:tbl>{paragraph('后')}"
    assert text(tmp_path, body) == ["前", "年份 人次", "2024 年 42.6万", "后"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            "<w:p><w:ins><w:r><w:t>加的</w:t></w:r></w:ins><w:r><w:t>原有</w:t></w:r></w:p>",
            "加的原有",
        ),
        (
            "<w:p><w:del><w:r><w:delText>删的</w:delText></w:r></w:del><w:r><w:t>留下</w:t></w:r></w:p>",
            "留下",
        ),
        (
            "<w:p><w:moveFrom><w:r><w:t>移走</w:t></w:r></w:moveFrom><w:r><w:t>留下</w:t></w:r></w:p>",
            "留下",
        ),
        ("<w:p><w:moveTo><w:r><w:t>移来</w:t></w:r></w:moveTo></w:p>", "移来"),
        ("<w:sdt><w:sdtContent>" + paragraph("控件里") + "</w:sdtContent></w:sdt>", "控件里"),
        ("<w:p><w:r><w:t>甲</w:t><w:br/><w:t>乙</w:t></w:r></w:p>", "甲\n乙"),
        ("<w:p><w:r><w:t>a &lt;b&gt; &amp;amp; c</w:t></w:r></w:p>", "a <b> &amp; c"),
        ("<w:p><w:r><w:instrText>HYPERLINK x</w:instrText><w:t>文字</w:t></w:r></w:p>", "文字"),
        ("<w:p/><w:p><w:r><w:t> </w:t></w:r></w:p>" + paragraph("空段之后"), "空段之后"),
    ],
)
def test_the_text_is_what_word_shows(tmp_path: Path, body: str, shown: str) -> None:
    assert text(tmp_path, body) == [shown]


def test_footnotes_are_at_the_end_and_their_marks_and_comments_left_out(tmp_path: Path) -> None:
    note = (
        f'<w:footnotes {WORD}><w:footnote w:id="1">{paragraph("注文。")}</w:footnote></w:footnotes>'
    )
    comment = f'<w:comments {WORD}><w:comment w:id="1">{paragraph("批注")}</w:comment></w:comments>'
    body = (
        "<w:p><w:r><w:t>正文</w:t></w:r><w:r><w:footnoteReference w:id='1'/></w:r>"
        "<w:r><w:commentReference w:id='1'/></w:r><w:r><w:t>接着。</w:t></w:r></w:p>"
    )
    content = documents.docx(
        paragraph(TITLE, "1") + body,
        parts={"word/footnotes.xml": note, "word/comments.xml": comment},
        relations=f'<Relationship Id="r8" Type="{FOOTNOTES}" Target="footnotes.xml"/>'
        f'<Relationship Id="r9" Type="{COMMENTS}" Target="comments.xml"/>',
    )
    assert article(tmp_path, content).text == "正文接着。\n\n注文。"


# What a file could smuggle in


def test_macros_are_not_run_and_the_text_is_read(tmp_path: Path) -> None:
    content = documents.docx(
        BODY,
        parts={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 1000},
        main_type="application/vnd.ms-word.document.macroEnabled.main+xml",
    )
    assert article(tmp_path, content).text == TEXT


def test_links_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise AssertionError("something outside was opened")

    monkeypatch.setattr("socket.socket", nothing)
    monkeypatch.setattr("urllib.request.urlopen", nothing)
    outside = "".join(
        f'<Relationship Id="x{n}" Type="{kind}" Target="{target}" TargetMode="External"/>'
        for n, (kind, target) in enumerate(
            [
                (HYPERLINK, "http://127.0.0.1:9/"),
                (IMAGE, "http://127.0.0.1:9/a.png"),
                (IMAGE, "file:///etc/passwd"),
                (TEMPLATE, "http://127.0.0.1:9/a.dotm"),
            ]
        )
    )
    body = BODY + '<w:p><w:hyperlink r:id="x0"><w:r><w:t>链接</w:t></w:r></w:hyperlink></w:p>'
    body += "".join(
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        'wordprocessingDrawing"><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/'
        'main"><a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/'
        f'picture"><pic:blipFill><a:blip r:link="x{n}"/></pic:blipFill></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r></w:p>"
        for n in (1, 2)
    )
    found = article(tmp_path, documents.docx(body, relations=outside))
    assert found.text == f"{TEXT}\n\n链接"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">',
    ],
)
@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "docProps/core.xml"])
def test_entities_are_refused(tmp_path: Path, doctype: str, part: str) -> None:
    content = documents.docx(BODY, parts={part: f"{doctype}<w:x {WORD}>&a;</w:x>"})
    assert problem(tmp_path, content) == "its XML declares entities, as Word never does; not read"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_entities_in_utf_16_are_refused(tmp_path: Path, encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY a "b">]><w:x {WORD}/>'
    content = documents.docx(BODY, parts={"word/document.xml": declared.encode(encoding)})
    assert "declares entities" in problem(tmp_path, content)


def test_a_zip_bomb_is_reported_and_not_unpacked(tmp_path: Path) -> None:
    content = documents.docx(BODY, parts={"word/document.xml": b" " * 15_000_000})
    reason = "packed too tightly to be a Word file; save it again as .docx"
    assert problem(tmp_path, content) == reason


def test_large_parts_are_reported(tmp_path: Path) -> None:
    content = documents.docx(
        BODY,
        parts={"word/document.xml": b" " * 21_000_000},
        level=zipfile.ZIP_STORED,
    )
    assert problem(tmp_path, content) == "over 20 MB unpacked; split it"


def test_many_parts_are_reported(tmp_path: Path) -> None:
    content = documents.docx(BODY, parts={f"word/{n}.xml": "" for n in range(2_100)})
    assert problem(tmp_path, content) == "holds over 2,000 parts; save it again as .docx"


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    content = documents.docx(BODY, parts={"word/document.xml": b" " * 15_000_000})
    place = content.rindex(b"word/document.xml") - 46
    lying = content[: place + 24] + (100).to_bytes(4, "little") + content[place + 28 :]
    assert read(tmp_path, lying)
    assert isinstance(read(tmp_path, lying)[0], Problem)


def test_a_picture_that_is_a_bomb_is_never_unpacked(tmp_path: Path) -> None:
    content = documents.docx(BODY, parts={"word/media/a.png": b"\0" * 60_000_000})
    assert article(tmp_path, content).text == TEXT


def test_names_that_lead_out_of_the_zip_are_harmless(tmp_path: Path) -> None:
    content = documents.docx(BODY, parts={"../../evil.xml": "<a/>", "/tmp/evil.xml": "<a/>"})
    assert article(tmp_path, content).text == TEXT
    assert not (tmp_path.parent.parent / "evil.xml").exists()


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    file = io.BytesIO(documents.docx(BODY))
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("word/document.xml", "<other/>")
    assert problem(tmp_path, file.getvalue()) == DAMAGED


def test_deep_nesting_is_reported(tmp_path: Path) -> None:
    deep = "<w:sdt><w:sdtContent>" * 3_000 + "</w:sdtContent></w:sdt>" * 3_000
    reason = problem(tmp_path, documents.docx(deep, level=zipfile.ZIP_STORED))
    assert reason == "nested too deeply; save it again as .docx"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        documents.docx(BODY)[:500],
        documents.docx(BODY)[:-30],
        documents.docx(BODY)[:300] + b"\xff" * 50 + documents.docx(BODY)[350:],
        documents.docx(BODY, parts={"word/document.xml": "<w:document"}),
        documents.docx(BODY, parts={"word/document.xml": ""}),
        documents.docx(BODY, parts={"word/styles.xml": "<"}),
        documents.docx(BODY, parts={"_rels/.rels": "<a/>", "word/document.xml": "<a/>"}),
        b"only words",
        b"%PDF-1.7",
    ],
    ids=range(11),
)
def test_a_damaged_file_is_reported(tmp_path: Path, content: bytes) -> None:
    assert problem(tmp_path, content) == DAMAGED


def test_a_zip_that_is_no_word_file_is_reported(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inner.zip", documents.docx(BODY))
    assert problem(tmp_path, file.getvalue()) == DAMAGED


def test_old_and_encrypted_word_files_are_reported(tmp_path: Path) -> None:
    reason = "an old Word file, or one protected by a password; save it as .docx without one"
    assert problem(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)) == reason


def test_a_file_without_text_is_reported(tmp_path: Path) -> None:
    assert problem(tmp_path, documents.docx("")) == "empty: there is no text"


def test_a_missing_extra_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mammoth", None)
    assert problem(tmp_path, b"") == "Word files need an extra: install baoda[docx]"
