"""Reloads and roll-backs of a front that serves all the while: one at a time, seen by everybody.

Each is a process of its own that ends with the front. What one would change is looked at first,
and much is not changed unasked.
"""

import asyncio
import datetime
import hashlib
import json
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.attending import attend
from bot.desk.golden import FROM_LIFE
from bot.meters import UNCOUNTED, Meters
from bot.settings import Settings
from retrieval import lock
from retrieval.comparing import compare
from retrieval.errors import (
    BaodaError,
    CollectionError,
    GoldenError,
    LockedError,
    ManyGoneError,
    ReloadError,
)
from retrieval.evaluation import read_golden
from retrieval.index.generations import Generations
from retrieval.jobs import Difference, many_are_gone
from retrieval.types import Problem, Progress, Step

logger = logging.getLogger(__name__)

_LITTLE, _ALWAYS_LITTLE, _LITTLE_SHARE, _FEW_REMOVED = 20, 5, 0.1, 3
"""So many articles may change unasked: 20, but of a small collection no more than 5 or a tenth;
and no more than 3 of them may go."""

_LEFTOVER_SECONDS = 20.0
"""How long a reload of before a restart may take to end."""

_LOOK_SECONDS = 0.1
_STARTING_SECONDS = 0.1
"""The least that Python takes to start."""

_REMEMBERED = 50
_SUFFIX = 13
"""Characters at the end of a generation's id that tell it from the others."""

Attend = Callable[[Sequence[str], Progress], Awaitable[dict[str, Any]]]

_RELOAD = ("reload", "--progress", "json")


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise in a collection than in the one before."""

    difference: Difference
    names: Mapping[str, str]
    """What the first of the articles that came, changed or went are called, by id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reload would do."""

    live: str | None
    change: Change
    failed: tuple[Problem, ...]
    held: int
    """Articles that would stay in their last good version, for their files cannot be read."""
    outdated: bool
    """Whether the live generation has to be built anew in any case."""

    @property
    def before(self) -> int:
        """How many articles there are now."""
        difference = self.change.difference
        return len(difference.changed) + len(difference.removed) + difference.unchanged

    @property
    def looks_incomplete(self) -> bool:
        """Whether a reload that is not forced would stop: too many articles are gone."""
        return many_are_gone(len(self.change.difference.removed), self.before)

    @property
    def is_little(self) -> bool:
        """Whether it may be done unasked."""
        difference, before = self.change.difference, self.before
        changed = len(difference.added) + len(difference.changed) + len(difference.removed)
        most = min(_LITTLE, max(_ALWAYS_LITTLE, int(_LITTLE_SHARE * before)))
        if not before:
            return True
        return changed <= most and len(difference.removed) <= _FEW_REMOVED and not self.held

    @property
    def digest(self) -> str:
        """12 hex digits: tells it from a plan that was shown before."""
        difference = self.change.difference
        parts = [self.live, difference.added, difference.changed, difference.removed]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing is otherwise."""

    articles: int
    failed: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Asks:
    """Much would change, or more than may be published unforced: somebody has to say so."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class GoldenFails:
    """The new collection was not published: golden questions are answered worse."""

    plan: Plan
    asked: int
    failed: tuple[str, ...]
    """The questions; none where golden.jsonl itself cannot be read."""
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """Another generation is live than before."""

    before: str | None
    after: str
    change: Change | None
    """None where the one before is not kept any more."""
    articles: int
    chunks: int
    golden: tuple[int, int] | None
    """Golden questions answered as they should be, of how many."""
    newly_failed: tuple[str, ...]
    """Golden questions that were answered as they should be before."""
    failed: tuple[Problem, ...] = ()
    seconds: float | None = None
    """None where it had been done before a restart."""
    more: bool = False
    """Whether the folder has changed again since."""


@dataclass(frozen=True, slots=True)
class OtherLive:
    """Not rolled back: another generation is live than the one that was to be undone."""

    live: str | None


@dataclass(frozen=True, slots=True)
class NotKept:
    """Not rolled back: the generation is not there any more."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another process changes the collection."""

    holder: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Ended by an admin; nothing changed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be done; nothing changed."""

    reason: str


_WORDS: dict[type, str] = {
    Unchanged: "unchanged",
    Asks: "asks",
    GoldenFails: "golden_fails",
    Published: "published",
    Busy: "busy",
    Cancelled: "cancelled",
    Failed: "failed",
}
"""As meters know the outcomes."""

Outcome = Unchanged | Asks | GoldenFails | Published | Busy | Cancelled | Failed
RolledBack = Published | OtherLive | NotKept | Busy | Failed


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reload is begun with."""

    key: str
    """Names it, for whoever wants to cancel it."""
    agreed: str = ""
    """Digest of the plan that somebody said yes to."""
    force: bool = False
    resumed: bool = False
    """Whether it had been begun before a restart."""
    before: str | None = None
    """The generation that was live when it was begun."""
    unasked: bool = False
    """Whether it is done without looking first."""


class Run:
    """A reload under way, which several may look at."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.stage: Literal["looking", "reloading"] = "looking"
        self.step: Step | None = None
        self.articles = 0
        """How many there are to be read, once that is known."""
        self.result: dict[str, Any] = {}
        """The object of `baoda reload --json`, once it is done."""
        self.error: BaodaError | None = None
        self.started = time.monotonic()
        self.listeners: list[Progress] = []
        self.is_begun = False
        self.is_cancelled = False
        self.task: asyncio.Task[Outcome] | None = None

    @property
    def reads_from_now_on(self) -> bool:
        """Whether it goes through for certain, and its process cannot have read anything yet."""
        return self.wish.unasked and time.monotonic() - self.started < _STARTING_SECONDS

    async def outcome(self) -> Outcome:
        """What came of it, once it has ended."""
        assert self.task is not None
        return await asyncio.shield(self.task)

    def told(self, step: Step) -> None:
        """Note how far it has come."""
        self.step = step
        for listener in self.listeners:
            listener(step)


class Reloads:
    """Everything that changes the collection from within one front."""

    def __init__(
        self, settings: Settings, attend: Attend = attend, meters: Meters = UNCOUNTED
    ) -> None:
        """`attend` runs a command of `baoda` in a process of its own."""
        self._settings = settings
        self._attend = attend
        self._meters = meters
        self._generations = Generations(settings.data_dir)
        self._cancelled: deque[str] = deque(maxlen=_REMEMBERED)
        self._is_closing = False
        self.current: Run | None = None

    def live(self) -> str | None:
        """Id of the live generation, None where there is none that can be read."""
        try:
            return self._generations.live()
        except CollectionError:
            return None

    def begin(self, wish: Wish) -> Run:
        """The reload that runs, else one that begins now: it has this wish then."""
        if self.current is None:
            run = Run(wish)
            run.task = asyncio.create_task(self._do(run))
            run.task.add_done_callback(lambda _: self._ended(run))
            self.current = run
        return self.current

    def cancel(self, key: str) -> bool:
        """End the reload of that key; False where none runs. One that is to come has ended then."""
        run = self.current
        if run is None or run.wish.key != key or not run.is_begun:
            self._cancelled.append(key)
            return run is not None and run.wish.key == key
        if not run.is_cancelled:
            run.is_cancelled = True
            assert run.task is not None
            run.task.cancel()
        return True

    async def run(self, progress: Progress | None = None) -> dict[str, Any]:
        """The object of `baoda reload --json`, of a reload that reads the folder as it is now.

        One that runs already is waited for; several that wait share the next. Not cancelled when
        this is. Raises BaodaError.
        """
        while self.current is not None and not self.current.reads_from_now_on:
            await self._over(self.current)
        run = self.begin(Wish(key=secrets.token_hex(4), unasked=True, before=self.live()))
        if progress is not None:
            run.listeners.append(progress)
        outcome = await run.outcome()
        if run.error is not None:
            raise run.error
        if isinstance(outcome, Cancelled):
            raise ReloadError("it was cancelled")
        return run.result

    async def roll_back(self, to: str, undone: str, *, before: str | None) -> RolledBack:
        """Make `to` live again in place of the generation whose id ends with `undone`.

        `before`: what was live when that was begun, where it was begun before a restart.
        """
        if before is not None:
            await self._until_unlocked()
            if before.endswith(undone) and self.live() == to:
                return await self._compared(before, to)
        live = self.live()
        if live is None or not live.endswith(undone) or live == to:
            return OtherLive(live)
        if to not in self._generations.kept():
            return NotKept()
        try:
            done = await self._attend(("rollback", to), lambda _: None)
        except LockedError as error:
            return Busy(self._holder(error))
        except BaodaError as error:
            return Failed(str(error))
        if done["previous"] != live:
            return OtherLive(self.live())
        return await self._compared(live, to)

    async def close(self) -> None:
        """End what runs: the front stops. What is not done is begun anew by whoever wants it."""
        self._is_closing = True
        if self.current is not None and self.current.task is not None:
            self.current.task.cancel()
            await asyncio.wait([self.current.task])

    def _holder(self, error: LockedError) -> str:
        return lock.held_by(self._settings.data_dir) or str(error)

    async def _over(self, run: Run) -> None:
        assert run.task is not None
        await asyncio.wait([run.task])
        await asyncio.sleep(0)  # its end is noted

    def _ended(self, run: Run) -> None:
        if run.task is not None and not run.task.cancelled() and run.task.exception() is None:
            outcome = _WORDS[type(run.task.result())]
            seconds = time.monotonic() - run.started
            self._meters.reloaded("chat", outcome, seconds)
            logger.info(
                "a reload is done: %s, %.1f s",
                outcome,
                seconds,
                extra={"outcome": outcome, "seconds": round(seconds, 1)},
            )
        if self.current is run:
            self.current = None

    async def _do(self, run: Run) -> Outcome:
        """What comes of a reload; whoever cancels it ends its process."""
        run.is_begun = True
        if run.wish.key in self._cancelled:
            return Cancelled()
        before = run.wish.before if run.wish.resumed else self.live()
        try:
            return await self._done(run)
        except LockedError as error:
            run.error = error
            outcome: Outcome = Busy(self._holder(error))
        except BaodaError as error:
            run.error = error
            outcome = Failed(str(error))
        except asyncio.CancelledError:
            if self._is_closing:
                raise
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            outcome = Cancelled()
        now = self.live()  # it may have been published all the same
        return outcome if now is None or now == before else await self._compared(before, now)

    async def _done(self, run: Run) -> Outcome:
        wish = run.wish
        if wish.unasked:
            return await self._reloaded(run, None)
        if wish.resumed:
            await self._until_unlocked()
        plan = _plan(await self._attend((*_RELOAD, "--dry-run"), run.told))
        before = wish.before if wish.resumed else plan.live
        nothing = plan.change.difference.nothing and not plan.outdated
        if plan.live is not None and before != plan.live:
            return await self._compared(before, plan.live, failed=plan.failed, more=not nothing)
        if nothing:
            return Unchanged(plan.change.difference.articles, plan.failed)
        is_agreed = wish.agreed == plan.digest
        if plan.looks_incomplete and not (is_agreed and wish.force):
            return Asks(plan)
        if not plan.is_little and not is_agreed:
            return Asks(plan)
        run.step, run.articles = None, plan.change.difference.articles
        return await self._reloaded(run, plan)

    async def _reloaded(self, run: Run, plan: Plan | None) -> Outcome:
        run.stage = "reloading"
        before = self.live()
        force = ("--force",) if plan is not None and run.wish.force else ()
        try:
            result = await self._attend((*_RELOAD, *force), run.told)
        except ManyGoneError:
            if plan is None:
                raise
            return Asks(plan)
        except GoldenError as error:
            if plan is None:
                raise
            return await self._golden_fails(run, plan, str(error))
        run.result = result
        failed = _problems(result)
        if result["generation"] == result["previous"]:
            return Unchanged(result["articles"], failed)
        return await self._compared(
            before,
            result["generation"],
            failed=failed,
            seconds=result["seconds"],
            change=_change(result),
        )

    async def _golden_fails(self, run: Run, plan: Plan, reason: str) -> GoldenFails:
        step = run.step if run.step is not None and run.step.phase == "golden" else None
        failed = await self._questions(step.failed) if step else ()
        return GoldenFails(plan, step.total if step else 0, failed, reason)

    async def _compared(
        self,
        before: str | None,
        after: str,
        *,
        failed: tuple[Problem, ...] = (),
        seconds: float | None = None,
        more: bool = False,
        change: Change | None = None,
    ) -> Published:
        """Two generations side by side; `change` where the former one is not kept any more."""
        try:
            found = await asyncio.to_thread(compare, self._generations, before, after)
        except CollectionError:
            manifest = self._generations.manifest(after)
            golden = manifest.golden
            newly_failed: tuple[str, ...] = ()
            articles, chunks = manifest.articles, manifest.chunks
        else:
            change = Change(found.difference, found.names)
            golden = found.golden
            # what was made of an answer was answered so then
            from_life = (one for one in found.first_failed if one.startswith(FROM_LIFE))
            newly_failed = await self._questions((*found.newly_failed, *from_life))
            articles, chunks = found.difference.articles, found.chunks
        return Published(
            before,
            after,
            change,
            articles,
            chunks,
            (len(golden.passed), golden.total) if golden else None,
            newly_failed,
            failed,
            seconds,
            more,
        )

    async def _questions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Golden questions in words, as far as golden.jsonl has them."""
        if not ids:
            return ()
        questions, _ = await asyncio.to_thread(read_golden, self._settings.corpus_dir)
        words = {one.id: one.question for one in questions}
        return tuple(words.get(one, one) for one in ids)

    async def _until_unlocked(self) -> None:
        """Return when what a front of before had begun has ended; not later than it may take."""
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while lock.held_by(self._settings.data_dir) is not None:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(_LOOK_SECONDS)


def undoing(published: Published) -> str:
    """What tells, in 40 characters, which generation to bring back in place of which; "" for none.

    See `undone_by`.
    """
    return f"{published.before}.{published.after[-_SUFFIX:]}" if published.before else ""


def undone_by(subject: str) -> tuple[str, str]:
    """The generation to bring back, and the end of the id of the one that is to be live still."""
    to, _, undone = subject.partition(".")
    return to, undone


def made_at(generation: str, zone: datetime.tzinfo) -> str:
    """Day and time at which a generation was made, where the bot's readers are."""
    made = datetime.datetime.strptime(generation[:15] + "Z", "%Y%m%dT%H%M%S%z")
    return f"{made.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _plan(result: Mapping[str, Any]) -> Plan:
    return Plan(
        result["previous"],
        _change(result),
        _problems(result),
        result["held"],
        result["outdated"],
    )


def _change(result: Mapping[str, Any]) -> Change:
    added, changed, removed = (tuple(result[name]) for name in ("added", "changed", "removed"))
    return Change(Difference(added, changed, removed, result["unchanged"]), result["names"])


def _problems(result: Mapping[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(one["file"], one["reason"], one["line"]) for one in result["failed"])
