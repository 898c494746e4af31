"""Checks that run side by side, none of them for longer than it may."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.findings.finding import Finding
from bot.settings import Settings, SettingsError
from retrieval.errors import fault_of

SETTINGS_ADVICE = "correct it in .env or the environment; .env.example shows every setting"


@dataclass(frozen=True, slots=True)
class Check:
    """What looks at one thing, how many seconds that may take, and what to look at if it does."""

    name: str
    look: Callable[[Settings], Finding]
    seconds: float
    advice: str = "does something keep this disk from answering? Look at it, and run doctor again"


def findings(checks: Sequence[Check], settings: Settings) -> Iterator[Finding]:
    """What the checks find, in their order.

    One that takes too long goes on in the background, on a daemon thread. What a check raises is a
    problem found.
    """
    for running in [_Running(check, settings) for check in checks]:
        yield running.finding()


class _Running:
    def __init__(self, check: Check, settings: Settings) -> None:
        self._check = check
        self._found: list[Finding] = []
        self._ends_at = time.monotonic() + check.seconds
        self._thread = threading.Thread(
            target=self._look, args=(settings,), name=check.name, daemon=True
        )
        self._thread.start()

    def finding(self) -> Finding:
        """What was found, once it is or the time is up."""
        self._thread.join(max(0.0, self._ends_at - time.monotonic()))
        if not self._found:
            detail = f"no answer within {self._check.seconds:g} s"
            return Finding(self._check.name, "problem", detail, self._check.advice)
        return self._found[0]

    def _look(self, settings: Settings) -> None:
        try:
            self._found.append(self._check.look(settings))
        except OSError as error:
            advice = "give this user the right to read and write there, or look at the disk"
            self._found.append(Finding(self._check.name, "problem", fault_of(error), advice))
        except SettingsError as error:
            self._found.append(Finding(self._check.name, "problem", str(error), SETTINGS_ADVICE))
        except Exception as error:  # what nobody thought of must not end the report
            detail = " ".join(f"{type(error).__name__}: {error}".split())
            self._found.append(Finding(self._check.name, "problem", detail, self._check.advice))
