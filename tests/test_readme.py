"""What the README points at is there; `make follow` follows its commands."""

import re

import pytest

from tests.conftest import ROOT
from tests.following import blocks

README = (ROOT / "README.md").read_text("utf-8")
PLACES = README.partition("### Where is what")[2].partition("\n## ")[0]
_PATH = re.compile(r"`([\w.-]*/[\w./-]*)`")


def test_every_file_that_it_links_to_is_there() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_chapter_that_it_links_to_is_there() -> None:
    chapters = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= chapters


def test_every_place_that_it_names_is_there() -> None:
    named = set(_PATH.findall(PLACES))
    assert len(named) > 20
    roots = (ROOT, ROOT / "retrieval", ROOT / "retrieval" / "answering")
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("kind", ["sh", "ini"])
def test_its_commands_and_settings_can_be_followed(kind: str) -> None:
    found = [block for block in blocks(README) if block.kind == kind]
    assert all(block.lines for block in found)
    assert len(found) >= 3


def test_remarks_behind_commands_are_no_part_of_them() -> None:
    (block,) = blocks("```sh\nmake run     # sets up\necho '#1' # ok\n```\n")
    assert block.lines == ("make run", "echo '#1'")
