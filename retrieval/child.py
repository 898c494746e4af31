"""Building in a process of its own: the parent's side and the child's.

The job goes in as one line of JSON, lines of JSON come out: steps, then the outcome. The child ends
when its standard input closes, so it never outlives its parent, and it holds the lock of reloads
until it is gone. It works at low priority: readers come first.
"""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter

from retrieval import errors
from retrieval.errors import BaodaError, CollectionError, ReloadError, reason_of
from retrieval.jobs import Building, BuildJob, Built
from retrieval.types import Progress, Step

_NICENESS = 10
_TELL_SECONDS = 0.2
_GOODBYE_SECONDS = 5
_CRASHES = {
    -number
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
}
_FULL = reason_of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
_JOB: TypeAdapter[BuildJob] = TypeAdapter(BuildJob)
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
_BUILT: TypeAdapter[Built] = TypeAdapter(Built)


class BuilderDiedError(ReloadError):
    """The child ended without an outcome; `phase` is the last it told of."""

    def __init__(self, phase: str, status: int) -> None:
        how = f"signal {-status}" if status < 0 else f"status {status}"
        super().__init__(
            f"the building process ended with {how} while it was at: {phase}; nothing changed, "
            "reload again"
        )
        self.phase = phase
        self.status = status


class ChildBuilder:
    """Builds and checks in child processes started by `command`, which has to call `serve`.

    They share standard error with this process, unless they are to be `is_silent`.
    """

    def __init__(self, command: Sequence[str], *, is_silent: bool = False) -> None:
        self._command = list(command)
        self._errors = subprocess.DEVNULL if is_silent else None

    def build(self, job: BuildJob, progress: Progress, *, lock: int) -> Built:
        """Do the job. Raises BaodaError, BuilderDiedError when the child is killed."""
        request = {"build": _JOB.dump_python(job, mode="json")}
        return _BUILT.validate_python(self._run(request, progress, lock), strict=False)

    def check(self, generation: str) -> None:
        """Raise CollectionError unless everything in a generation can be found.

        A damaged index can kill its reader, which counts as damage too. Raises ReloadError when the
        child was ended by somebody or could not work.
        """
        try:
            self._run({"check": generation}, lambda _: None, None)
        except BuilderDiedError as error:
            if error.status not in _CRASHES:
                raise
            raise CollectionError(f"the index {generation} cannot be opened: {error}") from error

    def _run(self, request: dict[str, Any], progress: Progress, lock: int | None) -> Any:
        child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            pass_fds=() if lock is None else (lock,),
            start_new_session=True,  # an interrupt from the terminal is for the parent
        )
        phase = "start"
        with child:
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.write(json.dumps(request).encode() + b"\n")
                    child.stdin.flush()
                for line in child.stdout:
                    message = json.loads(line)
                    if "step" in message:
                        step = _STEP.validate_python(message["step"])
                        phase = step.phase
                        progress(step)
                    elif "error" in message:
                        raise getattr(errors, message["error"])(message["reason"])
                    else:
                        return message["outcome"]
            finally:
                _end(child)
        raise BuilderDiedError(phase, child.returncode)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let a child that is done end by itself, and end any other."""
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    try:
        child.wait(_GOODBYE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def serve(builder: Building) -> None:
    """The child's side: read a job from standard input, do it, write what comes of it."""
    from sqlalchemy.exc import DBAPIError  # the parent's side needs it not

    os.nice(_NICENESS)
    # whatever else prints must not come between the lines
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(message: dict[str, Any]) -> None:
        print(json.dumps(message), file=out, flush=True)

    with out:
        try:
            outcome = _do(builder, request, _throttled(tell))
        except BaodaError as error:
            tell({"error": type(error).__name__, "reason": str(error)})
        except OSError as error:
            where = error.filename or "a file"
            reason = f"the reload stopped: {where}: {reason_of(error)}"
            tell({"error": "ReloadError", "reason": reason})
        except DBAPIError as error:
            detail = _FULL if "is full" in str(error.orig) else error.orig
            tell({"error": "ReloadError", "reason": f"the reload stopped: {detail}"})
        else:
            tell({"outcome": outcome})


def _do(builder: Building, request: dict[str, Any], progress: Progress) -> Any:
    if "check" in request:
        try:
            builder.check(request["check"])
        except (BaodaError, OSError):
            raise
        except BaseException as error:  # a panic of Chroma's engine is no Exception
            name = type(error).__name__
            raise CollectionError(
                f"the index {request['check']} cannot be opened: {name}: {error}"
            ) from error
        return None
    job = _JOB.validate_python(request["build"])
    return _BUILT.dump_python(builder.build(job, progress, lock=-1), mode="json")


def _throttled(tell: Callable[[dict[str, Any]], None]) -> Progress:
    """Tell of each phase, and of the steps within it a few times a second."""
    told_phase, told_at = "", 0.0

    def progress(step: Step) -> None:
        nonlocal told_phase, told_at
        now = time.monotonic()
        is_last = bool(step.total) and step.done >= step.total
        if step.phase != told_phase or is_last or now - told_at >= _TELL_SECONDS:
            told_phase, told_at = step.phase, now
            tell({"step": _STEP.dump_python(step, mode="json")})

    return progress


def _end_with_parent() -> None:
    """The parent never writes again: the end of its side is its end."""
    # not sys.stdin: its lock could not be had when this process ends by itself
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)
