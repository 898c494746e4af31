"""Answers, citations and articles as Telegram's HTML, in messages with buttons."""

from bot.telegram.rendering.answers import (
    render,
    render_languages,
    render_preview,
    render_queued,
    render_text,
    render_wait,
)
from bot.telegram.rendering.articles import (
    article_pages,
    render_changed,
    render_citation,
    render_page,
)
from bot.telegram.rendering.blocks import LIMIT
from bot.telegram.rendering.characters import clean_line, shorten, utf16_length
from bot.telegram.rendering.golden import (
    render_asked,
    render_examined,
    render_not_examined,
    word_on_added,
)
from bot.telegram.rendering.inline import (
    Choice,
    answer_choice,
    article_choice,
    match_choice,
    nearest_choice,
)
from bot.telegram.rendering.keyboards import feedback_keyboard, golden_keyboard
from bot.telegram.rendering.lists import (
    A_PAGE,
    page_of,
    render_holdings,
    render_latest,
    render_matches,
)
from bot.telegram.rendering.parts import Attachment, Button, Keyboard, Part, from_json, to_json

__all__ = [
    "A_PAGE",
    "LIMIT",
    "Attachment",
    "Button",
    "Choice",
    "Keyboard",
    "Part",
    "answer_choice",
    "article_choice",
    "article_pages",
    "clean_line",
    "feedback_keyboard",
    "from_json",
    "golden_keyboard",
    "match_choice",
    "nearest_choice",
    "page_of",
    "render",
    "render_asked",
    "render_changed",
    "render_citation",
    "render_examined",
    "render_holdings",
    "render_languages",
    "render_latest",
    "render_matches",
    "render_not_examined",
    "render_page",
    "render_preview",
    "render_queued",
    "render_text",
    "render_wait",
    "shorten",
    "to_json",
    "utf16_length",
    "word_on_added",
]
