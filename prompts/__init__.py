"""Prompt texts, one file each, named by its job."""

from importlib.resources import files


def load(name: str) -> str:
    """The text of the prompt `name`, with {placeholders}."""
    return files(__name__).joinpath(f"{name}.md").read_text("utf-8").strip()
