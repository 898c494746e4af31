"""Every package that runs with Baoda is listed with its licence."""

import re

from tests.licences import PAGE, locked

ROWS = re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \| ([^|]+) \|", PAGE.read_text("utf-8"), re.M)


def test_every_locked_package_is_listed_in_its_version() -> None:
    listed = {name: set(versions.split(", ")) for name, versions, _ in ROWS if name != "package"}
    assert listed == locked(), "run `make licences`"


def test_no_licence_is_unknown() -> None:
    assert [name for name, _, licence in ROWS if re.search(r"unknown|^$", licence, re.I)] == []


def test_what_asks_for_sharing_is_named_openly() -> None:
    page = PAGE.read_text("utf-8")
    named = page.partition("must be shared")[2].partition("## All packages")[0]
    asking = [name for name, _, licence in ROWS if re.search("GPL|MPL|Mozilla", licence)]
    assert "psycopg" in asking
    assert [name for name in asking if f"- {name}: " not in named] == []
