"""Reloads and roll-backs as messages: how far one is, what it would change, what came of it."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence

from bot.desk.reloads import (
    Asks,
    Busy,
    Cancelled,
    Change,
    Failed,
    GoldenFails,
    NotKept,
    OtherLive,
    Outcome,
    Plan,
    Published,
    RolledBack,
    Run,
    Unchanged,
    made_at,
    undoing,
)
from bot.phrases import Phrases, duration
from bot.reasons import told
from bot.telegram.buttons import Manage
from bot.telegram.buttons import pack as packed
from bot.telegram.rendering.blocks import lines_of, pack
from bot.telegram.rendering.characters import clean, clean_line, isolated, shorten
from bot.telegram.rendering.parts import Button, Keyboard, Part
from retrieval.types import Problem, Step

_NAMED, _PROBLEMS, _QUESTIONS = 10, 20, 5
_LONGEST_NAME, _LONGEST_PROBLEM, _LONGEST_QUESTION = 34, 110, 60
"""With these, and so many of each, a report fits one message."""

_LONGEST_REASON = 600
_HOLDER = re.compile(r"process (\d+) since ([\d-]+ [\d:]+) UTC")


def render_progress(run: Run, seconds: float, phrases: Phrases) -> Part:
    """How far a reload is after so many seconds, with a button that cancels it."""
    at_work = run.stage == "reloading"
    lines = [phrases.reload_at_work if at_work else phrases.reload_looking]
    if run.step is not None:
        lines.append(_step_line(run.step, run.articles, phrases))
    elif at_work:
        lines.append(phrases.reload_phase_start)
    if seconds >= 1:
        passed = "{}:{:02}".format(*divmod(int(seconds), 60))
        lines.append(phrases.reload_so_far.format(time=passed))
    return _part(lines, ((_button(phrases.reload_cancel, "cancel", run.wish.key),),))


def render_outcome(outcome: Outcome, phrases: Phrases, timezone: str) -> list[Part]:
    """What came of a reload, with buttons for what can be done now."""
    match outcome:
        case Unchanged(articles, failed):
            text = phrases.reload_unchanged.format(articles=phrases.articles(articles))
            return _parts([text, *_problem_lines(failed, phrases)])
        case Asks(plan):
            return _parts(_plan_lines(plan, phrases), _choice(plan, phrases))
        case GoldenFails(plan):
            buttons = _unlike(plan.digest, phrases)
            return _parts(_golden_failure_lines(outcome, phrases), buttons)
        case Published():
            back = undoing(outcome)
            keyboard = ((_button(phrases.roll_back, "back", back),),) if back else ()
            return _parts(_published_lines(outcome, phrases), keyboard)
        case Busy(holder):
            return _parts([_busy(holder, phrases, timezone)])
        case Cancelled():
            return _parts([phrases.reload_cancelled])
        case Failed(reason):
            reason = _reason(reason, phrases)
            return _parts([phrases.reload_failed.format(reason=reason)])


def render_not_rebuilt(reason: str, phrases: Phrases) -> list[Part]:
    """That an index of another model or version could not be built anew, and serves on."""
    return _parts([phrases.rebuild_failed.format(reason=_reason(reason, phrases))])


def render_sure(digest: str, phrases: Phrases) -> Part:
    """Whether it is really to be published: asked once more."""
    yes = _button(phrases.reload_surely, "surely", digest)
    no = _button(phrases.reload_leave, "leave", digest)
    return _part([phrases.reload_sure], ((yes, no),))


def render_rolled_back(outcome: RolledBack, phrases: Phrases, timezone: str) -> list[Part]:
    """What came of a roll-back, with a button that undoes it."""
    match outcome:
        case Published():
            undo = _button(phrases.roll_back_undo, "back", undoing(outcome))
            return _parts(list(_rolled_back_lines(outcome, phrases, timezone)), ((undo,),))
        case NotKept():
            return _parts([phrases.roll_back_not_kept])
        case OtherLive(live):
            return _parts([other_live(live, phrases, timezone)])
        case Busy(holder):
            return _parts([_busy(holder, phrases, timezone)])
        case Failed(reason):
            reason = _reason(reason, phrases)
            return _parts([phrases.roll_back_failed.format(reason=reason)])


def other_live(live: str | None, phrases: Phrases, timezone: str) -> str:
    """That another generation is live than the one a button was made for."""
    made = made_at(live, zoneinfo.ZoneInfo(timezone)) if live else "–"
    return phrases.roll_back_other.format(made=made)


def _step_line(step: Step, articles: int, phrases: Phrases) -> str:
    parts = [_phase(step, phrases)]
    total = articles if step.phase == "read" else step.total
    if total:
        parts[0] += f" {min(step.done, total):,}/{total:,}"
    elif step.done:
        parts.append(phrases.articles(step.done))
    if step.chunks:
        parts.append(phrases.chunks(step.chunks))
    if step.rate:
        parts.append(phrases.reload_rate.format(rate=f"{step.rate:,.0f}"))
    if step.seconds_left:
        parts.append(phrases.reload_left.format(time=duration(step.seconds_left, phrases)))
    return " · ".join(parts)


def _phase(step: Step, phrases: Phrases) -> str:
    return {
        "verify": phrases.reload_phase_verify,
        "read": phrases.reload_phase_read,
        "copy": phrases.reload_phase_copy,
        "chunk": phrases.reload_phase_chunk,
        "embed": phrases.reload_phase_embed,
        "check": phrases.reload_phase_check,
        "golden": phrases.reload_phase_golden,
    }[step.phase]


def _plan_lines(plan: Plan, phrases: Phrases) -> list[str]:
    difference = plan.change.difference
    lines = [phrases.reload_plan.format(unchanged=difference.unchanged)]
    lines += _change_lines(plan.change, phrases)
    if plan.held:
        lines += ["", phrases.reload_held.format(articles=phrases.articles(plan.held))]
    lines += _problem_lines(plan.failed, phrases)
    asking = phrases.reload_ask
    if plan.looks_incomplete:
        asking = phrases.reload_many_gone.format(before=plan.before, gone=len(difference.removed))
    return [*lines, "", asking]


def _choice(plan: Plan, phrases: Phrases) -> Keyboard:
    if plan.looks_incomplete:
        return _unlike(plan.digest, phrases)
    go = _button(phrases.reload_go, "go", plan.digest)
    return ((go, _button(phrases.reload_leave, "leave", plan.digest)),)


def _unlike(digest: str, phrases: Phrases) -> Keyboard:
    """Publish all the same, or not."""
    force = _button(phrases.reload_force, "force", digest)
    return ((force, _button(phrases.reload_leave, "leave", digest)),)


def _golden_failure_lines(outcome: GoldenFails, phrases: Phrases) -> list[str]:
    if not outcome.asked:
        reason = _reason(outcome.reason.partition("; nothing changed")[0], phrases)
        lines = [phrases.reload_golden_unreadable.format(reason=reason)]
    else:
        passed = outcome.asked - len(outcome.failed)
        lines = [
            phrases.reload_golden_fails,
            phrases.reload_golden.format(passed=passed, total=outcome.asked),
            phrases.reload_golden_failed,
            *_listed(outcome.failed, _QUESTIONS, _LONGEST_QUESTION),
        ]
    lines += _change_lines(outcome.plan.change, phrases)
    return [*lines, "", phrases.reload_golden_advice]


def _published_lines(done: Published, phrases: Phrases) -> list[str]:
    counts = {"articles": phrases.articles(done.articles), "chunks": phrases.chunks(done.chunks)}
    if done.change is None:
        lines = [phrases.reload_done_before.format(**counts)]
    else:
        difference = done.change.difference
        lines = [
            phrases.reload_done.format(
                added=len(difference.added),
                changed=len(difference.changed),
                removed=len(difference.removed),
                unchanged=difference.unchanged,
                **counts,
            )
        ]
    if done.seconds is not None:
        lines.append(phrases.reload_took.format(time=duration(done.seconds, phrases)))
    lines += _golden_lines(done, phrases)
    if done.change is not None:
        lines += _change_lines(done.change, phrases)
    lines += _problem_lines(done.failed, phrases)
    return [*lines, "", phrases.reload_more] if done.more else lines


def _rolled_back_lines(done: Published, phrases: Phrases, timezone: str) -> Iterator[str]:
    if done.change is None:
        yield from _published_lines(done, phrases)
        return
    difference = done.change.difference
    yield phrases.rolled_back.format(
        made=made_at(done.after, zoneinfo.ZoneInfo(timezone)),
        added=len(difference.added),
        changed=len(difference.changed),
        removed=len(difference.removed),
        articles=phrases.articles(done.articles),
    )
    yield from _golden_lines(done, phrases)
    yield from _change_lines(done.change, phrases)
    yield from ("", phrases.rolled_back_watching)


def _golden_lines(done: Published, phrases: Phrases) -> Iterator[str]:
    if done.golden is None:
        return
    passed, total = done.golden
    yield phrases.reload_golden.format(passed=passed, total=total)
    if done.newly_failed:
        yield phrases.reload_golden_newly.format(count=len(done.newly_failed))
        yield from _listed(done.newly_failed, _QUESTIONS, _LONGEST_QUESTION)


def _change_lines(change: Change, phrases: Phrases) -> Iterator[str]:
    difference = change.difference
    for heading, ids in (
        (phrases.reload_added, difference.added),
        (phrases.reload_changed, difference.changed),
        (phrases.reload_removed, difference.removed),
    ):
        if ids:
            yield ""
            yield heading.format(count=len(ids))
            yield from _listed(_named(ids, change.names, phrases), _NAMED, _LONGEST_NAME)


def _named(ids: Sequence[str], names: Mapping[str, str], phrases: Phrases) -> list[str]:
    """As many of them by name as are shown, and the others as they are."""
    shown = [names.get(one, one) or phrases.untitled for one in ids[:_NAMED]]
    return [*shown, *ids[_NAMED:]]


def _listed(words: Sequence[str], most: int, longest: int) -> Iterator[str]:
    for one in words[:most]:
        yield f"• {isolated(shorten(clean_line(one), longest))}"
    if len(words) > most:
        yield f"… +{len(words) - most}"


def _problem_lines(failed: Sequence[Problem], phrases: Phrases) -> Iterator[str]:
    if not failed:
        return
    yield ""
    yield phrases.reload_problems
    places = (f"{one.file}:{one.line}" if one.line else one.file for one in failed)
    lines = [
        f"{place} — {told(one.reason, phrases)}" for place, one in zip(places, failed, strict=True)
    ]
    yield from _listed(lines, _PROBLEMS, _LONGEST_PROBLEM)


def _busy(holder: str, phrases: Phrases, timezone: str) -> str:
    if found := _HOLDER.search(holder):
        since = datetime.datetime.fromisoformat(f"{found[2]}+00:00")
        time = f"{since.astimezone(zoneinfo.ZoneInfo(timezone)):%H:%M:%S}"
        holder = phrases.reload_holder.format(process=found[1], since=time)
    return phrases.reload_elsewhere.format(holder=clean_line(told(holder, phrases)))


def _reason(reason: str, phrases: Phrases) -> str:
    return shorten(clean_line(told(reason, phrases)), _LONGEST_REASON)


def _button(label: str, verb: str, subject: str) -> Button:
    return Button(label, packed(Manage("reload", verb, subject)))


def _part(lines: Sequence[str], keyboard: Keyboard) -> Part:
    return _parts(lines, keyboard)[0]


def _parts(lines: Sequence[str], keyboard: Keyboard = ()) -> list[Part]:
    return pack(lines_of(clean("\n".join(lines))), keyboard)
