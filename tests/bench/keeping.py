"""Figures of a benchmark, kept with the machine they were measured on."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

OUT = Path(__file__).parent.parent.parent / "bench"


def keep(name: str, figures: Mapping[str, object]) -> None:
    """Write the figures to bench/, under that name."""
    OUT.mkdir(exist_ok=True)
    machine = {"machine": platform.platform(), "cores": os.cpu_count(), "python": sys.version}
    (OUT / f"{name}.json").write_text(json.dumps({**figures, **machine}, indent=1), "utf-8")
