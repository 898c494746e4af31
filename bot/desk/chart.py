"""Pictures of figures by day: asked of a process of its own, which alone imports matplotlib.

So its 100 MB and its time stay out of the bot. The font with Chinese characters comes from zhplot.
"""

import asyncio
import importlib.util
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

logger = logging.getLogger(__name__)

_DRAWING = (sys.executable, "-m", "bot.desk.drawing")
_FONT = Path("fonts", "NotoSansSC-Regular.ttf")
_SECONDS = 120


class DrawingError(Exception):
    """A picture could not be drawn; says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each day, None where there is none."""

    label: str
    values: tuple[float | None, ...]
    color: str
    is_line: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the drawings below one another: bars on top of one another, lines over them."""

    title: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture: its heading, the days from left to right as they are labelled, the panels."""

    title: str
    days: tuple[str, ...]
    panels: tuple[Panel, ...]


CHART: TypeAdapter[Chart] = TypeAdapter(Chart)


def font_path() -> Path | None:
    """The font; None where it, or what draws, is not installed."""
    package = importlib.util.find_spec("zhplot")
    if package is None or package.origin is None or not importlib.util.find_spec("matplotlib"):
        return None
    path = Path(package.origin).with_name(str(_FONT.parent)) / _FONT.name
    return path if path.is_file() else None


async def draw(chart: Chart, font: Path) -> bytes:
    """A PNG. Raises DrawingError."""
    child = await asyncio.create_subprocess_exec(
        *_DRAWING,
        str(font),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            picture, errors = await child.communicate(CHART.dump_json(chart))
    except TimeoutError as error:
        raise DrawingError(f"it took more than {_SECONDS} s") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode or not picture:
        said = errors.decode("utf-8", "replace").strip().splitlines()
        raise DrawingError(said[-1] if said else f"it ended with status {child.returncode}")
    return picture
