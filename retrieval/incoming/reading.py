"""The bytes of an upload to articles and problems; done in a child process (`child`)."""

from collections.abc import Iterator

from retrieval.corpus import docx, html, is_no_article, jsonl, markdown, pdf, text
from retrieval.corpus.fields import MAX_ARTICLE_BYTES
from retrieval.errors import CorpusError
from retrieval.incoming import kinds
from retrieval.incoming.archive import Archive
from retrieval.incoming.errors import HostileError
from retrieval.incoming.limits import (
    MAX_ARTICLES,
    MAX_FILE_BYTES,
    MAX_HTML_BYTES,
    MAX_MEMBERS,
    MAX_PIXELS,
    MAX_PROBLEMS,
    MAX_TEXT_BYTES,
)
from retrieval.incoming.pictures import pixels
from retrieval.types import Loaded, Problem

_READERS = {
    kinds.PDF: pdf.read_bytes,
    kinds.DOCX: docx.read_bytes,
    kinds.HTML: html.read_bytes,
    kinds.JSONL: jsonl.read_bytes,
    kinds.MARKDOWN: markdown.read_bytes,
    kinds.TEXT: text.read_bytes,
}
_MOST_BYTES = {
    kinds.HTML: MAX_HTML_BYTES,
    kinds.MARKDOWN: MAX_ARTICLE_BYTES,
    kinds.TEXT: text.MAX_PAGE_BYTES,
}
_OF_THE_SYSTEM = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_MAC_DOUBLES = "__MACOSX"


def read(data: bytes, name: str) -> list[Loaded | Problem]:
    """What an upload holds, in its order; one problem and nothing else when it is refused."""
    items: list[Loaded | Problem] = []
    articles = size = 0
    try:
        for item in _read(data, name):
            items.append(item)
            if isinstance(item, Loaded):
                articles += 1
                size += len(item.article.text.encode())
            if articles > MAX_ARTICLES:
                raise HostileError(f"holds over {MAX_ARTICLES} articles; send it in parts")
            if size > MAX_TEXT_BYTES:
                raise HostileError(
                    f"holds over {MAX_TEXT_BYTES // 1_000_000} MB of text; send it in parts"
                )
            if len(items) - articles > MAX_PROBLEMS:
                raise HostileError(f"over {MAX_PROBLEMS} things in it are wrong; mend it first")
    except CorpusError as error:
        return [Problem(name, str(error))]
    return items


def _read(data: bytes, name: str) -> Iterator[Loaded | Problem]:
    kind = kinds.kind_of(data, name)
    kinds.check_name(kind, name)
    if kind == kinds.ZIP:
        yield from _members(Archive(data), name)
    else:
        yield from _file(data, kind, name)


def _file(data: bytes, kind: kinds.Kind, path: str) -> Iterator[Loaded | Problem]:
    if kind == kinds.TEXT and kinds.suffix_of(path) in kinds.MARKDOWN.suffixes:
        kind = kinds.MARKDOWN
    if len(data) > (most := _MOST_BYTES.get(kind, MAX_FILE_BYTES)):
        raise CorpusError(f"{kind.what} over {most // 1_000_000} MB; split it")
    if kind == kinds.DOCX:
        _check_parts(Archive(data))
    yield from _READERS[kind](data, path)


def _check_parts(word: Archive) -> None:
    for member, part in word.parts():
        if pixels(part) > MAX_PIXELS:
            raise HostileError(
                f"{member.name} is a picture of over {MAX_PIXELS // 1_000_000} million pixels;"
                " leave it out"
            )


def _members(archive: Archive, name: str) -> Iterator[Loaded | Problem]:
    members = [member for member in archive.members if not _is_of_the_system(member.name)]
    if len(members) > MAX_MEMBERS:
        raise HostileError(
            f"holds {len(members):,} files, at most {MAX_MEMBERS} are read; send it in parts"
        )
    if not members:
        raise CorpusError("holds no file that can be read")
    for member in members:
        path = f"{name}/{member.name}"
        if _is_no_article(member.name):
            yield Problem(path, "left out: by its name it is no article", lost=False)
            continue
        data = archive.unpack(member)
        try:
            kind = kinds.kind_of(data, member.name)
            if kind == kinds.ZIP:
                raise kinds.UnreadableArchiveError(kind.what)
            kinds.check_name(kind, member.name)
            yield from _file(data, kind, path)
        except (kinds.UnreadableArchiveError, HostileError) as error:
            raise HostileError(_of_member(member.name, error)) from error
        except CorpusError as error:
            yield Problem(path, str(error))


def _of_member(name: str, error: CorpusError) -> str:
    if isinstance(error, kinds.UnreadableArchiveError):
        return f"{name} is an archive inside the archive; send its files themselves"
    return f"{name}: {error}"


def _is_no_article(name: str) -> bool:
    *folders, last = name.split("/")
    return is_no_article(last) or any(
        folder.startswith((".", "_")) for folder in folders if folder != "."
    )


def _is_of_the_system(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == _MAC_DOUBLES or parts[-1].lower() in _OF_THE_SYSTEM
