"""Checks of reply_markup as Telegram makes them."""

import re
from typing import Any

from lo_bot_api_emulator import ApiRefusal, LoBotApiEmulator  # type: ignore[import-untyped]

_LOOKS = {"text", "style", "icon_custom_emoji_id"}
_ACTIONS = {"callback_data", "url", "copy_text", "web_app", "login_url", "pay", "callback_game"}
_ACTIONS |= {"switch_inline_query", "switch_inline_query_current_chat"}
_ACTIONS |= {"switch_inline_query_chosen_chat"}
_MOST_BUTTONS, _MOST_IN_A_ROW = 100, 8


def check_markup(markup: Any, *, only_inline: bool) -> None:
    """Nothing. Raises ApiRefusal in Telegram's words for a markup that is refused."""
    if not isinstance(markup, dict):
        raise ApiRefusal("Bad Request: object expected as reply markup")
    if "inline_keyboard" in markup:
        _check_inline(markup["inline_keyboard"])
    elif only_inline:
        raise ApiRefusal("Bad Request: inline keyboard expected")
    elif "force_reply" in markup:
        _check_placeholder(markup)
    else:
        LoBotApiEmulator.validate_markup(markup)


def _check_placeholder(markup: dict[str, Any]) -> None:
    if markup["force_reply"] is not True:
        raise ApiRefusal("Bad Request: can't parse reply keyboard markup: force_reply")
    if len(markup.get("input_field_placeholder", "")) > 64:
        raise ApiRefusal("Bad Request: REPLY_MARKUP_PLACEHOLDER_TOO_LONG")


def _check_inline(rows: Any) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ApiRefusal('Bad Request: field "inline_keyboard" must be of type Array')
    buttons = [button for row in rows for button in row]
    if len(buttons) > _MOST_BUTTONS or any(len(row) > _MOST_IN_A_ROW for row in rows):
        raise ApiRefusal("Bad Request: reply markup is too long")
    for button in buttons:
        _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    if not str(button.get("text", "")).strip():
        raise ApiRefusal("Bad Request: can't parse inline keyboard button: field text is empty")
    actions = set(button) - _LOOKS
    if len(actions) != 1 or not actions <= _ACTIONS:
        raise ApiRefusal(
            "Bad Request: can't parse inline keyboard button:"
            " Text buttons are unallowed in the inline keyboard"
        )
    (action,) = actions
    value = button[action]
    if action == "callback_data" and not 1 <= len(value.encode()) <= 64:
        raise ApiRefusal("Bad Request: BUTTON_DATA_INVALID")
    if action == "copy_text" and not 1 <= len(value["text"]) <= 256:
        raise ApiRefusal("Bad Request: BUTTON_COPY_TEXT_INVALID")
    if action == "url" and not _is_address(value):
        raise ApiRefusal(
            f"Bad Request: inline keyboard button URL '{value}' is invalid: Wrong HTTP URL"
        )


def _is_address(value: str) -> bool:
    return bool(
        re.fullmatch(r"(?:tg|ton)://\S+", value)
        or re.fullmatch(r"(?:https?://)?[^\s/?#@.]+(?:\.[^\s/?#.]+)+(?:[/?#]\S*)?", value, re.I)
    )
