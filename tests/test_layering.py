"""Imports point one way: bot -> retrieval.answering -> search -> index -> types."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted(
    path.relative_to(ROOT)
    for name in ("bot", "retrieval", "prompts")
    for path in (ROOT / name).rglob("*.py")
)
LAYERS = [
    "retrieval.errors",
    "retrieval.types",
    "retrieval.folding retrieval.sqlite retrieval.tokens retrieval.sentences retrieval.batches "
    "retrieval.headings retrieval.lock retrieval.threads retrieval.durable "
    "retrieval.addresses",
    "retrieval.words",
    "retrieval.pinyin retrieval.chunking retrieval.embedding retrieval.reranking retrieval.corpus",
    "retrieval.incoming",
    "retrieval.cache",
    "retrieval.index",
    "retrieval.jobs",
    "retrieval.comparing",
    "retrieval.difference retrieval.child retrieval.pruning",
    "retrieval.questions",
    "retrieval.filters",
    "retrieval.search",
    "retrieval.ranking",
    "retrieval.answering",
    "retrieval.evaluation",
    "retrieval.golden",
    "retrieval.building",
    "retrieval.reload",
    "bot.revisions",
    "bot.store",
    "bot",
    "bot.desk",
    "bot.telegram",
    "bot.telegram.buttons bot.telegram.bounds bot.telegram.addressing",
    "bot.telegram.links",
    "bot.telegram.rendering",
    "bot.telegram.delivery",
    "bot.telegram.tickets bot.telegram.connecting bot.telegram.quotas bot.telegram.payloads",
    "bot.telegram.intake bot.telegram.profile",
    "bot.telegram.polling bot.telegram.webhook",
    "bot.telegram.tapping",
    "bot.telegram.handlers",
    "bot.telegram.desk",
    "bot.telegram.registering",
    "bot.telegram.application",
    "bot.findings",
    "bot.doctor",
    "bot.__main__",
]
"""Lowest first. A module imports from its own layer (its own package) and from those below."""


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> tuple[int, str] | None:
    """Number of the layer, and the package of it, that a module belongs to: the closest named."""
    named = [
        (number, package)
        for number, packages in enumerate(LAYERS)
        for package in packages.split()
        if name == package or name.startswith(package + ".")
    ]
    return max(named, key=lambda one: len(one[1]), default=None)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_down(path: Path) -> None:
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    own = layer(module)
    if module in ("retrieval", "prompts"):
        return
    assert own is not None, f"{module} has no place in LAYERS"
    for name in imported(path):
        other = layer(name)
        if other is not None and other != own:
            assert other[0] < own[0], f"{module} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_packages_stay_where_they_belong(path: Path) -> None:
    names = {name.split(".")[0] for name in imported(path)}
    if path != Path("retrieval/index/chroma.py"):
        assert "chromadb" not in names
    if not path.is_relative_to("bot/telegram"):
        assert "telegram" not in names
    if not path.is_relative_to("retrieval/answering"):
        assert "prompts" not in names
    if not path.is_relative_to("bot"):
        assert "bot" not in names
    assert "tests" not in names
