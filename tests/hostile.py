"""Uploads made to do harm, or that merely look so: each is to be refused with a reason.

`UPLOADS` holds them by what they try: a function that makes the file's name and bytes. Where they
lead out of a folder they would make a file whose name has `STRAY` in it.
"""

import gzip
import io
import random
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable

from tests import documents

STRAY = "baoda-stray"
TEXT = f"{documents.TITLE}\n\n" + "\n\n".join(documents.PARAGRAPHS) + "\n"
_ARTICLE = TEXT.encode()
_PAGE = documents.page(f"<h1>{documents.TITLE}</h1>{documents.paragraphs()}").encode()
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_ZEROS = 9_000_000


def packed(
    *members: tuple[str | zipfile.ZipInfo, bytes], level: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A zip archive, whatever its names are and however often they come."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", level) as archive:
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content in members:
            archive.writestr(name, content, level)
    return file.getvalue()


def _named(name: str) -> bytes:
    return packed(("a.txt", _ARTICLE), (name, _ARTICLE))


def _special(mode: int, content: bytes) -> bytes:
    info = zipfile.ZipInfo(f"{STRAY}.txt")
    info.create_system = 3
    info.external_attr = (mode | 0o777) << 16
    return packed(("a.txt", _ARTICLE), (info, content))


def _patched(archive: bytes, offset: int, value: bytes) -> bytes:
    """The archive with other bytes at an offset in its first central entry."""
    at = archive.index(b"PK\x01\x02") + offset
    return archive[:at] + value + archive[at + len(value) :]


def _with_nul() -> bytes:
    return _named("b_exe.txt").replace(b"b_exe.txt", b"b\x00exe.txt")


def _encrypted() -> bytes:
    archive = bytearray(packed(("a.txt", _ARTICLE)))
    archive[6] |= 1
    return _patched(bytes(archive), 8, b"\x01\x00")


def _bomb() -> bytes:
    """A gigabyte of zeros in a megabyte, made without having either."""
    zeros = bytes(1 << 20)
    checksum = 0
    for _ in range(1000):
        checksum = zlib.crc32(zeros, checksum)
    return _raw([("a.txt", 8, checksum, _deflated(zeros, 1000), 1000 << 20)])


def _deflated(block: bytes, times: int) -> bytes:
    """The block again and again, packed once."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    return once * times + deflate.flush()


def _many_bombs() -> bytes:
    return packed(*((f"{number}.txt", _ARTICLE + bytes(_ZEROS)) for number in range(8)))


def _modest_bombs() -> bytes:
    """Each under every limit but the ratio's threshold; together far over what is unpacked."""
    noise = random.Random(1).randbytes(60_000)
    return packed(*((f"{number}.txt", noise + bytes(8_000_000)) for number in range(10)))


def _lie() -> bytes:
    """States ten bytes and unpacks to nine megabytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = deflate.compress(bytes(_ZEROS)) + deflate.flush()
    return _raw([("a.txt", 8, zlib.crc32(bytes(_ZEROS)), content, 10)])


def _lie_with_its_checksum() -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = deflate.compress(_ARTICLE * 100) + deflate.flush()
    return _raw([("a.txt", 8, zlib.crc32(_ARTICLE * 100), content, len(_ARTICLE) * 200)])


def _raw(members: Iterable[tuple[str, int, int, bytes, int]], count: int | None = None) -> bytes:
    """An archive of members: name, method, checksum, packed bytes, stated size."""
    body, directory = b"", b""
    members = list(members)
    for name, method, checksum, content, size in members:
        directory += _central(name, method, checksum, len(content), size, len(body))
        body += _local(name, method, checksum, len(content), size) + content
    return (
        body + directory + _end(len(members) if count is None else count, len(directory), len(body))
    )


def _local(name: str, method: int, checksum: int, packed_size: int, size: int) -> bytes:
    fields = (20, 0, method, 0, 33, checksum, packed_size, size, len(name), 0)
    return b"PK\x03\x04" + struct.pack("<5H3L2H", *fields) + name.encode()


def _central(
    name: str, method: int, checksum: int, packed_size: int, size: int, offset: int
) -> bytes:
    fields = (20, 20, 0, method, 0, 33, checksum, packed_size, size, len(name), 0, 0, 0, 0, 0)
    return b"PK\x01\x02" + struct.pack("<6H3L5H2L", *fields, offset) + name.encode()


def _end(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    fields = (0, 0, count, count, size, offset, len(comment))
    return b"PK\x05\x06" + struct.pack("<4H2LH", *fields) + comment


def _million_in_the_end_record() -> bytes:
    """Four hundred bytes that say a million entries follow."""
    archive = packed(("a.txt", _ARTICLE))
    at = archive.index(b"PK\x01\x02")
    directory = archive[at : archive.index(b"PK\x05\x06")]
    end64 = b"PK\x06\x06" + struct.pack(
        "<QHHLLQQQQ", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, len(directory), at
    )
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at + len(directory), 1)
    return archive[:at] + directory + end64 + locator + _end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def _million_entries(count: int = 1_000_000) -> bytes:
    """As many entries as are said: names of nothing that share one member."""
    local = _local("a", 0, 0, 0, 0)
    entry = _central("a", 0, 0, 0, 0, 0)
    return local + entry * count + _end(count & 0xFFFF, len(entry) * count, len(local))


def _hidden_entries() -> bytes:
    """Says that it has five files and lists 300,000."""
    local, entry = _local("a", 0, 0, 0, 0), _central("a", 0, 0, 0, 0, 0)
    return local + entry * 300_000 + _end(5, len(entry) * 300_000, len(local))


def _hidden_few() -> bytes:
    members = [(f"{number}.txt", 0, zlib.crc32(_ARTICLE), _ARTICLE) for number in range(9)]
    return _raw(((*member, len(_ARTICLE)) for member in members), count=2)


def _overlapping() -> bytes:
    """Members that share one kernel of packed bytes, as the better zip bombs do."""
    kernel = zlib.compress(_ARTICLE)[2:-4]
    checksum, size = zlib.crc32(_ARTICLE), len(_ARTICLE)
    local = _local("0.txt", 8, checksum, len(kernel), size)
    directory = b"".join(
        _central(f"{number}.txt", 8, checksum, len(kernel), size, 0) for number in range(50)
    )
    return local + kernel + directory + _end(50, len(directory), len(local + kernel))


def _containing_itself() -> bytes:
    """A member whose packed bytes reach over the next member."""
    content = b"".join((_ARTICLE, _local("b.txt", 0, zlib.crc32(_ARTICLE), len(_ARTICLE), 9)))
    whole = content + _ARTICLE
    body = _local("a.txt", 0, zlib.crc32(whole), len(whole), len(whole)) + whole
    second = body.index(b"PK\x03\x04", 4)
    directory = _central("a.txt", 0, zlib.crc32(whole), len(whole), len(whole), 0)
    directory += _central("b.txt", 0, zlib.crc32(_ARTICLE), len(_ARTICLE), len(_ARTICLE), second)
    return body + directory + _end(2, len(directory), len(body))


def _bad_checksum() -> bytes:
    return _raw([("a.txt", 0, 12345, _ARTICLE, len(_ARTICLE))])


def _nested(depth: int) -> bytes:
    content = packed(("a.txt", _ARTICLE))
    for number in range(depth):
        content = packed((f"{number}.zip", content))
    return content


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo(f"../{STRAY}.txt")
        info.size = len(_ARTICLE)
        archive.addfile(info, io.BytesIO(_ARTICLE))
    return file.getvalue()


def _word(**parts: bytes | str) -> bytes:
    body = "".join(map(documents.paragraph, documents.PARAGRAPHS))
    names = {name.replace("__", "/").replace("_", "."): part for name, part in parts.items()}
    return documents.docx(body, parts=names)


def _xml_bomb() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE a [<!ENTITY a0 "{"哈" * 10}">{entities}]>'
    return documents.docx(documents.paragraph("开会。"), prologue=doctype)


def _word_with_outer_file() -> bytes:
    doctype = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    return documents.docx(documents.paragraph("开会。"), prologue=doctype)


def _deep_word() -> bytes:
    depth = 20_000
    inner = documents.paragraph("开会。")
    opening = "<w:tbl><w:tr><w:tc>" * depth
    return documents.docx(f"{opening}{inner}{'</w:tc></w:tr></w:tbl>' * depth}")


def _huge_picture() -> bytes:
    """A few bytes of PNG that unfold to ten thousand million pixels."""
    picture = _PNG + struct.pack(">2L", 100_000, 100_000) + b"\x08\x06\x00\x00\x00"
    return _word(word__media__image1_png=picture)


def _heavy_picture() -> bytes:
    return _word(word__media__image1_bmp=b"BM" + bytes(60_000_000))


def _word_with_many_parts() -> bytes:
    return documents.docx(
        documents.paragraph("开会。"),
        parts={f"word/{number}.xml": "<a/>" for number in range(3000)},
    )


def _pdf_of(*objects: bytes, header: bytes = b"%PDF-1.7\n") -> bytes:
    file, places = header, []
    for number, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return file + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(file))
    )


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"


def _pdf_loop() -> bytes:
    """Two branches of the page tree that hold each other."""
    return _pdf_of(
        _CATALOG,
        b"<</Type/Pages/Count 1000000/Kids[3 0 R]>>",
        b"<</Type/Pages/Count 1000000/Parent 2 0 R/Kids[2 0 R 3 0 R]>>",
    )


def _pdf_form_loop() -> bytes:
    """A page whose drawing draws itself, twice each time."""
    form = (
        b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>"
        b"/Length 12>>stream\n/F Do /F Do \nendstream"
    )
    return _pdf_of(
        _CATALOG,
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>"
        b"/Contents 5 0 R>>",
        form,
        b"<</Length 6>>stream\n/F Do \nendstream",
    )


def _pdf_bomb() -> bytes:
    """A page of 600 MB, packed twice."""
    block, times = b"0 0 m " * 200_000, 500
    checksum = 1
    for _ in range(times):
        checksum = zlib.adler32(block, checksum)
    once = b"\x78\xda" + _deflated(block, times) + checksum.to_bytes(4, "big")
    stream = zlib.compress(once, 9)
    return _pdf_of(
        _CATALOG,
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream"
        % (len(stream), stream),
    )


def _deep_pdf() -> bytes:
    return _pdf_of(
        _CATALOG, b"<</Type/Pages/Count 1/Kids" + b"[" * 500_000 + b"]" * 500_000 + b">>"
    )


def _deep_page() -> bytes:
    return b"<!DOCTYPE html><html><body>" + b"<div>" * 200_000 + _ARTICLE + b"</body></html>"


def _long_page() -> bytes:
    return documents.page("<p>一段话。</p>" * 200_000).encode()


def _mixed(member: str, content: bytes) -> bytes:
    return packed(("a.txt", _ARTICLE), (member, content))


def _jsonl(count: int) -> bytes:
    line = '{{"id":"{0}","title":"第{0}号","text":"今天开会，一共来了{0}人。"}}\n'
    return "".join(line.format(number) for number in range(count)).encode()


def _pdf() -> bytes:
    return documents.pdf()


_PROGRAM = b"MZ\x90\x00\x03" + bytes(200)

UPLOADS: dict[str, Callable[[], tuple[str, bytes]]] = {
    # names in an archive that lead elsewhere
    "zip slip": lambda: ("a.zip", _named(f"../../{STRAY}.txt")),
    "zip slip inside a folder": lambda: ("a.zip", _named(f"x/../../{STRAY}.txt")),
    "zip slip with backslashes": lambda: ("a.zip", _named(f"..\\..\\{STRAY}.txt")),
    "absolute name": lambda: ("a.zip", _named(f"/tmp/{STRAY}.txt")),
    "drive letter": lambda: ("a.zip", _named(f"C:\\{STRAY}.txt")),
    "symlink": lambda: ("a.zip", _special(stat.S_IFLNK, b"/etc/passwd")),
    "device": lambda: ("a.zip", _special(stat.S_IFCHR, b"")),
    "pipe": lambda: ("a.zip", _special(stat.S_IFIFO, b"")),
    "control characters in a member's name": lambda: ("a.zip", _named("b\x1b[2Jc.txt")),
    "line end in a member's name": lambda: ("a.zip", _named("b\n/admin.txt")),
    "NUL in a member's name": lambda: ("a.zip", _with_nul()),
    "other direction in a member's name": lambda: ("a.zip", _named("b\u202etxt.exe.txt")),
    "long name of a member": lambda: ("a.zip", _named("长" * 5000 + ".txt")),
    "two members of one name": lambda: ("a.zip", packed(("a.txt", b"1"), ("A.txt", b"2"))),
    # archives that unpack to more than they should
    "zip bomb": lambda: ("a.zip", _bomb()),
    "zip bomb in many members": lambda: ("a.zip", _many_bombs()),
    "zip bomb below the ratio": lambda: ("a.zip", _modest_bombs()),
    "size that lies": lambda: ("a.zip", _lie()),
    "size that boasts": lambda: ("a.zip", _lie_with_its_checksum()),
    "overlapping members": lambda: ("a.zip", _overlapping()),
    "member inside a member": lambda: ("a.zip", _containing_itself()),
    "nested archive": lambda: ("a.zip", _nested(1)),
    "deeply nested archives": lambda: ("a.zip", _nested(50)),
    "nested archive of another name": lambda: ("a.zip", _mixed("b.txt", _nested(0))),
    "nested gzip": lambda: ("a.zip", _mixed("b.txt.gz", gzip.compress(_ARTICLE))),
    "a million entries": lambda: ("a.zip", _million_entries()),
    "a million entries by word": lambda: ("a.zip", _million_in_the_end_record()),
    "300,000 entries": lambda: ("a.zip", _million_entries(300_000)),
    "300,000 entries that say five": lambda: ("a.zip", _hidden_entries()),
    "nine entries that say two": lambda: ("a.zip", _hidden_few()),
    "a hundred and one files": lambda: (
        "a.zip",
        packed(*((f"{number}.txt", _ARTICLE) for number in range(101))),
    ),
    # archives that cannot be opened
    "encrypted member": lambda: ("a.zip", _encrypted()),
    "unknown packing": lambda: ("a.zip", packed(("a.txt", _ARTICLE), level=zipfile.ZIP_LZMA)),
    "wrong checksum": lambda: ("a.zip", _bad_checksum()),
    "archive cut off": lambda: ("a.zip", _named("b.txt")[:-30]),
    "empty archive": lambda: ("a.zip", packed()),
    "tar": lambda: ("a.tar", _tar()),
    "tar named zip": lambda: ("a.zip", _tar()),
    "RAR": lambda: ("a.rar", b"Rar!\x1a\x07\x01\x00" + bytes(100)),
    # two kinds at once
    "PDF with a zip behind": lambda: ("a.pdf", _pdf() + _named("b.txt")),
    "PDF with a zip behind and an end": lambda: ("a.pdf", _pdf() + _named("b.txt") + b"\n%%EOF\n"),
    "zip behind a text": lambda: ("a.txt", _ARTICLE + _named("b.txt")),
    "zip behind a page": lambda: ("a.html", _PAGE + _named("b.txt")),
    "zip behind a GIF": lambda: ("a.gif", b"GIF89a" + bytes(30) + _named("b.txt")),
    "zip behind a program": lambda: ("a.zip", _PROGRAM + _named("b.txt")),
    "page behind a zip": lambda: ("a.zip", _named("b.txt") + _PAGE),
    "page in a zip's comment": lambda: (
        "a.zip",
        _named("b.txt")[:-2] + struct.pack("<H", len(_PAGE)) + _PAGE,
    ),
    "zip before a zip": lambda: ("a.zip", _named("b.txt") + _named("c.txt")),
    "PDF behind a text": lambda: ("a.txt", "会议记录\n".encode() + _pdf()),
    "PDF behind a page": lambda: ("a.html", b"<html><!--" + _pdf() + b"--></html>"),
    "page in a PDF": lambda: (
        "a.pdf",
        _pdf_of(_CATALOG, header=b"%PDF-1.7\n%<html><script>alert(1)</script>\n"),
    ),
    # names and contents that disagree
    "PDF named txt": lambda: ("a.txt", _pdf()),
    "Word named pdf": lambda: ("a.pdf", _word()),
    "zip named docx": lambda: ("a.docx", _named("b.txt")),
    "page named txt": lambda: ("a.txt", _PAGE),
    "text named pdf": lambda: ("a.pdf", _ARTICLE),
    "picture named md": lambda: ("a.md", _PNG + bytes(100)),
    "program named txt": lambda: ("a.txt", _PROGRAM),
    "text named exe": lambda: ("a.exe", _ARTICLE),
    "old Word": lambda: ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    "RTF": lambda: ("a.rtf", b"{\\rtf1\\ansi Hello}"),
    "script": lambda: ("a.txt", b"#!/bin/sh\nrm -rf /\n"),
    "noise": lambda: ("a", random.Random(1).randbytes(5000)),
    "NUL bytes": lambda: ("a.txt", bytes(5000)),
    "nothing": lambda: ("a.txt", b""),
    # names of the upload itself
    "path as a name": lambda: (f"../../{STRAY}.txt", _ARTICLE),
    "control characters in the name": lambda: ("a\x1b[2J\n.txt", _ARTICLE),
    "other direction in the name": lambda: ("a\u202etxt.md", _ARTICLE),
    "long name": lambda: ("长" * 10_000 + ".txt", _ARTICLE),
    # documents made to keep their reader busy
    "XML bomb in Word": lambda: ("a.docx", _xml_bomb()),
    "outer file in Word": lambda: ("a.docx", _word_with_outer_file()),
    "deep Word": lambda: ("a.docx", _deep_word()),
    "picture of huge size in Word": lambda: ("a.docx", _huge_picture()),
    "heavy picture in Word": lambda: ("a.docx", _heavy_picture()),
    "zip slip in Word": lambda: ("a.docx", documents.docx("", parts={f"../{STRAY}": "x"})),
    "many parts in Word": lambda: ("a.docx", _word_with_many_parts()),
    "PDF whose pages loop": lambda: ("a.pdf", _pdf_loop()),
    "PDF whose drawing loops": lambda: ("a.pdf", _pdf_form_loop()),
    "PDF of a million pages": lambda: ("a.pdf", documents.empty_pdf(100_000)),
    "PDF bomb": lambda: ("a.pdf", _pdf_bomb()),
    "deep PDF": lambda: ("a.pdf", _deep_pdf()),
    "PDF with a password": lambda: ("a.pdf", documents.pdf(password="x")),
    "PDF cut off": lambda: ("a.pdf", _pdf()[:-500]),
    "deep page": lambda: ("a.html", _deep_page()),
    "long page": lambda: ("a.html", _long_page()),
    "long text": lambda: ("a.txt", _ARTICLE * 40_000),
    "201 articles": lambda: ("a.jsonl", _jsonl(201)),
    "a line of 20 MB": lambda: ("a.jsonl", b'{"text":"' + b"a" * 20_000_000),
    "600 wrong lines": lambda: ("a.jsonl", b'{"id": 1}\n' * 600),
    "over 20 MB": lambda: ("a.txt", b"a" * 21_000_000),
}

REASONS = {
    "zip slip": "../../baoda-stray.txt would be written outside of its folder; pack it again",
    "zip slip inside a folder": "outside of its folder",
    "zip slip with backslashes": "outside of its folder",
    "absolute name": "outside of its folder",
    "drive letter": "outside of its folder",
    "symlink": "is a link or a device, no file",
    "device": "is a link or a device, no file",
    "pipe": "is a link or a device, no file",
    "control characters in a member's name": "holds control characters or is too long",
    "line end in a member's name": "holds control characters or is too long",
    "NUL in a member's name": "holds control characters or is too long",
    "other direction in a member's name": "holds control characters or is too long",
    "long name of a member": "holds control characters or is too long",
    "two members of one name": "two of its files have the same name",
    "zip bomb": "unpacks to 1,049 MB, at most 10 are read",
    "zip bomb in many members": "is packed too tightly to be an article",
    "zip bomb below the ratio": "unpacks to 81 MB, at most 50 are read",
    "size that lies": "a.txt is damaged",
    "size that boasts": "does not have the size it states",
    "overlapping members": "two of its files share their bytes",
    "member inside a member": "two of its files share their bytes",
    "nested archive": "0.zip is an archive inside the archive; send its files themselves",
    "deeply nested archives": "49.zip is an archive inside the archive",
    "nested archive of another name": "b.txt is an archive inside the archive",
    "nested gzip": "b.txt.gz is an archive inside the archive",
    "a million entries": "over 20 MB",
    "a million entries by word": "says that it has 65,535 files or more",
    "300,000 entries": "says that it has 37,856 files",
    "300,000 entries that say five": "its list of files is too long",
    "nine entries that say two": "its list of files and their number disagree",
    "a hundred and one files": "holds 101 files, at most 100 are read",
    "encrypted member": "protected by a password; pack it without one",
    "unknown packing": "packed in a way not read here",
    "wrong checksum": "a.txt is damaged",
    "archive cut off": "a damaged zip archive",
    "empty archive": "holds no file that can be read",
    "tar": "a tar archive cannot be read; pack it as .zip",
    "tar named zip": "a tar archive cannot be read",
    "RAR": "a RAR archive cannot be read",
    "PDF with a zip behind": "an archive is hidden in it",
    "PDF with a zip behind and an end": "an archive is hidden in it",
    "zip behind a text": "an archive is hidden in it",
    "zip behind a page": "an archive is hidden in it",
    "zip behind a GIF": "a GIF picture cannot be read",
    "zip behind a program": "a program cannot be read",
    "page behind a zip": "a zip archive with something else after its end",
    "page in a zip's comment": "a zip archive with something else after its end",
    "zip before a zip": "a zip archive with something else in front of it",
    "PDF behind a text": "a PDF is hidden in it",
    "PDF behind a page": "a PDF is hidden in it",
    "page in a PDF": "a web page is hidden in it",
    "PDF named txt": "not .txt but a PDF; name it .pdf",
    "Word named pdf": "not .pdf but a Word file; name it .docx",
    "zip named docx": "not .docx but a zip archive; name it .zip",
    "page named txt": "not .txt but a web page; name it .html",
    "text named pdf": "not .pdf but plain text; name it .txt",
    "picture named md": "a PNG picture cannot be read; save the article as text",
    "program named txt": "a program cannot be read",
    "text named exe": "not .exe but plain text; name it .txt",
    "old Word": "an old or protected Office file cannot be read; save it as .docx",
    "RTF": "an RTF file cannot be read; save it as .docx or .pdf",
    "script": "a program cannot be read",
    "noise": "not text",
    "NUL bytes": "not text",
    "nothing": "empty",
    "path as a name": "its name leads to another folder; rename it",
    "control characters in the name": "its name holds control characters; rename it",
    "other direction in the name": "its name holds control characters; rename it",
    "long name": "its name is over 255 characters; rename it",
    "XML bomb in Word": "its XML declares entities",
    "outer file in Word": "its XML declares entities",
    "deep Word": "nested too deeply",
    "picture of huge size in Word": "word/media/image1.png is a picture of over 100 million pixels",
    "heavy picture in Word": "word/media/image1.bmp unpacks to 61 MB, at most 10 are read",
    "zip slip in Word": "outside of its folder",
    "many parts in Word": "says that it has 3,005 files",
    "PDF whose pages loop": "has 1,000,000 pages, at most 500 are read",
    "PDF whose drawing loops": "its reader crashed",
    "PDF of a million pages": "has 100,000 pages, at most 500 are read",
    "PDF bomb": "its reader crashed",
    "deep PDF": "page 1 is damaged",
    "PDF with a password": "protected by a password",
    "PDF cut off": "cut off: its end is missing",
    "deep page": "nested too deeply or too large",
    "long page": "a web page over 3 MB; split it",
    "long text": "plain text over 4 MB; split it",
    "201 articles": "holds over 200 articles; send it in parts",
    "a line of 20 MB": "article over 2 MB",
    "600 wrong lines": "over 500 things in it are wrong",
    "over 20 MB": "over 20 MB; split it or make it smaller",
}
"""What stands in the reason given for each."""
