"""Two generations side by side."""

from pathlib import Path

import pytest

from retrieval.comparing import NAMED, compare
from retrieval.errors import CollectionError
from retrieval.index.generations import Generations
from tests.small import reload, write


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder / "tower.md", "钟楼", "钟楼高四十米。")
    write(folder / "bridge.md", "新桥", "新桥长三百米。")
    return folder


def test_a_comparison_names_what_came_changed_and_went(corpus: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = reload(corpus, data).generation
    write(corpus / "tower.md", "钟楼", "钟楼高五十米。")
    write(corpus / "park.md", "公园", "公园在河边。")
    (corpus / "bridge.md").unlink()
    after = reload(corpus, data, force=True).generation
    assert after is not None
    found = compare(Generations(data), before, after)
    assert found.difference.added == ("park.md",)
    assert found.difference.changed == ("tower.md",)
    assert found.difference.removed == ("bridge.md",)
    assert found.difference.unchanged == 0
    assert found.names == {"park.md": "公园", "tower.md": "钟楼", "bridge.md": "新桥"}


def test_without_one_before_all_is_new_and_the_first_are_named(
    corpus: Path, tmp_path: Path
) -> None:
    for number in range(NAMED):
        write(corpus / f"x{number}.md", "", f"第{number}号公告贴在东门。")
    after = reload(corpus, tmp_path / "data").generation
    assert after is not None
    found = compare(Generations(tmp_path / "data"), None, after)
    assert len(found.difference.added) == NAMED + 2
    assert len(found.names) == NAMED
    assert found.names["x0.md"] == "第0号公告贴在东门。"


def test_one_that_is_not_kept_any_more_cannot_be_compared(corpus: Path, tmp_path: Path) -> None:
    after = reload(corpus, tmp_path / "data").generation
    assert after is not None
    with pytest.raises(CollectionError):
        compare(Generations(tmp_path / "data"), "20200101T000000000000-abcd", after)
