"""Whatever a file or a reload is complained of, an editor reads it in the interface's language."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from opencc import OpenCC

from bot.desk.drafts import Contents
from bot.desk.examining import Examined
from bot.phrases import ENGLISH, LOCALES, SIMPLIFIED, TRADITIONAL, Phrases
from bot.reasons import REASONS_INSIDE, load, told
from bot.telegram.desk.refreshing import why_not
from bot.telegram.rendering.drafts import render_draft
from bot.telegram.rendering.golden import render_examined, render_not_examined
from retrieval.errors import LockedError
from retrieval.incoming import kinds
from retrieval.incoming.reading import read
from retrieval.types import Problem, Step
from tests.hostile import UPLOADS

ROOT = Path(__file__).parent.parent
SOURCES = [
    *sorted((ROOT / "retrieval/corpus").rglob("*.py")),
    *sorted((ROOT / "retrieval/incoming").rglob("*.py")),
    *sorted((ROOT / "retrieval/index").rglob("*.py")),
    *(
        ROOT / f"retrieval/{name}.py"
        for name in "difference building reload lock child golden embedding".split()
    ),
    ROOT / "retrieval/evaluation/golden.py",
    ROOT / "bot/attending.py",
    ROOT / "bot/desk/reading.py",
    ROOT / "bot/desk/reloads.py",
]
MADE_OF_A_REASON = {
    "Problem": 1,
    "_not_read": 0,
    "kind": 0,  # one of two errors, in kinds.py
    "_ChildLostError": 0,
    "CorpusError": 0,
    "HostileError": 0,
    "ReloadError": 0,
    "LockedError": 0,
    "ManyGoneError": 0,
    "GoldenError": 0,
    "CollectionError": 0,
    "NoCollectionError": 0,
    "OutdatedCollectionError": 0,
    "HinderedCollectionError": 0,
    "ModelUnavailableError": 0,
}
"""What is called with a reason, and as which argument."""

RETURN_A_REASON = ("_of_member", "complaint_about")
NOT_IN_A_CHAT = {
    "{}:{}: {}": "load_golden reads a file named on the command line",
    "{}:{}": "a place in golden.jsonl, before a reason",
}
SAID_BY_OTHERS = frozenset(
    (
        "start",
        "another process",
        "process {} since {} UTC",
        "attempt to write a readonly database",
        "database is locked",
        "database or disk is full",
        "disk I/O error",
    )
)
"""By SQLite, or by us in other words; the system and Python's json begin with a capital."""

CHINESE = ("zh_Hans", "zh_Hant")
TRICKS = (
    "symlink",
    "drive letter",
    "two members of one name",
    "size that lies",
    "nested archive",
    "a hundred and one files",
    "encrypted member",
    "archive cut off",
    "RAR",
    "zip behind a text",
    "page in a PDF",
    "PDF named txt",
    "Word named pdf",
    "picture named md",
    "old Word",
    "noise",
    "nothing",
    "PDF cut off",
    "PDF of a million pages",
    "long page",
    "600 wrong lines",
)
_NAMES = re.compile(r"[\w./:-]*\.\w+|\b[A-Z][\w-]*|\bzip\b")
"""Of files, endings and formats: they stay as they are."""


def template(node: ast.expr | None, known: dict[str, list[ast.expr]]) -> list[str]:
    """Texts that an expression may be, {} for each value in them; none for what is not a text."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return [*template(one, known), *template(other, known)]
        case ast.Name(id=name):
            return [text for value in known.get(name, ()) for text in template(value, known)]
        case ast.JoinedStr(values=values):
            return ["".join(_piece(value, known) for value in values)]
    return []


def _piece(node: ast.expr, known: dict[str, list[ast.expr]]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=ast.Name(id=name)) if name.isupper():
            return (template(ast.Name(id=name), known) or ["{}"])[0]
    return "{}"


def assigned(tree: ast.AST, *, constants: bool) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if constants == name.isupper():
                    yield name, value


def reasons_in(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in MADE_OF_A_REASON:
                yield from args[MADE_OF_A_REASON[name] :][: 2 if name == "_not_read" else 1]
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"))), args=args):
                yield from args[:1]
            case ast.FunctionDef(name=name) if name in RETURN_A_REASON:
                for each in ast.walk(node):
                    if isinstance(each, ast.Return) and each.value is not None:
                        yield each.value
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "reason":
                        yield value


def parts_of(reason: ast.expr) -> Iterator[ast.expr]:
    """The reason, and the variables in it."""
    yield reason
    if isinstance(reason, ast.JoinedStr):
        for value in reason.values:
            match value:
                case ast.FormattedValue(value=ast.Name(id=name) as variable) if not name.isupper():
                    yield variable


def constants_of(path: Path, trees: dict[Path, ast.Module]) -> dict[str, list[ast.expr]]:
    """Of a module, with those that it imports from the others."""
    found: dict[str, list[ast.expr]] = {}
    for node in trees[path].body:
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            other = ROOT / f"{node.module.replace('.', '/')}.py"
            taken = {alias.name for alias in node.names}
            if other in trees and taken:
                values = constants_of(other, trees).items()
                found |= {name: value for name, value in values if name in taken}
    return found | {name: [value] for name, value in assigned(trees[path], constants=True)}


def written() -> Iterator[tuple[str, str]]:
    """Every reason in the sources, {} for each value in it, and where it is."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    for path, tree in trees.items():
        constants = constants_of(path, trees)
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            known = dict(constants)
            for name, value in assigned(function, constants=False):
                known[name] = [*known.get(name, ()), value]
            for reason in reasons_in(function):
                for part in parts_of(reason):
                    for text in template(part, known):
                        yield text, f"{path.relative_to(ROOT)}:{reason.lineno}"


def kinds_of_files() -> Iterator[tuple[str, str]]:
    for kind in kinds._READABLE:
        yield kind.what, "kinds.py"
    for _, _, what, to_do in kinds._FOREIGN:
        yield from ((what, "kinds.py"), (to_do, "kinds.py"))
    for _, what, to_do in (*kinds._PARTS, *(("", *each[1:]) for each in kinds._FOREIGN_TEXT)):
        yield from ((what, "kinds.py"), (to_do, "kinds.py"))


def phases() -> Iterator[tuple[str, str]]:
    for phase in get_args(get_type_hints(Step)["phase"]):
        if phase != "ask":  # of an evaluation
            yield phase, "types.py"


WRITTEN = dict([*written(), *kinds_of_files(), *phases()])


@cache
def source(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "reasons.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def bare(text: str) -> str:
    return re.sub(r"\{\w*\}", "{}", text)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_reasons_are_found_in_the_sources() -> None:
    assert len(WRITTEN) > 130
    assert "cut off: its end is missing; copy the file here again" in WRITTEN
    assert "{} is damaged; pack it again as .zip" in WRITTEN


@pytest.mark.parametrize("language", CHINESE)
def test_every_reason_is_known_in_chinese(language: str) -> None:
    known = {bare(english) for english in load(language).texts}
    unknown = {text: place for text, place in WRITTEN.items() if text not in known}
    assert unknown.keys() == NOT_IN_A_CHAT.keys(), unknown


def test_no_reason_is_kept_that_nobody_gives() -> None:
    known = {bare(english) for english in load("zh_Hans").texts if english[0].islower()}
    assert {one for one in known - WRITTEN.keys() if one[0] != "{"} == SAID_BY_OTHERS


@pytest.mark.parametrize("language", [*CHINESE, "en"])
def test_what_is_read_is_what_the_catalogue_compiles_to(language: str) -> None:
    expected = {one.id: one.string for one in source(language) if one.id}
    assert load(language).texts == expected, "make catalogues"
    assert all(expected.values())
    assert not source(language).obsolete


def test_each_chinese_is_written_in_its_own_characters() -> None:
    simplify, convert = OpenCC("t2s").convert, OpenCC("s2tw").convert
    for text in load("zh_Hans").texts.values():
        assert simplify(text) == text
    for text in load("zh_Hant").texts.values():
        changed = {a for a, b in zip(text, convert(text), strict=True) if a != b}
        assert changed <= set("台只"), text
        assert not set(text) & set("“”‘’"), text


def test_english_has_only_reasons_that_chinese_has() -> None:
    assert load("en").texts.keys() <= load("zh_Hans").texts.keys()


def test_both_chinese_know_the_same_reasons() -> None:
    assert load("zh_Hans").texts.keys() == load("zh_Hant").texts.keys()


@pytest.mark.parametrize("language", [*CHINESE, "en"])
def test_placeholders_agree(language: str) -> None:
    """What a library or the system says may be left out."""
    for english, text in load(language).texts.items():
        assert placeholders(text) <= placeholders(english), english
        assert placeholders(english) - placeholders(text) <= REASONS_INSIDE, english


def test_templates_are_told_apart_by_their_placeholders() -> None:
    texts = load("zh_Hans").texts
    assert len({bare(english) for english in texts}) == len(texts)


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_nobody_in_a_chat_is_sent_to_a_shell(phrases: Phrases) -> None:
    for english in load("zh_Hans").texts:
        text = told(english, phrases)
        assert not re.search(r"\bbaoda (?:reload|status)|--\w|\bpip\b|: install ", text), english


@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL])
@pytest.mark.parametrize("trick", TRICKS)
def test_what_is_wrong_with_an_upload_is_told_in_chinese(trick: str, phrases: Phrases) -> None:
    name, content = UPLOADS[trick]()
    problems = [one for one in read(content, name) if isinstance(one, Problem)]
    assert problems
    for problem in problems:
        text = told(problem.reason, phrases)
        assert re.search("[\u4e00-\u9fff]", text)
        assert not re.search("[A-Za-z]", _NAMES.sub("", text)), text


@pytest.mark.parametrize(
    ("reason", "simplified", "traditional"),
    [
        (
            "over 20 MB; split it or make it smaller",
            "超过 20 MB；请拆开或缩小",
            "超過 20 MB；請拆開或縮小",
        ),
        ("cannot be read: Permission denied", "无法读取：没有权限", "無法讀取：沒有權限"),
        (
            "旧报.zip: an RTF file cannot be read; save it as .docx or .pdf",
            "旧报.zip：是 RTF 文件，读不了；请另存为 .docx 或 .pdf",
            "旧报.zip：是 RTF 檔，讀不了；請另存為 .docx 或 .pdf",
        ),
        (
            "not valid JSON: Expecting ',' delimiter",
            "这一行不是正确的 JSON：缺少英文逗号",
            "這一行不是正確的 JSON：缺少英文逗號",
        ),
        (
            "front matter is not valid YAML: mapping values are not allowed here",
            "开头 --- 之间的字段写法不对；请每行写成“名称: 值”，值里有冒号时加英文引号",
            "開頭 --- 之間的欄位寫法不對；請每行寫成「名稱: 值」，值裡有冒號時加英文引號",
        ),
        (
            "30 of 40 articles are gone; nothing changed. Is the folder complete? If so: "
            "baoda reload --force",
            "40 篇文章少了 30 篇；什么都没有改动。如果文件夹没有缺，请发 /reload 确认",
            "40 篇文章少了 30 篇；什麼都沒有改動。如果資料夾沒有缺，請傳 /reload 確認",
        ),
        (
            "8 of 20 golden questions are answered as they should be, fewer than "
            "GOLDEN_MIN_SHARE=0.9 asks for; nothing changed. Failed: q1, q2. Correct the articles "
            "or golden.jsonl, or publish all the same: baoda reload --force",
            "20 个黄金问题只答对 8 个，达不到 GOLDEN_MIN_SHARE=0.9；什么都没有改动。没答对：q1, "
            "q2。请改正文章或 golden.jsonl；要照样发布，请发 /reload",
            "20 個黃金問題只答對 8 個，達不到 GOLDEN_MIN_SHARE=0.9；什麼都沒有改動。沒答對：q1, "
            "q2。請改正文章或 golden.jsonl；要照樣發布，請傳 /reload",
        ),
        (
            "the building process ended with signal 9 while it was at: embed; nothing changed, "
            "reload again",
            "更新中途停了（计算向量，信号 9）；什么都没有改动，请再发 /reload",
            "更新中途停了（計算向量，訊號 9）；什麼都沒有改動，請再傳 /reload",
        ),
        (
            "the reload stopped: data/CURRENT: No space left on device",
            "更新中断：data/CURRENT：磁盘满了",
            "更新中斷：data/CURRENT：磁碟滿了",
        ),
    ],
)
def test_reasons_with_reasons_inside(reason: str, simplified: str, traditional: str) -> None:
    assert told(reason, SIMPLIFIED) == simplified
    assert told(reason, TRADITIONAL) == traditional


def test_names_inside_stay_as_they_are() -> None:
    """Also one that reads like a reason, or like a placeholder."""
    reason = "a program {name}.txt is damaged; pack it again as .zip"
    assert told(reason, SIMPLIFIED) == "a program {name}.txt 已损坏；请重新打包成 .zip"


def test_the_template_that_says_the_most_is_taken() -> None:
    """The name of a file may hold what separates the parts of other reasons."""
    reason = "a: b.txt is an archive inside the archive; send its files themselves"
    assert told(reason, SIMPLIFIED) == "a: b.txt 是压缩包里的压缩包；请直接传里面的文件"


@pytest.mark.parametrize("reason", ["", "something new went wrong", "请改名", "x" * 1_000_000])
@pytest.mark.parametrize("phrases", [SIMPLIFIED, TRADITIONAL, ENGLISH])
def test_what_is_not_known_stays_as_it_is(reason: str, phrases: Phrases) -> None:
    assert told(reason, phrases) == reason


def test_in_english_a_chat_is_told_of_its_own_commands() -> None:
    reason = "30 of 40 articles are gone; nothing changed. Is the folder complete? If so: "
    assert told(reason + "baoda reload --force", ENGLISH) == (
        "30 of 40 articles are gone; nothing changed. If the folder is complete, send /reload and "
        "confirm"
    )


def test_the_card_of_a_file_says_in_chinese_why_it_was_not_read() -> None:
    wrong = Problem("bad.pdf", "cut off: its end is missing; copy the file here again")
    card = render_draft(1, Contents(problems=(wrong,)), SIMPLIFIED)
    assert "bad.pdf: 文件不完整，缺了末尾；请重新传一次" in card.plain


def test_why_the_collection_is_not_updated_is_told_in_chinese() -> None:
    reason = "another reload is running (another process); try again later"
    said = "另一次更新正在進行（另一個程序）；請稍後再試"
    assert why_not(LockedError(reason), TRADITIONAL) == said


def test_what_is_wrong_with_the_golden_questions_is_told_in_chinese() -> None:
    wrong = Problem("golden.jsonl", "not UTF-8; save it in that encoding", lost=False)
    examined = Examined(0, 0, (), (), (wrong,), None)
    (part,) = render_examined(examined, SIMPLIFIED, "Asia/Shanghai")
    assert "• 不是 UTF-8 编码；请另存为 UTF-8" in part.plain
    (part,) = render_not_examined("no articles are indexed yet; run `baoda reload`", SIMPLIFIED)
    assert "还没有收录文章；请发 /reload" in part.plain
