"""The conversations that are shown: they are what the bot really sends."""

import shutil
from pathlib import Path

from tests.e2e.bot_api import SentMessage, parse_telegram_html
from tests.e2e.transcript import in_readme, markdown, short_conversation


def message(source: str) -> SentMessage:
    text, entities = parse_telegram_html(source)
    return SentMessage(1, text, source, "HTML", entities)


async def test_the_conversation_in_the_readme_is_what_the_bot_sends(
    corpus_data_dir: Path, tmp_path: Path
) -> None:
    data_dir = Path(shutil.copytree(corpus_data_dir, tmp_path / "data"))
    assert await short_conversation(data_dir) == in_readme()


def test_a_quotation_is_one_in_markdown() -> None:
    said = markdown(message("好。[1]\n\n<blockquote expandable><b>[1] 题</b>\n一句。</blockquote>"))
    assert said == "好。[1]\n\n> <b>[1] 题</b>\\\n> 一句。"


def test_what_markdown_would_take_for_its_own_is_escaped() -> None:
    said = markdown(message("1. 甲*乙*\n- &lt;b&gt;\n# _丙_"))
    assert said == "1\\. 甲\\*乙\\*\\\n\\- \\<b\\>\\\n\\# \\_丙\\_"


def test_a_link_is_one_in_markdown() -> None:
    said = markdown(message('😀 <a href="https://paper.example/1">题</a>'))
    assert said == "😀 [题](https://paper.example/1)"
