"""Rows of buttons under an answer, made anew from what stands there: nothing is remembered."""

from collections.abc import Callable, Iterable, Sequence

from bot.phrases import Phrases
from bot.telegram.buttons import (
    Action,
    AskReason,
    ChooseLanguage,
    Close,
    Manage,
    OpenArticle,
    OpenCitation,
    Rate,
    Reason,
    Stop,
    pack,
    parse,
)
from bot.telegram.rendering.parts import Button, Keyboard
from retrieval.index.keys import short_key
from retrieval.types import Answer, Citation

_A_ROW = 8
_MOST_CITATIONS = 64
_CHOSEN = "✓ "
_GOOD, _BAD, _GOLDEN = "👍", "👎", "⭐"


def answer_keyboard(answer: Answer, answer_id: int | None, *, golden: bool = False) -> Keyboard:
    """Buttons for citations, for articles offered instead, and to rate a whole kept answer.

    `golden`: in the same row one that makes it a golden question.
    """
    cited = [Button(f"[{one.number}]", pack(opening(one))) for one in answer.citations]
    offered = [
        Button(str(number), pack(OpenArticle(short_key(one.article_id), one.version)))
        for number, one in enumerate(answer.nearest if answer.refused else (), start=1)
    ]
    rating: Keyboard = ()
    if answer_id is not None and not answer.stopped:
        star = (_star(answer_id, chosen=False),) if golden else ()
        rating = ((*_thumbs(answer_id), *star),)
    return (*rows_of(cited[:_MOST_CITATIONS]), *rows_of(offered), *rating)


def feedback_keyboard(keyboard: Keyboard, rated: Rate, phrases: Phrases) -> Keyboard:
    """The answer's keyboard once it was rated: what was chosen is marked.

    Under a thumb down stand the reasons one may give.
    """
    others = tuple(row for row in keyboard if not any(map(_is_feedback, row)))
    star = (button for row in keyboard for button in row if _is_star(button))
    rows = (*others, (*_thumbs(rated.answer_id, rated.value), *star))
    return (*rows, *_reasons(rated, phrases)) if rated.value == -1 else rows


def golden_keyboard(keyboard: Keyboard, answer_id: int, *, chosen: bool) -> Keyboard:
    """The answer's keyboard once it was made a golden question, or that was undone."""
    star = _star(answer_id, chosen=chosen)
    return tuple(tuple(star if _is_star(button) else button for button in row) for row in keyboard)


def stop_keyboard(update_id: int, phrases: Phrases) -> Keyboard:
    """One button that ends the writing."""
    return ((Button(phrases.stop, pack(Stop(update_id))),),)


def close_button(phrases: Phrases) -> Button:
    """A button that takes the message away."""
    return Button(phrases.close, pack(Close()))


def opening(citation: Citation) -> OpenCitation:
    """What opens a citation."""
    key = short_key(citation.article_id)
    return OpenCitation(key, citation.version, citation.field, citation.start, citation.end)


def turning_rows(number: int, pages: int, turned: Callable[[int], Action]) -> Keyboard:
    """The row that turns pages, of which the one of that number, from 0, is shown; none for one."""
    if pages == 1:
        return ()

    def turn(label: str, page: int) -> Button:
        return Button(label, pack(turned(page)))

    back = [turn("◀", number - 1)] if number > 0 else []
    on = [turn("▶", number + 1)] if number + 1 < pages else []
    return ((*back, turn(f"{number + 1}/{pages}", number), *on),)


def rows_of(buttons: Sequence[Button]) -> Keyboard:
    """The buttons in rows that a phone shows whole."""
    starts = range(0, len(buttons), _A_ROW)
    return tuple(tuple(buttons[start : start + _A_ROW]) for start in starts)


def language_keyboard(phrases: Phrases, chosen: str) -> Keyboard:
    """A button for each language, and one for that of the reader's Telegram."""
    labels = {"zh": "简体中文", "zh-hant": "繁體中文", "en": "English", "": phrases.language_auto}
    buttons = [
        Button(_marked(label, language == chosen), pack(ChooseLanguage(language)))
        for language, label in labels.items()
    ]
    return tuple(buttons[:2]), tuple(buttons[2:])


def _thumbs(answer_id: int, chosen: int = 0) -> tuple[Button, ...]:
    return (
        Button(_marked(_GOOD, chosen == 1), pack(Rate(answer_id, 1))),
        Button(_marked(_BAD, chosen == -1), pack(Rate(answer_id, -1))),
    )


def _star(answer_id: int, *, chosen: bool) -> Button:
    verb = "drop" if chosen else "add"
    return Button(_marked(_GOLDEN, chosen), pack(Manage("golden", verb, str(answer_id))))


def _is_star(button: Button) -> bool:
    action = parse(button.data)
    return isinstance(action, Manage) and action.desk == "golden"


def _reasons(rated: Rate, phrases: Phrases) -> Iterable[tuple[Button, ...]]:
    labels = {
        Reason.MISSES_QUESTION: phrases.misses_question,
        Reason.UNFAITHFUL: phrases.unfaithful,
        Reason.INCOMPLETE: phrases.incomplete,
        Reason.WRONG_ARTICLE: phrases.wrong_article,
    }
    buttons = [
        Button(_marked(label, rated.reason == reason), pack(Rate(rated.answer_id, -1, reason)))
        for reason, label in labels.items()
    ]
    in_words = Button(phrases.write_reason, pack(AskReason(rated.answer_id)))
    return tuple(buttons[:2]), tuple(buttons[2:]), (in_words,)


def _marked(label: str, chosen: bool) -> str:
    return _CHOSEN + label if chosen else label


def _is_feedback(button: Button) -> bool:
    return isinstance(parse(button.data), Rate | AskReason)
