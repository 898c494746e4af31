"""Reloads as messages."""

import pytest

from bot.desk.reloads import (
    Asks,
    Busy,
    Change,
    Failed,
    GoldenFails,
    OtherLive,
    Plan,
    Published,
    Run,
    Wish,
)
from bot.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases
from bot.telegram.buttons import Manage, parse
from bot.telegram.rendering import LIMIT, Part, utf16_length
from bot.telegram.rendering.reloads import render_outcome, render_progress, render_rolled_back
from retrieval.jobs import Difference
from retrieval.types import Problem, Step

ZONE = "Asia/Shanghai"
BEFORE, AFTER = "20261126T010203123456-abcd", "20261126T020203123456-ffff"


def change(count: int, name: str) -> Change:
    """So many articles that came, changed and went, all of that name."""
    ids = [tuple(f"{kind}{number}.md" for number in range(count)) for kind in ("a", "c", "r")]
    names = {one: name for some in ids for one in some[:20]}
    return Change(Difference(ids[0], ids[1], ids[2], 5), names)


def published(**fields: object) -> Published:
    given: dict[str, object] = {
        "before": BEFORE,
        "after": AFTER,
        "change": change(1, "新桥"),
        "articles": 7,
        "chunks": 9,
        "golden": (12, 13),
        "newly_failed": ("钟楼多高?",),
    }
    return Published(**{**given, **fields})  # type: ignore[arg-type]


def text(parts: list[Part]) -> str:
    (part,) = parts
    return part.plain


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_the_longest_report_is_one_message(phrases: Phrases) -> None:
    failed = tuple(Problem("很长的文件夹/" * 20 + "x.pdf", "长" * 200) for _ in range(50))
    done = published(
        change=change(500, "很长的标题" * 30),
        newly_failed=("问" * 300,) * 40,
        failed=failed,
        more=True,
    )
    (part,) = render_outcome(done, phrases, ZONE)
    assert utf16_length(part.plain) <= LIMIT
    (asking,) = render_outcome(
        Asks(Plan(BEFORE, change(500, "很长的标题" * 30), failed, 3, False)), phrases, ZONE
    )
    assert asking.keyboard


def test_a_report_tells_of_golden_questions_that_fail_only_now() -> None:
    told = text(render_outcome(published(), SIMPLIFIED, ZONE))
    assert "黄金问题 12/13\n新失败 1 个：\n• 钟楼多高?" in told


def test_its_button_names_what_to_bring_back_and_in_place_of_what() -> None:
    (part,) = render_outcome(published(), SIMPLIFIED, ZONE)
    ((button,),) = part.keyboard
    assert parse(button.data) == Manage("reload", "back", f"{BEFORE}.{AFTER[-13:]}")


def test_the_first_generation_cannot_be_taken_back() -> None:
    (part,) = render_outcome(published(before=None), SIMPLIFIED, ZONE)
    assert part.keyboard == ()


def test_names_are_shown_as_they_are() -> None:
    told = render_outcome(published(change=change(1, "<b>甲&乙</b>\n第二行")), SIMPLIFIED, ZONE)
    assert "• <b>甲&乙</b> 第二行" in text(told)
    assert "&lt;b&gt;" in told[0].markup


def test_a_difference_that_nobody_knows_any_more_is_not_made_up() -> None:
    told = text(render_outcome(published(change=None), SIMPLIFIED, ZONE))
    assert told.startswith("完成：现有 7 篇文章，9 段。")
    assert "新增" not in told


def test_progress_tells_phase_number_rate_and_time_left() -> None:
    run = Run(Wish("17"))
    run.stage = "reloading"
    run.step = Step("embed", 320, 1024, rate=44.7, seconds_left=15.6)
    part = render_progress(run, 9.2, SIMPLIFIED)
    assert part.plain == (
        f"{SIMPLIFIED.reload_at_work}\n计算向量 320/1,024 · 每秒 45 段 · 约剩 16 秒\n已过 0:09"
    )
    ((button,),) = part.keyboard
    assert parse(button.data) == Manage("reload", "cancel", "17")


def test_golden_questions_that_cannot_be_read_are_told_with_the_line() -> None:
    plan = Plan(BEFORE, change(1, "新桥"), (), 0, False)
    reason = (
        "golden.jsonl:3: not a golden question: id, question, article_id or null, require; nothing "
        "changed. Correct it, or publish without such questions: baoda reload --force"
    )
    told = text(render_outcome(GoldenFails(plan, 0, (), reason), SIMPLIFIED, ZONE))
    assert "：golden.jsonl:3：不是黄金问题；每行要有 id、" in told
    assert "baoda" not in told


def test_what_is_wrong_in_the_folder_is_told_in_the_language_of_the_interface() -> None:
    wrong = Problem("bad.pdf", "cut off: its end is missing; copy the file here again")
    told = text(render_outcome(published(failed=(wrong,)), TRADITIONAL, ZONE))
    assert "bad.pdf — 檔案不完整，缺了末尾；請重新傳一次" in told


def test_why_a_reload_failed_is_told_in_the_language_of_the_interface() -> None:
    failed = Failed("the reload stopped: data/CURRENT: No space left on device")
    told = text(render_outcome(failed, SIMPLIFIED, ZONE))
    assert told == SIMPLIFIED.reload_failed.format(reason="更新中断：data/CURRENT：磁盘满了")
    told = text(render_rolled_back(Failed("it was cancelled"), SIMPLIFIED, ZONE))
    assert told == SIMPLIFIED.roll_back_failed.format(reason="已取消")


def test_another_program_is_named_with_the_time_where_the_admin_is() -> None:
    told = text(render_outcome(Busy("process 41 since 2026-11-26 01:02:03 UTC"), SIMPLIFIED, ZONE))
    assert "（进程 41，09:02:03 开始）" in told


def test_a_roll_back_tells_the_difference_it_makes() -> None:
    (part,) = render_rolled_back(published(after=BEFORE, before=AFTER), SIMPLIFIED, ZONE)
    assert part.plain.startswith(
        "已换成 2026-11-26 09:02:03 那一版：多了 1 篇，不同 1 篇，少了 1 篇"
    )
    ((undo,),) = part.keyboard
    assert undo.label == SIMPLIFIED.roll_back_undo


def test_a_roll_back_that_was_none_says_what_is_live() -> None:
    told = text(render_rolled_back(OtherLive(AFTER), SIMPLIFIED, ZONE))
    assert "2026-11-26 10:02:03" in told
