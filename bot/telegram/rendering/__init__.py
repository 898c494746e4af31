"""Answers, citations and articles as Telegram's HTML, in messages with buttons."""

from bot.telegram.rendering.answers import render, render_preview, render_text
from bot.telegram.rendering.articles import (
    article_pages,
    render_changed,
    render_citation,
    render_page,
)
from bot.telegram.rendering.blocks import LIMIT
from bot.telegram.rendering.characters import utf16_length
from bot.telegram.rendering.keyboards import feedback_keyboard
from bot.telegram.rendering.parts import Button, Keyboard, Part, from_json, to_json

__all__ = [
    "LIMIT",
    "Button",
    "Keyboard",
    "Part",
    "article_pages",
    "feedback_keyboard",
    "from_json",
    "render",
    "render_changed",
    "render_citation",
    "render_page",
    "render_preview",
    "render_text",
    "to_json",
    "utf16_length",
]
