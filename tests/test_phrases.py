import dataclasses
import gettext
import io
import re
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from opencc import OpenCC

from bot.phrases import (
    ENGLISH,
    LOCALES,
    SIMPLIFIED,
    TRADITIONAL,
    Phrases,
    duration,
    introduction,
    language_named,
    phrases_for,
    terminal_phrases,
)
from retrieval.types import Answer, Mode
from tests.test_rendering import make_answer

BOT = LOCALES.parent
LANGUAGES = ("en", "zh_Hans", "zh_Hant")
FIELDS = {one.name: one.type is not str for one in dataclasses.fields(Phrases)}
"""Each text's name, and whether it is Counted."""
USUAL_IN_TRADITIONAL = frozenset("台占")


def path_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "baoda.po"


@cache
def catalogue(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> dict[str, Message]:
    return {name_of(one): one for one in catalogue(language) if one.id}


def name_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def texts(message: Message) -> tuple[str, ...]:
    text = message.string or ""
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_one_catalogue_a_language() -> None:
    assert {one.name for one in LOCALES.iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    assert list(messages(language)) == list(FIELDS)
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_in_doubt(language: str) -> None:
    for message in messages(language).values():
        assert all(map(str.strip, texts(message))), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_for_a_number_has_all_plural_forms_of_its_language(language: str) -> None:
    for name, message in messages(language).items():
        assert message.pluralizable == FIELDS[name], name
        if message.pluralizable:
            assert message.id == (name, name)
            assert len(texts(message)) == catalogue(language).num_plurals, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_has_the_same_placeholders_in_every_language(language: str) -> None:
    english = messages("en")
    for name, message in messages(language).items():
        expected = {"count"} if FIELDS[name] else placeholders(texts(english[name])[0])
        assert all(placeholders(text) == expected for text in texts(message)), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_is_what_the_catalogue_compiles_to(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    with path_of(language).with_suffix(".mo").open("rb") as file:
        read, expected = gettext.GNUTranslations(file), gettext.GNUTranslations(compiled)
    for name, counted in FIELDS.items():
        if counted:
            numbers = range(12)
            assert [read.ngettext(name, name, one) for one in numbers] == [
                expected.ngettext(name, name, one) for one in numbers
            ], "make catalogues"
        else:
            assert read.gettext(name) == expected.gettext(name), "make catalogues"


def test_simplified_texts_hold_no_traditional_character() -> None:
    simplify = OpenCC("t2s").convert
    for message in messages("zh_Hans").values():
        assert [simplify(text) for text in texts(message)] == list(texts(message))


def test_traditional_texts_hold_no_simplified_character() -> None:
    convert = OpenCC("s2tw").convert
    for message in messages("zh_Hant").values():
        for text in texts(message):
            changed = {a for a, b in zip(text, convert(text), strict=True) if a != b}
            assert changed <= USUAL_IN_TRADITIONAL, text
            assert not set(text) & set("“”‘’"), text


def test_every_text_is_used() -> None:
    source = "\n".join(path.read_text("utf-8") for path in BOT.rglob("*.py"))
    used = set(re.findall(r"\.([a-z_]+)\b", source))
    unused = {name for name in FIELDS if name not in used and not name.startswith("field_")}
    assert unused == set()


@pytest.mark.parametrize(
    ("number", "phrases", "expected"),
    [
        (0, ENGLISH, "0 articles"),
        (1, ENGLISH, "1 article"),
        (2, ENGLISH, "2 articles"),
        (1, SIMPLIFIED, "1 篇文章"),
        (2, TRADITIONAL, "2 篇文章"),
    ],
)
def test_a_counted_text_agrees_with_its_number(
    number: int, phrases: Phrases, expected: str
) -> None:
    assert phrases.articles(number) == expected


@pytest.mark.parametrize(
    ("codes", "phrases"),
    [
        (("zh", "zh-hans", "zh-CN", "zh_CN.UTF-8", "zh-sg", "ZH", "zh-Hans-HK"), SIMPLIFIED),
        (("zh-hant", "zh-TW", "zh_TW.UTF-8", "zh-hk", "zh_MO", "zh-Hant-CN"), TRADITIONAL),
        (("en", "en_GB.UTF-8", "", "C", "fr", "zha", "ja-hant"), ENGLISH),
    ],
)
def test_a_readers_language_code_decides(codes: tuple[str, ...], phrases: Phrases) -> None:
    assert all(phrases_for("auto", code) is phrases for code in codes)


@pytest.mark.parametrize(
    ("setting", "phrases"), [("zh", SIMPLIFIED), ("zh-hant", TRADITIONAL), ("en", ENGLISH)]
)
def test_a_setting_goes_before_the_language_code(setting: str, phrases: Phrases) -> None:
    assert all(phrases_for(setting, code) is phrases for code in ("zh-cn", "zh-tw", "en", ""))


@pytest.mark.parametrize(
    ("locale", "phrases"), [("zh_TW", TRADITIONAL), ("zh_CN", SIMPLIFIED), (None, ENGLISH)]
)
def test_a_terminals_locale_decides(
    monkeypatch: pytest.MonkeyPatch, locale: str | None, phrases: Phrases
) -> None:
    monkeypatch.setattr("locale.getlocale", lambda: (locale, "UTF-8"))
    assert terminal_phrases("auto") is phrases


def answered(question: str, text: str, mode: Mode = "extractive", refused: bool = False) -> Answer:
    answer = make_answer(text, refused=refused)
    return dataclasses.replace(answer, question=question, mode=mode)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How long is the bridge?", "石桥长38米。[1]"),
        ("石橋長多少米？", "石桥长38米。[1]"),
        ("石桥长多少米？", "石橋長38米。[1]"),
        ("石桥长多少米？", "The bridge is 38 metres long.[1]"),
        ("石橋長多少米？", "石橋長38米。[1]\n石桥长38米。[2]"),
    ],
)
def test_quotations_written_otherwise_than_the_question_are_said_to_be_as_printed(
    question: str, text: str
) -> None:
    assert introduction(answered(question, text), SIMPLIFIED) == SIMPLIFIED.in_their_words


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("石桥长多少米？", "石桥长38米。[1]"),
        ("石橋長多少米？", "石橋長38米。[1]"),
        ("石橋長多少米？", "38米[1]"),
        ("作者是誰？", "高山[1]"),
        ("橋在哪裡？", "台北[1]"),
        ("这座石桥是谁造的？", "王昇在县里造了这座石桥。[1]"),
        ("How long is the bridge?", "The bridge is 38 metres long.[1]"),
        ("When was it built?", "2025-01-02[1]"),
    ],
)
def test_quotations_written_as_the_question_need_no_remark(question: str, text: str) -> None:
    assert introduction(answered(question, text), SIMPLIFIED) == ""


@pytest.mark.parametrize(("mode", "refused"), [("llm", False), ("extractive", True)])
def test_what_is_not_quoted_is_not_said_to_be(mode: Mode, refused: bool) -> None:
    answer = answered("石橋長多少米？", "石桥长38米。[1]", mode, refused)
    assert introduction(answer, TRADITIONAL) == ""


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        ("English", "en"),
        (" 英语\n", "en"),
        ("ZH-hant", "zh-hant"),
        ("繁体中文", "zh-hant"),
        ("正體", "zh-hant"),
        ("中文", "zh"),
        ("簡體", "zh"),
        ("zh-CN", "zh"),
        ("Traditional Chinese", "zh-hant"),
        ("auto", ""),
        ("自动", ""),
        ("火星文", None),
        ("en zh", None),
        ("", None),
    ],
)
def test_a_language_goes_by_many_names(words: str, setting: str | None) -> None:
    assert language_named(words) == setting


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "1 秒", "1 second"),
        (0.2, "1 秒", "1 second"),
        (58.1, "59 秒", "59 seconds"),
        (59.5, "1 分钟", "1 minute"),
        (60, "1 分钟", "1 minute"),
        (60.1, "2 分钟", "2 minutes"),
        (3540, "59 分钟", "59 minutes"),
        (3599, "1 小时", "1 hour"),
        (3601, "1 小时 1 分钟", "1 hour 1 minute"),
        (86_399.5, "24 小时", "24 hours"),
    ],
)
def test_a_wait_is_rounded_up(seconds: float, chinese: str, english: str) -> None:
    assert duration(seconds, SIMPLIFIED) == chinese
    assert duration(seconds, ENGLISH) == english
