"""Files go into the bin and come back; nothing is lost, nothing is overwritten, nothing leaves."""

import datetime
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.desk.bin import Bin, Binned
from bot.desk.places import PlaceError, Trouble
from retrieval.corpus import read_corpus

_MOMENT = datetime.datetime(2026, 3, 5, 8, 0, tzinfo=datetime.UTC)
_later = count(1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    (folder / "旧报").mkdir(parents=True)
    (folder / "旧报" / "桥.md").write_text("桥通车了。")
    return folder


def remove(corpus: Path, path: str = "旧报/桥.md") -> Binned:
    now = _MOMENT + datetime.timedelta(microseconds=next(_later))
    return Bin(corpus).remove(path, key="k", title="桥", articles=1, now=now)


def test_what_is_removed_is_no_article_any_more_and_comes_back(corpus: Path) -> None:
    binned = remove(corpus)
    assert list(read_corpus(corpus)) == []
    assert Bin(corpus).newest(9) == [binned]
    assert Bin(corpus).of_article("k") == binned
    assert Bin(corpus).restore(binned.token) == "旧报/桥.md"
    assert (corpus / "旧报" / "桥.md").read_text() == "桥通车了。"
    assert Bin(corpus).newest(9) == []


def test_bringing_back_again_changes_nothing_until_it_is_settled(corpus: Path) -> None:
    binned = remove(corpus)
    shelf = Bin(corpus)
    assert shelf.restore(binned.token) == shelf.restore(binned.token) == "旧报/桥.md"
    shelf.settle(binned.token)
    with pytest.raises(PlaceError) as raised:
        shelf.restore(binned.token)
    assert raised.value.trouble is Trouble.GONE
    assert not list((corpus / ".bin").glob("*"))


def test_another_file_of_the_name_keeps_its_place(corpus: Path) -> None:
    binned = remove(corpus)
    (corpus / "旧报" / "桥.md").write_text("另一座桥。")
    assert Bin(corpus).restore(binned.token) == "旧报/桥-2.md"
    assert (corpus / "旧报" / "桥.md").read_text() == "另一座桥。"


def test_a_folder_that_is_gone_is_made_again(corpus: Path) -> None:
    binned = remove(corpus)
    (corpus / "旧报").rmdir()
    assert Bin(corpus).restore(binned.token) == "旧报/桥.md"


def test_the_newest_come_first(corpus: Path) -> None:
    first = remove(corpus)
    (corpus / "旧报" / "桥.md").write_text("又一座。")
    second = remove(corpus)
    assert Bin(corpus).newest(9) == [second, first]
    assert Bin(corpus).newest(1) == [second]


def test_a_very_long_name_fits(corpus: Path) -> None:
    name = "长" * 80 + ".md"
    (corpus / name).write_text("文")
    assert Bin(corpus).restore(remove(corpus, name).token) == name


def _escapes(corpus: Path) -> Iterator[str]:
    outside = corpus.parent / "outside"
    outside.mkdir()
    (outside / "a.md").write_text("外面")
    (corpus / "link.md").symlink_to(outside / "a.md")
    (corpus / "folder").symlink_to(outside)
    yield from ("link.md", "folder/a.md", "../outside/a.md", str(outside / "a.md"))


def test_nothing_outside_is_removed(corpus: Path) -> None:
    for path in _escapes(corpus):
        with pytest.raises(PlaceError) as raised:
            remove(corpus, path)
        assert raised.value.trouble is Trouble.LEADS_OUT
    assert (corpus.parent / "outside" / "a.md").read_text() == "外面"


def test_a_bin_that_is_a_link_is_not_used(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (corpus / ".bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PlaceError) as raised:
        remove(corpus)
    assert raised.value.trouble is Trouble.LEADS_OUT
    assert Bin(corpus).newest(9) == []
    assert (corpus / "旧报" / "桥.md").exists()


@pytest.mark.parametrize("path", ["../outside.md", "/tmp/outside.md", "folder/a.md", ""])
def test_a_note_that_was_tampered_with_leads_nowhere_outside(
    corpus: Path, tmp_path: Path, path: str
) -> None:
    binned = remove(corpus)
    (tmp_path / "outside").mkdir()
    (corpus / "folder").symlink_to(tmp_path / "outside")
    (note,) = (corpus / ".bin").glob("*.json")
    note.write_text(note.read_text("utf-8").replace("旧报/桥.md", path), "utf-8")
    with pytest.raises(PlaceError):
        Bin(corpus).restore(binned.token)
    assert not list((tmp_path / "outside").glob("*"))
    assert Bin(corpus).newest(9) != []


def test_what_others_put_into_the_bin_is_passed_over(corpus: Path) -> None:
    binned = remove(corpus)
    (corpus / ".bin" / "notes.json").write_text("[1]")
    (corpus / ".bin" / "x.json").write_bytes(b"\xff")
    assert Bin(corpus).newest(9) == [binned]
