"""The command line."""

import asyncio
import io
import logging
import os
import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot import logs, request_ids
from bot.backup.unfinished import refuse_unfinished
from bot.settings import Settings, SettingsError, ignore_environment, log_format, read_settings
from retrieval.errors import BaodaError, QuestionError, fault_of
from retrieval.threads import limit_threads

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="baoda",
    help="Answers questions about a collection of articles, every statement with the words it "
    "rests on. Settings come from the environment and .env; see .env.example.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on one line.")]
Attended = Annotated[
    bool, typer.Option("--attended", hidden=True, help="End when standard input ends.")
]


class ProgressStyle(StrEnum):
    """How a reload tells how far it is."""

    AUTO = "auto"
    JSON = "json"


@app.command()
def run() -> None:
    """Start the Telegram bot, or without a token the chat in the terminal."""
    settings = _prepare()
    if settings.telegram_bot_token is None:
        _say("No TELEGRAM_BOT_TOKEN is set, so this is the chat in the terminal.")
        _chat(settings)
    else:
        _use_one_thread()
        from bot.telegram.application import run_bot

        logs.configure(settings.log_level, settings.secrets, settings.log_format)
        raise typer.Exit(asyncio.run(run_bot(settings)))


@app.command()
def chat() -> None:
    """Chat in the terminal. With input from a pipe: one question a line, one answer a line."""
    _chat(_prepare())


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")] = "",
    json_output: Json = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl",
            help='Read {"id", "question", "asked_at"} a line from standard input, '
            "print one JSON object a line.",
        ),
    ] = False,
) -> None:
    """Answer one question, or with --jsonl one a line."""
    if jsonl == bool(question):
        raise typer.BadParameter("give either a question or --jsonl")
    settings = _prepare(is_request=True)
    # the shell's bytes are UTF-8, whatever Python took them for
    question = os.fsencode(question).decode("utf-8", "replace")
    _use_one_thread()
    from bot import asking

    if jsonl:
        asyncio.run(asking.answer_lines(settings, sys.stdin.buffer))
    else:
        asyncio.run(asking.answer_one(settings, question, as_json=json_output))


@app.command()
def show(
    article_id: Annotated[str, typer.Argument(metavar="ID", help="Id of an article.")],
    json_output: Json = False,
) -> None:
    """Print a stored article."""
    settings = _prepare()
    from bot.inspection import show_article

    show_article(settings, article_id, as_json=json_output)


@app.command()
def reload(
    corpus: Annotated[
        Path | None, typer.Option(help="Folder of articles in place of CORPUS_DIR.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Build anew even without a change.")] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Publish even when many articles are gone or golden questions fail."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    progress: Annotated[
        ProgressStyle, typer.Option(help="How to show progress on standard error.")
    ] = ProgressStyle.AUTO,
    json_output: Json = False,
    is_attended: Attended = False,
) -> None:
    """Read the folder of articles and publish what is new in it."""
    settings = _prepare(is_request=True)
    from bot.attending import attended
    from bot.indexing import reload_articles

    if corpus is not None:
        settings = settings.model_copy(update={"corpus_dir": corpus})
    with attended() if is_attended else nullcontext():
        reload_articles(
            settings,
            full=full,
            force=force,
            dry_run=dry_run,
            json_progress=progress is ProgressStyle.JSON,
            as_json=json_output,
            is_attended=is_attended,
        )


@app.command()
def rollback(
    generation: Annotated[
        str, typer.Argument(metavar="[GENERATION]", help="Id; else the one before the live one.")
    ] = "",
    json_output: Json = False,
    is_attended: Attended = False,
) -> None:
    """Make a former index the live one again. `baoda status` lists those that are kept."""
    settings = _prepare(is_request=True)
    from bot.attending import attended
    from bot.indexing import roll_back

    with attended() if is_attended else nullcontext():
        roll_back(settings, generation or None, as_json=json_output)


@app.command()
def status(json_output: Json = False) -> None:
    """Say what is indexed, which former indexes are kept, and which models answer."""
    settings = _prepare()
    from bot.inspection import show_status

    show_status(settings, as_json=json_output)


@app.command()
def split(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A page's text layer, a .txt file.")],
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a Markdown file for each article to this folder."),
    ] = None,
    with_model: Annotated[
        bool,
        typer.Option(
            "--split-with-model", help="Let the chat model decide where the rules are in doubt."
        ),
    ] = False,
    json_output: Json = False,
) -> None:
    """Show the articles of a newspaper page's text layer."""
    settings = _prepare(looks_at_data=False)
    from bot.splitting import split_file

    split_file(settings, file, folder=write, with_model=with_model, as_json=json_output)


@app.command("eval")
def evaluate(
    questions: Annotated[
        list[Path] | None,
        typer.Argument(metavar="QUESTIONS.jsonl", help="Questions with known answers."),
    ] = None,
    articles: Annotated[
        Path | None,
        typer.Option(
            metavar="PASSAGES.jsonl", help="Ask them of these articles, not of the live index."
        ),
    ] = None,
    golden: Annotated[
        bool, typer.Option("--golden", help="Ask the questions of CORPUS_DIR/golden.jsonl too.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask only so many of each file, the first.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where results go.")] = None,
    against: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The results to compare with.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Ask questions with known answers, and say how well they were answered.

    The chat model of the settings writes the answers; without one they are quotations.
    """
    if not questions and not golden:
        raise typer.BadParameter("give a file of questions or --golden")
    if out is None:
        raise typer.BadParameter("say where the results go: --out DIR")
    settings = _prepare(is_request=True)
    from bot import evaluating

    _use_one_thread()
    files = (*(questions or []), *([settings.corpus_dir / "golden.jsonl"] if golden else []))
    request = evaluating.Request(files, articles, out, against, limit)
    evaluating.evaluate(settings, request, as_json=json_output)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as /backups/baoda.tar.gz.")],
    json_output: Json = False,
) -> None:
    """Write the articles, the live index and all conversations to a file, while others go on.

    A former backup of that name is replaced once the new one is complete. No setting and no key
    is in it; whoever can read it can read all conversations.
    """
    _refuse_stream(file)
    settings = _prepare()
    from bot.backup.command import back_up

    back_up(settings, file, as_json=json_output)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `baoda backup` wrote.")],
    json_output: Json = False,
) -> None:
    """Bring a backup back, into an empty DATA_DIR and CORPUS_DIR. Nothing is ever overwritten.

    The conversations go to DATABASE_URL where that is set, which must hold none yet.
    """
    _refuse_stream(file)
    settings = _prepare(is_restoring=True)
    from bot.backup.command import restore as restore_file

    restore_file(settings, file, as_json=json_output)


@app.command()
def doctor(json_output: Json = False) -> None:
    """Check settings, key, token, models, index and disk, and say what to do about each."""
    _speak_utf8()
    from bot.doctor import examine

    is_healthy = examine(as_json=json_output)
    sys.stdout.flush()
    os._exit(0 if is_healthy else 1)  # a check that hangs would keep this process waiting


@app.command(hidden=True)
def builder() -> None:
    """Build or check a generation for `reload`, which talks to it over pipes."""
    settings = _prepare(is_request=True)
    from bot.indexing import cores
    from bot.wiring import make_builder
    from retrieval.child import serve

    _mute_answers(settings)
    limit_threads(cores())
    serve(make_builder(settings))


@app.command(hidden=True)
def examiner() -> None:
    """Ask the golden questions for /golden, which is told of each."""
    settings = _prepare(is_request=True)
    _mute_answers(settings)
    _use_one_thread()
    from bot.desk.examining import examine

    examine(settings)


@app.command(hidden=True)
def embedder(articles: Annotated[Path, typer.Argument(metavar="PASSAGES.jsonl")]) -> None:
    """Embed the passages of `eval`, which asks in a process of its own."""
    settings = _prepare(is_request=True)
    from bot.evaluating import embed_passages

    embed_passages(settings, articles)


def main() -> None:
    """Entry point. Exit status 0: done, 1: it could not be done, 2: wrong use or settings."""
    try:
        app()
    except (SettingsError, QuestionError) as error:
        for line in str(error).splitlines():
            logs.say(line)
        sys.exit(2)
    except BaodaError as error:
        logs.say(str(error))
        sys.exit(1)
    except OSError as error:
        logs.say(fault_of(error))
        sys.exit(1)
    except Exception:
        logger.exception("unexpected error")
        sys.exit(1)


def _prepare(
    *, looks_at_data: bool = True, is_request: bool = False, is_restoring: bool = False
) -> Settings:
    """Settings read, logging and streams set up, and the data folder found to be ours to use.

    With `is_request` all that follows is one request. Nothing but a restore starts where one was
    broken off. Raises SettingsError, BackupError, DataFolderError, StoreError.
    """
    _speak_utf8()
    logs.configure("WARNING", (), log_format())  # for what is wrong with the settings
    settings = read_settings()
    ignore_environment(os.environ)
    # a person at a terminal is shown warnings only, unless LOG_LEVEL says otherwise
    level = settings.log_level if "log_level" in settings.model_fields_set else "WARNING"
    logs.configure(level, settings.secrets, settings.log_format)
    if is_request:
        request_ids.adopt(os.environ)
    if looks_at_data:
        from bot.data_folder import check_data_folder

        if not is_restoring:
            refuse_unfinished(settings.data_dir)
        check_data_folder(settings)
    return settings


def _refuse_stream(file: Path) -> None:
    if file == Path("-"):
        logs.say("FILE names a file, - is none: name one, such as /backups/baoda.tar.gz")
        raise typer.Exit(2)


def _chat(settings: Settings) -> None:
    _use_one_thread()
    from bot import indexing, terminal, watching

    damaged = not indexing.verify_index(settings)
    indexing.index_if_missing(settings)
    with watching.watched(settings, damaged=damaged):
        if sys.stdin.isatty():
            terminal.converse(settings)
        else:
            asyncio.run(terminal.answer_lines(settings, sys.stdin))


def _use_one_thread() -> None:
    """A front embeds one question at a time; more threads would only get in each other's way."""
    limit_threads(1)


def _mute_answers(settings: Settings) -> None:
    """Golden questions are asked by the hundred: a line for each would drown those of readers."""
    if settings.log_level == "INFO":
        logging.getLogger("retrieval.answering").setLevel(logging.WARNING)


def _speak_utf8() -> None:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
