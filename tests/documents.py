"""HTML, PDF and Word files for the tests of their readers, all newly written."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

TITLE = "图书馆延长开放时间"
PARAGRAPHS = (
    "市图书馆昨天起延长开放时间，周末读者可以一直看书到晚上十点，比原来晚了三个小时。",
    "馆长周敏说，去年进馆的读者有42.6万人次，比前年多了一成，其中学生占了一半以上。",
    "“晚上终于有地方看书了。”家住东街的刘师傅说。",
    "新规定从3月10日起执行。",
)
_FONT = "STSong-Light"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def page(body: str, head: str = f"<title>{TITLE}</title>") -> str:
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>{body}</body></html>"


def paragraphs(texts: Iterable[str] = PARAGRAPHS) -> str:
    return "\n".join(f"<p>　　{text}</p>" for text in texts)


def pdf(
    texts: Iterable[str] = PARAGRAPHS,
    *,
    title: str = TITLE,
    pages: int = 1,
    columns: int = 1,
    characters: int = 20,
    indent: int = 2,
    password: str | None = None,
) -> bytes:
    """Pages as a typesetter makes them: lines of equal width, first ones indented."""
    if _FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = io.BytesIO()
    encrypt = None if password is None else StandardEncryption(password, "owner")
    sheet = canvas.Canvas(file, encrypt=encrypt)
    for number in range(1, pages + 1):
        sheet.setFont(_FONT, 20)
        sheet.drawString(60, 800, title)
        sheet.setFont(_FONT, 10)
        lines = [line for text in texts for line in _set(text, characters, indent)]
        per_column = -(-len(lines) // columns)
        for at, (start, line) in enumerate(lines):
            column, row = divmod(at, per_column)
            sheet.drawString(60 + 240 * column + 10 * start, 770 - 15 * row, line)
        sheet.drawCentredString(300, 30, f"- {number} -")
        sheet.showPage()
    sheet.save()
    return file.getvalue()


def _set(text: str, characters: int, indent: int) -> list[tuple[int, str]]:
    lines = []
    start = indent
    while text:
        width, count = 0.0, 0
        while count < len(text) and width < characters - start:
            width += 0.5 if text[count] < "\x7f" else 1
            count += 1
        if len(text) - count == 1:
            count += 1  # no line of one character
        lines.append((start, text[:count]))
        text, start = text[count:], 0
    return lines


def empty_pdf(pages: int) -> bytes:
    """The same page without text again and again, as a scanner or an attacker makes them."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b"3 0 R " * pages),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>",
    )
    file, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(file)
    return file + b"xref\n0 4\n0000000000 65535 f \n" + table + end


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def docx(
    body: str,
    *,
    prologue: str = "",
    parts: Mapping[str, bytes | str] = {},
    relations: str = "",
    main_type: str = _MAIN,
    level: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """A Word file with the given body; `parts` are added or replace what is there."""
    contents: dict[str, bytes | str] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-'
        'package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main_type}"/></Types>',
        "_rels/.rels": _relations(
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        ),
        "word/_rels/document.xml.rels": _relations(
            f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>{relations}'
        ),
        "word/styles.xml": f'<w:styles xmlns:w="{_W}">{_style("Title", "Title")}'
        f"{_style('1', 'heading 1')}{_style('2', 'heading 2')}</w:styles>",
        "word/document.xml": f'{prologue}<w:document xmlns:w="{_W}" xmlns:r="{_OFFICE}">'
        f"<w:body>{body}</w:body></w:document>",
    }
    contents |= parts
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", level) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def _relations(inner: str) -> str:
    start = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    return f"{start}{inner}</Relationships>"


def _style(style_id: str, name: str) -> str:
    return f'<w:style w:type="paragraph" w:styleId="{style_id}"><w:name w:val="{name}"/></w:style>'


def core(title: str) -> str:
    """Properties of a Word file that give its title."""
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title></cp:coreProperties>"
    )
