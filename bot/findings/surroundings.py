"""What Baoda finds around it: the clock, and packages that may be left out."""

import datetime
import importlib.util
import zoneinfo

from bot.desk.chart import font_path
from bot.findings.finding import Finding
from bot.settings import Settings
from retrieval.errors import CollectionError
from retrieval.index.generations import Generations

_OFF = datetime.timedelta(hours=1)
_READERS = {"html": "trafilatura", "pdf": "pypdfium2", "docx": "mammoth"}


def clock(settings: Settings) -> Finding:
    """Whether the time can be right: nothing here may have been made in the future."""
    now = datetime.datetime.now(datetime.UTC)
    local = now.astimezone(zoneinfo.ZoneInfo(settings.timezone))
    detail = f"{local:%Y-%m-%d %H:%M} in {settings.timezone}"
    made = _newest(Generations(settings.data_dir))
    if made is not None and made > now + _OFF:
        detail += f", but the index was made at {made:%Y-%m-%d %H:%M} UTC"
        return Finding("clock", "problem", detail, "set the clock, or let it be set: timedatectl")
    return Finding("clock", "ok", detail)


def packages(_: Settings) -> Finding:
    """Whether all files can be read and the picture of /stats be drawn."""
    missing = [name for name, package in _READERS.items() if not _is_there(package)]
    if not _is_there("matplotlib") or font_path() is None:
        missing.append("stats")
    if missing:
        detail = f"without {', '.join(missing)}: such files are not read, /stats has no picture"
        advice = f"if that is wanted: pip install 'baoda[{','.join(missing)}]'"
        return Finding("packages", "note", detail, advice)
    return Finding("packages", "ok", "html, pdf, docx and the picture of /stats")


def _is_there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _newest(generations: Generations) -> datetime.datetime | None:
    try:
        live = generations.live()
        if live is None:
            return None
        made = datetime.datetime.fromisoformat(generations.manifest(live).created)
    except (CollectionError, ValueError):
        return None
    return made if made.tzinfo else made.replace(tzinfo=datetime.UTC)
