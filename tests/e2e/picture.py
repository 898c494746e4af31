"""Draws docs/conversation.html: what a reader sees, from messages the real bot really sent.

    python -m tests.e2e.picture
    chromium --headless --no-sandbox --screenshot=docs/conversation.png \
        --window-size=860,1240 --hide-scrollbars docs/conversation.html

Starts the bot as a process against the emulated Bot API, with an index of the shipped corpus.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from tests.e2e.bot_api import EmulatedBotApi

ROOT = Path(__file__).parent.parent.parent
READER = 1001
QUESTIONS = (
    "职工提出诉求以后，网格和上级工会多久要有回应？",
    "東城區的「文化金三角」是哪三個地方？",
    "Who took the photo of the winter market in Hangzhou?",
    "故宫的门票多少钱一张？",
)
STYLE = """
body { margin: 0; background: #cfdcc8; font: 17px/1.45 "Noto Sans CJK SC", sans-serif; }
main { max-width: 780px; margin: 0 auto; padding: 28px 24px; }
.bubble { border-radius: 16px; padding: 10px 15px; margin: 10px 0; max-width: 82%;
  box-shadow: 0 1px 1px #0002; white-space: pre-wrap; width: fit-content; }
.reader { background: #e3fdd0; margin-left: auto; }
.bot { background: #fff; }
blockquote { margin: 6px 0 0; padding: 5px 10px; border-left: 3px solid #3a8ccf;
  background: #eef5fb; border-radius: 5px; font-size: 15px; }
"""


def index_and_start(data_dir: str, api: EmulatedBotApi) -> "subprocess.Popen[bytes]":
    """The bot's process, with the shipped corpus indexed."""
    variables = dict(os.environ) | {
        "CORPUS_DIR": str(ROOT / "corpus"),
        "DATA_DIR": data_dir,
        "TELEGRAM_BOT_TOKEN": api.token,
        "TELEGRAM_API_BASE_URL": api.base_url,
    }
    subprocess.run([sys.executable, "-m", "bot", "reload"], env=variables, check=True)
    return subprocess.Popen([sys.executable, "-m", "bot", "run"], env=variables)


async def converse() -> list[tuple[str, str]]:
    """Pairs of a question and the markup the bot sent for it."""
    with tempfile.TemporaryDirectory() as folder:
        async with EmulatedBotApi() as api:
            bot = await asyncio.to_thread(index_and_start, folder, api)
            try:
                pairs = []
                for number, question in enumerate(QUESTIONS, start=1):
                    api.send_text(question, user_id=READER)
                    sent = await api.wait_for_message(READER, count=number, timeout=60)
                    pairs.append((question, sent[-1].source))
                return pairs
            finally:
                bot.send_signal(signal.SIGTERM)
                bot.wait()


def draw(pairs: list[tuple[str, str]]) -> str:
    """The conversation as a page."""
    bubbles = [
        f'<div class="bubble reader">{escape(question)}</div><div class="bubble bot">{answer}</div>'
        for question, answer in pairs
    ]
    body = "".join(bubbles).replace("\n\n<blockquote", "<blockquote").replace(" expandable", "")
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><main>{body}</main>"


if __name__ == "__main__":
    page = draw(asyncio.run(converse()))
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "conversation.html").write_text(page, "utf-8")
