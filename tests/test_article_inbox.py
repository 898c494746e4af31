"""Articles into the inbox: safe names, one file each, nothing outside, nothing overwritten."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bot.desk.corrections import Correction, Fault, Omission, WrongLineError
from bot.desk.drafts import Contents, Duplicate, Entry, Piece, understood
from bot.desk.inbox import Inbox
from bot.desk.places import PlaceError, Trouble
from retrieval.types import Article, Problem

BRIDGE = Article("桥.txt", "新桥通车", "桥昨天通车了。", byline="王小明")
FERRY = Article("渡.txt", "渡口关闭", "渡口今天关闭。")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


def add(corpus: Path, *articles: Article) -> list[str]:
    inbox = Inbox(corpus)
    names = inbox.names_for([(one, "") for one in articles])
    assert all(inbox.write(name, one) for name, one in zip(names, articles, strict=True))
    return names


def test_articles_get_files_named_for_their_titles(corpus: Path) -> None:
    assert add(corpus, BRIDGE, FERRY) == ["新桥通车.md", "渡口关闭.md"]
    assert sorted(path.name for path in (corpus / "inbox").glob("*")) == sorted(
        ["新桥通车.md", "渡口关闭.md"]
    )


def test_other_articles_of_the_same_title_get_numbers(corpus: Path) -> None:
    other = replace(BRIDGE, text="另一座桥。")
    assert add(corpus, BRIDGE, other) == ["新桥通车.md", "新桥通车-2.md"]
    assert add(corpus, replace(BRIDGE, text="第三座。")) == ["新桥通车-3.md"]


def test_the_same_article_twice_is_one_file(corpus: Path) -> None:
    assert add(corpus, BRIDGE, replace(BRIDGE, id="other")) == ["新桥通车.md"] * 2
    assert add(corpus, BRIDGE) == ["新桥通车.md"]
    assert len(list((corpus / "inbox").iterdir())) == 1


def test_a_name_once_given_is_kept(corpus: Path) -> None:
    (corpus / "inbox").mkdir()
    taken = corpus / "inbox" / "新桥通车.md"
    taken.write_text("别的")
    inbox = Inbox(corpus)
    (name,) = inbox.names_for([(BRIDGE, "")])
    assert inbox.write(name, BRIDGE)
    taken.unlink()
    assert inbox.names_for([(BRIDGE, name)]) == [name]


def test_a_file_that_came_between_is_left_alone(corpus: Path) -> None:
    inbox = Inbox(corpus)
    (name,) = inbox.names_for([(BRIDGE, "")])
    (corpus / "inbox" / name).write_text("别的")
    assert not inbox.write(name, BRIDGE)
    assert (corpus / "inbox" / name).read_text() == "别的"
    assert inbox.names_for([(BRIDGE, name)]) == ["新桥通车-2.md"]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=80), st.text(min_size=1, max_size=40))
def test_no_title_leads_out_of_the_inbox(corpus: Path, title: str, text: str) -> None:
    (name,) = Inbox(corpus).names_for([(Article("a", title, text), "")])
    assert os.sep not in name
    assert not name.startswith((".", "_"))
    assert name.endswith(".md")
    assert len(name.encode()) <= 255
    assert (corpus / "inbox" / name).resolve().parent == (corpus / "inbox").resolve()


def test_an_inbox_that_is_a_link_is_refused(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (corpus / "inbox").symlink_to(tmp_path / "outside")
    with pytest.raises(PlaceError) as raised:
        Inbox(corpus).names_for([(BRIDGE, "")])
    assert raised.value.trouble is Trouble.LEADS_OUT
    with pytest.raises(PlaceError):
        Inbox(corpus).write("a.md", BRIDGE)
    assert not list((tmp_path / "outside").glob("*"))


def test_an_inbox_that_is_a_file_and_a_corpus_that_is_not_there_are_told_of(corpus: Path) -> None:
    (corpus / "inbox").write_text("")
    for folder in (corpus, corpus / "none"):
        with pytest.raises(PlaceError) as raised:
            Inbox(folder).names_for([(BRIDGE, "")])
        assert raised.value.reason


@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        (errno.ENOSPC, Trouble.FULL),
        (errno.EROFS, Trouble.READ_ONLY),
        (errno.EACCES, Trouble.READ_ONLY),
        (errno.EIO, Trouble.OTHER),
    ],
)
def test_what_the_disk_says_is_told(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, number: int, trouble: Trouble
) -> None:
    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    inbox = Inbox(corpus)
    (name,) = inbox.names_for([(BRIDGE, "")])
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(PlaceError) as raised:
        inbox.write(name, BRIDGE)
    assert raised.value.trouble is trouble
    assert list((corpus / "inbox").iterdir()) == []


def test_half_files_of_long_ago_are_swept(corpus: Path) -> None:
    inbox = Inbox(corpus)
    inbox.sweep()
    (corpus / "inbox").mkdir()
    old, new = corpus / "inbox" / ".a.part", corpus / "inbox" / ".b.part"
    for file in (old, new):
        file.write_text("半")
    os.utime(old, (0, 0))
    inbox.sweep()
    assert [path.name for path in (corpus / "inbox").iterdir()] == [".b.part"]


# Drafts


def a_list(*titles: str) -> Contents:
    entries = tuple(Entry(Article(one, one, f"{one}。"), 7) for one in titles)
    return Contents(pieces=(Piece(7, 0, name="a.zip", is_read=True),), entries=entries)


def test_contents_come_back_from_the_store_as_they_were() -> None:
    contents = Contents(
        pieces=(Piece(7, 9, "a.md", "文", True, (Correction("title", "题", 2),)),),
        entries=(Entry(BRIDGE, 7, True, Duplicate("k", "旧", "2025-03-01"), "a.md"),),
        problems=(Problem("a.md", "why", 3, lost=False),),
        is_own_text=True,
        page=2,
        opened=1,
    )
    assert Contents.from_json(contents.to_json()) == contents
    assert Contents.from_json({}) == Contents()


def test_corrections_of_a_list_name_the_article_or_mean_the_one_shown() -> None:
    wanted: list[Correction | Omission] = [Correction("title", "改", 2), Omission(1)]
    contents = a_list("甲", "乙", "丙").corrected(wanted)
    assert [entry.article.title for entry in contents.chosen] == ["改", "丙"]
    shown = replace(contents, opened=2).corrected([Correction("title", "新")])
    assert shown.entries[2].article.title == "新"


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (Correction("title", "改"), Fault.WHICH_ARTICLE),
        (Correction("title", "改", 4), Fault.NO_SUCH_ARTICLE),
        (Omission(0), Fault.NO_SUCH_ARTICLE),
    ],
)
def test_a_correction_of_no_article_is_refused(wanted: Correction | Omission, fault: Fault) -> None:
    with pytest.raises(WrongLineError) as raised:
        a_list("甲", "乙", "丙").corrected([wanted])
    assert raised.value.fault is fault


def test_a_text_that_was_cut_is_put_together_again() -> None:
    first = Piece(8, 100, text="文" * 3999 + "。")
    contents = Contents().with_piece(first)
    assert contents.is_continued_by(101, 9)
    assert not contents.is_continued_by(103, 9)
    assert not contents.is_continued_by(101, 7)
    whole = contents.with_piece(Piece(9, 101, text="下文")).with_piece(first)
    assert whole.text == first.text + "\n下文"
    assert not whole.is_continued_by(101, 10)
    words = Contents((Piece(1, 0, text="a word"), Piece(2, 0, text="and more")))
    assert words.text == "a word and more"
    assert not words.is_continued_by(0, 3)


def test_what_comes_along_with_several_articles_is_no_title_of_theirs() -> None:
    fields = [Correction("title", "题"), Correction("date", "2025-03-01")]
    assert [one.article.title for one in understood(7, [BRIDGE], fields)] == ["题"]
    both = understood(7, [BRIDGE, FERRY], fields)
    assert [one.article.title for one in both] == ["新桥通车", "渡口关闭"]
    assert {one.article.date for one in both} == {"2025-03-01"}


def test_articles_stand_in_the_order_in_which_they_were_sent() -> None:
    contents = Contents().with_piece(Piece(8, 0)).with_piece(Piece(7, 0))
    contents = contents.read([8], [Entry(FERRY, 8)], [])
    assert contents.is_reading
    contents = contents.read([7], [Entry(BRIDGE, 7)], [])
    assert not contents.is_reading
    assert [entry.article for entry in contents.entries] == [BRIDGE, FERRY]


def test_of_what_is_given_up_no_word_is_kept() -> None:
    contents = replace(a_list("甲"), pieces=(Piece(7, 0, text="甲"),)).given_up
    assert "甲" not in str(contents.to_json())
    assert contents.pieces[0].message_id == 7
