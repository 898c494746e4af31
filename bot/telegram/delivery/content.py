"""Parts and targets as the arguments of the Bot API's methods."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telegram import (
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode

from bot.telegram.addressing import is_private
from bot.telegram.rendering.inline import Choice
from bot.telegram.rendering.parts import Attachment, Button, Keyboard, Part

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reply goes, and what it replies to."""

    chat_id: int
    topic_id: int | None = None
    reply_to: int | None = None


def topic_of(message: MaybeInaccessibleMessage) -> int | None:
    """The topic of a group in which a message stands; None where Telegram does not tell."""
    if isinstance(message, Message) and message.is_topic_message:
        return message.message_thread_id
    return None


def reply_to(message: Message) -> Target:
    """Where a reply to a message goes."""
    return Target(message.chat_id, topic_of(message), message.id)


def beside(message: Message) -> Target:
    """Where something goes that answers a command: in a group it replies to that."""
    return Target(message.chat_id, topic_of(message), None if is_private(message) else message.id)


def with_markup(part: Part) -> dict[str, Any]:
    """A part as it is meant."""
    return {
        "text": part.markup,
        "parse_mode": ParseMode.HTML,
        "reply_markup": inline_keyboard(part.keyboard),
        "link_preview_options": _NO_PREVIEW,
    }


def without_markup(part: Part, *, buttons: bool) -> dict[str, Any]:
    """The same text for a Telegram that refused it with markup."""
    return {
        "text": part.plain,
        "reply_markup": inline_keyboard(part.keyboard) if buttons else None,
        "link_preview_options": _NO_PREVIEW,
    }


def upload(attachment: Attachment) -> dict[str, Any]:
    """A picture or a file."""
    content: dict[str, Any] = {
        attachment.kind: attachment.content,
        "filename": attachment.name,
        "caption": attachment.caption or None,
    }
    if attachment.kind == "document":
        content["disable_content_type_detection"] = True
    return content


def whereto(target: Target, *, points: bool = True) -> dict[str, Any]:
    """Topic of a message, and what it replies to if it `points` at that."""
    reply = None
    if points and target.reply_to is not None:
        reply = ReplyParameters(target.reply_to, allow_sending_without_reply=True)
    return {"message_thread_id": target.topic_id, "reply_parameters": reply}


def asking_back(content: dict[str, Any]) -> dict[str, Any]:
    """A text that the reader's next message is to reply to."""
    return content | {"reply_markup": ForceReply(selective=True)}


def inline_keyboard(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """The buttons, None for none."""
    if not keyboard:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in keyboard])


def inline_results(choices: Iterable[Choice], *, markup: bool) -> list[InlineQueryResultArticle]:
    """What one chooses from after the bot's name."""
    return [
        InlineQueryResultArticle(
            choice.id,
            choice.title,
            InputTextMessageContent(
                choice.part.markup if markup else choice.part.plain,
                parse_mode=ParseMode.HTML if markup else None,
                link_preview_options=_NO_PREVIEW,
            ),
            reply_markup=inline_keyboard(choice.part.keyboard),
            description=choice.description,
        )
        for choice in choices
    ]


def keyboard_of(message: MaybeInaccessibleMessage) -> Keyboard:
    """The buttons that stand under a message of ours; none where Telegram does not tell."""
    markup = getattr(message, "reply_markup", None)
    if markup is None:
        return ()
    return tuple(tuple(map(_button_of, row)) for row in markup.inline_keyboard)


def _button_of(button: InlineKeyboardButton) -> Button:
    return Button(
        button.text,
        data=str(button.callback_data or ""),
        copy=button.copy_text.text if button.copy_text else "",
        url=button.url or "",
    )


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        button.label,
        callback_data=button.data or None,
        copy_text=CopyTextButton(button.copy) if button.copy else None,
        url=button.url or None,
    )
