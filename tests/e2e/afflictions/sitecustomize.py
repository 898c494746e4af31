"""On PYTHONPATH of a bot: its clock and its name service go as the file AFFLICTIONS says.

That holds one JSON object: {"leap": seconds, "names": "known" | "unknown" | "silent"}. Names that
end in .test are this machine's while names are known; "silent" gives no answer for half a minute.
"""

import datetime
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import time_machine

_FILE = Path(os.environ["AFFLICTIONS"])
_SILENT_SECONDS = 30
_really_resolve = socket.getaddrinfo


def _now() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _resolve(host: Any, *arguments: Any, **named: Any) -> Any:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "127.0.0.1", "localhost"):
        return _really_resolve(host, *arguments, **named)
    names = _now().get("names", "known")
    if names == "silent":
        time.sleep(_SILENT_SECONDS)
    if names == "known" and str(host).endswith(".test"):
        return _really_resolve("127.0.0.1", *arguments, **named)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _follow_clock() -> None:
    leap, travelling = 0.0, None
    while True:
        wanted = float(_now().get("leap", leap))
        if wanted != leap:
            if travelling is not None:
                travelling.stop()
            moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=wanted)
            travelling = time_machine.travel(moment, tick=True)
            travelling.start()
            leap = wanted
        time.sleep(0.05)


socket.getaddrinfo = _resolve
if "leap" in _now():
    threading.Thread(target=_follow_clock, daemon=True).start()
