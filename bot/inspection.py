"""`baoda show` and `baoda status`."""

import dataclasses
import datetime
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.results import article_object, golden_object, to_line
from bot.settings import Settings
from bot.store.address import FILE_NAME
from bot.store.errors import StoreError
from bot.wiring import chat_model_name, make_embedders, make_store, today
from retrieval import lock
from retrieval.addresses import bare
from retrieval.embedding import Embedders
from retrieval.errors import CollectionError, CorpusError
from retrieval.index.articles import ArticleStore
from retrieval.index.generations import (
    ARTICLES,
    Generations,
    Manifest,
    is_servable,
    matches,
)

_DAYS = 7
"""Of which `status` tells the tokens."""


def show_article(settings: Settings, article_id: str, *, as_json: bool) -> None:
    """Print an article of the live generation. Raises BaodaError when there is none of that id."""
    generations = Generations(settings.data_dir)
    store = ArticleStore(generations.folder(generations.require_live()) / ARTICLES)
    try:
        article = store.article(article_id)
    finally:
        store.close()
    if article is None:
        raise CorpusError(f"no article has the id {article_id!r}")
    if as_json:
        print(to_line(article_object(article)))
        return
    fields = {name: value for name, value in article_object(article).items() if value}
    text = fields.pop("text")
    print("\n".join(f"{name}: {value}" for name, value in fields.items()), f"\n\n{text}", sep="")


def show_status(settings: Settings, *, as_json: bool) -> None:
    """Print what is indexed, what is kept, and which models answer."""
    report = _status(settings)
    if as_json:
        print(to_line(report))
        return
    live = report["live"]
    if live is None:
        print("index      none yet; run `baoda reload`")
    else:
        print(f"index      {_described(live, is_live=True)}")
    for kept in report["kept"]:
        print(f"kept       {_described(kept, is_live=False)}")
    if report["watching_paused"]:
        print("watching   paused since the roll-back, until the next reload")
    if report["reloading"]:
        print(f"reload     running: {report['reloading']}")
    print(f"embedding  {report['embedding']}")
    print(f"reranking  {report['rerank_model'] or 'none'}")
    print(f"answers    {report['chat_model'] or 'quotations (no chat model is set)'}")
    for day in report["tokens"]:
        print(f"tokens     {_spent(day)}")
    if report["tokens_unknown"]:
        print(f"tokens     unknown: {report['tokens_unknown']}")
    print(f"corpus     {report['corpus_dir']}")
    print(f"data       {report['data_dir']}, {report['bytes'] / 1e6:.1f} MB")


def _spent(day: dict[str, Any]) -> str:
    total = day["prompt_tokens"] + day["completion_tokens"]
    return (
        f"{day['day']}: {total:,} ({day['prompt_tokens']:,} read, {day['completion_tokens']:,} "
        f"written) in {day['calls']} calls, {total // day['calls']:,} each"
    )


def _described(generation: dict[str, Any], *, is_live: bool) -> str:
    golden = generation["golden"]
    questions = f", golden questions {golden['passed']} of {golden['total']}" if golden else ""
    if generation["usable"]:
        usable = ""
    elif not is_live:
        usable = "  (made with another model or version: no way back to it)"
    elif generation["serves"]:
        usable = "  (made with another model or version: serves until `baoda reload` is done)"
    else:
        usable = "  (made with another model or version: reload)"
    return (
        f"{generation['id']} of {generation['created']}: {generation['articles']} articles in "
        f"{generation['chunks']} chunks, {generation['bytes'] / 1e6:.1f} MB{questions}{usable}"
    )


def _tokens(settings: Settings) -> tuple[list[dict[str, Any]], str]:
    """What the chat model took on the last days, the newest last; or what is wrong."""
    if settings.database_url is None and not (settings.data_dir / FILE_NAME).exists():
        return [], ""
    since = today(settings) - datetime.timedelta(days=_DAYS - 1)
    try:
        with closing(make_store(settings)) as store:
            spent = store.spent_by_day(since)
    except StoreError as error:
        return [], str(error)
    return [
        {"day": one.day.isoformat(), "calls": one.calls} | dataclasses.asdict(one.usage)
        for one in spent
    ], ""


def _status(settings: Settings) -> dict[str, Any]:
    tokens, tokens_unknown = _tokens(settings)
    generations = Generations(settings.data_dir)
    embedders = make_embedders(settings)
    live = generations.live()
    described = _generation(generations, generations.manifest(live), embedders) if live else None
    kept = []
    for generation in generations.kept():
        if generation != live:
            try:
                manifest = generations.manifest(generation)
            except CollectionError:
                continue
            kept.append(_generation(generations, manifest, embedders))
    return {
        "live": described,
        "usable": described is not None and described["usable"],
        "kept": kept,
        "watching_paused": generations.watching_is_paused(),
        "reloading": lock.held_by(settings.data_dir),
        "embedding": embedders.current.fingerprint,
        "rerank_model": settings.rerank_model,
        "chat_model": chat_model_name(settings),
        "tokens": tokens,
        "tokens_unknown": tokens_unknown,
        "corpus_dir": os.path.realpath(settings.corpus_dir),
        "data_dir": os.path.realpath(settings.data_dir),
        "bytes": _size(settings.data_dir),
    }


def _generation(
    generations: Generations, manifest: Manifest, embedders: Embedders
) -> dict[str, Any]:
    return dataclasses.asdict(manifest) | {
        "embedding": bare(manifest.embedding),
        "golden": golden_object(manifest.golden),
        "usable": matches(manifest, embedders.current.fingerprint),
        "serves": is_servable(manifest, embedders.has),
        "bytes": generations.size(manifest.id),
    }


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # deleted meanwhile
    return total
