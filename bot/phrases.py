"""The interface's texts in simplified and traditional Chinese and English.

A new text is a field of Phrases, `str` or `Counted`, and a msgid of that name in the three
bot/locales/*/LC_MESSAGES/baoda.po, with msgid_plural where it is Counted; then `make catalogues`.
"""

import dataclasses
import gettext
import locale
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrieval.folding import fold, same_script
from retrieval.questions.question import is_chinese
from retrieval.types import Answer, Notice

LOCALES = Path(__file__).with_name("locales")

Counted = Callable[[int], str]
"""The text for a number, which stands in it as {count}."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Every text of the interface in one language. Placeholders are for str.format."""

    start: str
    help: str
    help_admin: str
    terminal_greeting: str
    thinking: str
    nearest: str
    unanswered: str
    in_their_words: str
    model_rests: str
    budget_spent: str
    own_budget_spent: str
    begun_anew: str
    not_begun_anew: str
    untitled: str
    stop: str
    close: str
    stopped: str
    continued: str
    full_text: str
    copy_quote: str
    page: str
    former_version: str
    changed_since: str
    article_gone: str
    misses_question: str
    unfaithful: str
    incomplete: str
    wrong_article: str
    write_reason: str
    field_title: str
    field_kicker: str
    field_byline: str
    field_column: str
    field_date: str
    field_source: str
    field_page: str
    indexing: str
    question_too_long: str
    model_unavailable: str
    unexpected: str
    your_id: str
    reload_running: str
    reload_unchanged: str
    reload_done: str
    reload_failed: str
    reload_problems: str
    thanks: str
    what_is_wrong: str
    reason_taken: str
    answer_not_kept: str
    not_being_written: str
    unknown_button: str
    description: str
    short_description: str
    command_help: str
    command_id: str
    command_new: str
    command_reload: str
    help_commands: str
    help_in_groups: str
    own_rate_reached: str
    chat_rate_reached: str
    own_day_spent: str
    chat_day_spent: str
    only_the_asker: str
    only_text: str
    unknown_command: str
    search_results: str
    search_usage: str
    nothing_found: str
    latest_articles: str
    span_held: str
    inline_answer: str
    inline_button: str
    inline_later: str
    inline_nothing: str
    which_language: str
    language_auto: str
    language_chosen: str
    nobody: str
    privacy: str
    kept_now: str
    comma: str
    forgotten: str
    not_forgotten: str
    feedback_usage: str
    feedback_came: str
    feedback_not_taken: str
    command_ask: str
    command_search: str
    command_latest: str
    command_sources: str
    command_language: str
    command_feedback: str
    command_privacy: str
    command_forget: str
    none_dated: str
    language_follows: str
    search_again: str
    command_add: str
    command_article: str
    command_remove: str
    command_restore: str
    command_gaps: str
    command_stats: str
    command_golden: str
    command_audit: str
    feedback_about: str
    golden_added: str
    golden_must_hold: str
    golden_must_cite: str
    golden_must_refuse: str
    golden_removed: str
    golden_present: str
    golden_absent: str
    golden_read_only: str
    golden_leads_out: str
    golden_no_file: str
    golden_not_text: str
    golden_busy: str
    golden_failed: str
    golden_begun: str
    golden_asking: str
    golden_comparing: str
    golden_none: str
    golden_result: str
    golden_since: str
    golden_first: str
    golden_nothing_broke: str
    golden_expected: str
    golden_expected_article: str
    golden_expected_refusal: str
    golden_article_gone: str
    golden_answered: str
    golden_refused: str
    golden_problems: str
    golden_bad_line: str
    golden_stopped: str
    field_url: str
    draft_reading: str
    draft_head: str
    draft_nothing: str
    draft_hint: str
    draft_list_hint: str
    draft_duplicate: str
    draft_problems: str
    draft_add: str
    draft_discard: str
    draft_question: str
    draft_back: str
    draft_leave_out: str
    draft_take: str
    draft_left_out: str
    draft_adding: str
    draft_added: str
    draft_filed: str
    draft_again: str
    draft_discarded: str
    draft_asked: str
    draft_gone: str
    draft_closed: str
    draft_none_chosen: str
    draft_not_yet: str
    fault_unknown_field: str
    fault_wrong_date: str
    fault_wrong_address: str
    fault_too_long: str
    fault_no_such_article: str
    fault_which_article: str
    file_too_big: str
    file_unavailable: str
    trouble_full: str
    trouble_read_only: str
    trouble_leads_out: str
    trouble_gone: str
    trouble_other: str
    add_usage: str
    not_kept_now: str
    article_usage: str
    which_of_these: str
    article_file: str
    article_number: str
    article_added: str
    remove_article: str
    remove_asks: str
    remove_keeps: str
    remove_confirm: str
    cancel: str
    shelving: str
    removed: str
    bin_head: str
    bin_empty: str
    restored: str
    audit_head: str
    audit_empty: str
    some_admin: str
    deed_reload: str
    deed_roll_back: str
    deed_add: str
    deed_remove: str
    deed_restore: str
    deed_golden: str
    deed_close_gap: str
    draft_not_added: str
    not_reloaded: str
    reload_done_before: str
    reload_took: str
    reload_looking: str
    reload_at_work: str
    reload_phase_start: str
    reload_phase_verify: str
    reload_phase_read: str
    reload_phase_copy: str
    reload_phase_chunk: str
    reload_phase_embed: str
    reload_phase_check: str
    reload_phase_golden: str
    reload_rate: str
    reload_left: str
    reload_so_far: str
    reload_cancel: str
    reload_cancelling: str
    reload_cancelled: str
    reload_not_running: str
    reload_plan: str
    reload_added: str
    reload_changed: str
    reload_removed: str
    reload_held: str
    reload_ask: str
    reload_many_gone: str
    reload_golden_fails: str
    reload_golden_unreadable: str
    reload_golden_advice: str
    reload_golden: str
    reload_golden_failed: str
    reload_golden_newly: str
    reload_go: str
    reload_leave: str
    reload_left_alone: str
    reload_force: str
    reload_sure: str
    reload_surely: str
    reload_elsewhere: str
    reload_holder: str
    reload_more: str
    rebuild_failed: str
    roll_back: str
    roll_back_undo: str
    rolling_back: str
    rolled_back: str
    rolled_back_watching: str
    roll_back_other: str
    roll_back_failed: str
    gaps_head: str
    gaps_none: str
    gaps_working: str
    gaps_by_words: str
    gaps_newest: str
    gaps_hint: str
    gap_refused: str
    gap_fallback: str
    gap_disliked: str
    gap_since: str
    gap_articles: str
    gap_closed: str
    gap_gone: str
    gap_undo: str
    gap_reopened: str
    gaps_export: str
    gaps_columns: str
    not_sent: str
    stats_head: str
    stats_none: str
    stats_usage: str
    stats_questions: str
    stats_answered: str
    stats_fallback: str
    stats_ratings: str
    stats_no_ratings: str
    stats_time: str
    stats_tokens: str
    stats_days: str
    stats_day_questions: str
    stats_day_time: str
    stats_day_tokens: str
    stats_kept: str
    stats_no_picture: str
    stats_picture_failed: str
    chart_questions: str
    chart_answered: str
    chart_refused: str
    chart_people: str
    chart_seconds: str
    chart_median: str
    chart_most: str
    chart_ratings: str
    chart_liked: str
    chart_disliked: str
    chart_tokens: str
    chart_read: str
    chart_written: str
    reload_needs_a_word: str
    roll_back_not_kept: str
    draft_full: str
    reload_is_paused: str
    nothing_corrected: str
    nothing_to_correct: str
    privacy_admin: str
    articles: Counted
    chunks: Counted
    golden_wrong: Counted
    golden_still: Counted
    golden_mended: Counted
    golden_broke: Counted
    remove_many: Counted
    draft_add_all: Counted
    and_more: Counted
    characters: Counted
    drafts_found: Counted
    people: Counted
    times: Counted
    gap_groups: Counted
    remarks_kept: Counted
    ratings_kept: Counted
    questions_kept: Counted
    undated_held: Counted
    days: Counted
    hours: Counted
    minutes: Counted
    seconds: Counted
    queued: Counted


def _read(language: str) -> Phrases:
    with (LOCALES / language / "LC_MESSAGES" / "baoda.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)
    texts = {
        one.name: (
            catalogue.gettext(one.name) if one.type is str else _counted(catalogue, one.name)
        )
        for one in dataclasses.fields(Phrases)
    }
    return Phrases(**texts)  # type: ignore[arg-type]


def _counted(catalogue: gettext.GNUTranslations, name: str) -> Counted:
    return lambda count: catalogue.ngettext(name, name, count).format(count=count)


SIMPLIFIED = _read("zh_Hans")
TRADITIONAL = _read("zh_Hant")
ENGLISH = _read("en")

_TRADITIONAL_CODES = {"hant", "tw", "hk", "mo"}


def phrases_for(setting: str, language_code: str) -> Phrases:
    """The texts for BOT_LANGUAGE and a reader's language code such as zh-hans or en_GB.UTF-8."""
    code = language_code if setting == "auto" else setting
    language, *others = re.split(r"[-_.@]", code.lower())
    if language != "zh":
        return ENGLISH
    if "hans" in others or _TRADITIONAL_CODES.isdisjoint(others):
        return SIMPLIFIED
    return TRADITIONAL


def language_named(words: str) -> str | None:
    """The setting for a language as a reader names it, "" for that of their Telegram.

    None for what is no language of ours.
    """
    return _NAMED.get(words.strip().lower())


_NAMED = {
    name: language
    for language, names in {
        "zh": "zh,zh-hans,zh-cn,中文,简体,简体中文,簡體,簡體中文,chinese,simplified,"
        "simplified chinese",
        "zh-hant": "zh-hant,zh-tw,zh-hk,繁體,繁體中文,正體,正體中文,繁体,繁体中文,traditional,"
        "traditional chinese",
        "en": "en,english,英文,英语,英語",
        "": "auto,自动,自動,telegram",
    }.items()
    for name in names.split(",")
}


def duration(seconds: float, phrases: Phrases) -> str:
    """How long that is, rounded up: seconds, minutes, or hours and minutes."""
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return phrases.seconds(whole)
    minutes = -(-whole // 60)
    if minutes < 60:
        return phrases.minutes(minutes)
    hours, left = divmod(minutes, 60)
    return f"{phrases.hours(hours)} {phrases.minutes(left)}" if left else phrases.hours(hours)


def terminal_phrases(setting: str) -> Phrases:
    """The texts for BOT_LANGUAGE in a terminal, whose locale stands for the reader's language."""
    return phrases_for(setting, locale.getlocale()[0] or "")


def introduction(answer: Answer, phrases: Phrases) -> str:
    """That the words are as printed, where language or script is not the question's; else ""."""
    if answer.mode == "llm" or answer.refused:
        return ""
    foreign = any(_is_foreign(line, answer.question) for line in answer.text.splitlines())
    return phrases.in_their_words if foreign else ""


def _is_foreign(words: str, question: str) -> bool:
    if not any(map(str.isalpha, words)):
        return False
    if is_chinese(fold(words)) != is_chinese(fold(question)):
        return True
    return not same_script(words, question)


def notice(answer: Answer, phrases: Phrases) -> str:
    """Why the chat model did not write the answer, on one line; "" where nobody need know."""
    texts = {
        Notice.MODEL_RESTS: phrases.model_rests,
        Notice.BUDGET_SPENT: phrases.budget_spent,
        Notice.OWN_BUDGET_SPENT: phrases.own_budget_spent,
    }
    return texts[answer.notice] if answer.notice else ""


def left_open(answer: Answer, phrases: Phrases) -> str:
    """Which parts of the question the articles do not answer, on one line; "" where they do."""
    parts = (" ".join(one.split()).rstrip("?？。.;；!！") for one in answer.unanswered)
    return phrases.unanswered.format(parts=" / ".join(parts)) if answer.unanswered else ""
