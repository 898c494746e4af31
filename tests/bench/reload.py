"""`make bench-reload`: how long reloads take, and how much of the embedding model's rate is left.

5,000 generated articles of 800 characters with a stand-in for the embedding model, a local server
that only counts pairs of characters; then 300 of them with the real model; then reading alone of
1,000,000 lines. The real commands on this machine: ratios travel, absolute
times do not. Start of Python included.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.corpus import read_corpus
from retrieval.embedding import BATCH, LocalEmbedder
from retrieval.evaluation.asking import embedded_texts
from retrieval.threads import limit_threads
from retrieval.types import Loaded
from tests.bench.keeping import keep
from tests.model_server import StubModelServer

ROOT = Path(__file__).parent.parent.parent
_CHARACTERS = 800
_READING = """
import resource, sys
from pathlib import Path
from retrieval.corpus import read_corpus
count = sum(1 for _ in read_corpus(Path(sys.argv[1])))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    """Print the figures and write them to bench/reload.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--real", type=int, default=300)
    parser.add_argument("--lines", type=int, default=1_000_000)
    sizes = parser.parse_args()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if sizes.articles:
            figures |= _with_stand_in(root / "stand-in", sizes.articles)
        if sizes.real:
            figures |= _with_real_model(root / "real", sizes.real)
        if sizes.lines:
            figures |= _reading_alone(root / "lines", sizes.lines)
    keep("reload", figures)


def _with_stand_in(root: Path, count: int) -> dict[str, Any]:
    corpus = write_articles(root, count)
    figures: dict[str, Any] = {}
    with StubModelServer(dimension=384, vector=pairs_of_characters) as server:
        settings = {
            "CORPUS_DIR": str(corpus),
            "DATA_DIR": str(root / "data"),
            "EMBEDDING_MODEL": "stand-in",
            "EMBEDDING_BASE_URL": server.base_url,
        }
        other = settings | {"EMBEDDING_MODEL": "another-stand-in"}

        def measure(name: str, settings: dict[str, str]) -> None:
            seconds, result = _reload(settings)
            server.requests.clear()
            figures[f"stand-in: {name}"] = _told(f"stand-in, {count} articles: {name}", seconds)
            changed = len(result["added"]) + len(result["changed"])
            print(
                f"    {changed} new or changed, {result['embedded']} embedded, "
                f"{result['chunks']} chunks, {result['seconds']} s without the start of Python"
            )

        measure("first build", settings)
        measure("nothing changed", settings)
        measure("nothing changed, again", settings)
        _change(corpus, 1)
        measure("one changed", settings)
        _change(corpus, count // 20)
        measure("5 % changed", settings)
        _change(corpus, 1)
        measure("one changed, fourth generation", settings)
        measure("another fingerprint", other)
        measure("another fingerprint, nothing changed", other)
    return figures


def pairs_of_characters(text: object, dimension: int) -> list[float]:
    """Texts that share words are near each other, as with a real model."""
    encoded = np.frombuffer(str(text).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    pairs = (encoded[:-1] * np.uint64(2_654_435_761) + encoded[1:]) % np.uint64(dimension)
    counts = np.bincount(pairs.astype(np.int64), minlength=dimension) + 1e-3
    vector: list[float] = (counts / np.linalg.norm(counts)).tolist()
    return vector


def _with_real_model(root: Path, count: int) -> dict[str, Any]:
    corpus = write_articles(root, count)
    settings = {"CORPUS_DIR": str(corpus), "DATA_DIR": str(root / "data")}
    limit_threads(os.cpu_count() or 1)
    model = LocalEmbedder()
    articles = (one for one in read_corpus(corpus) if isinstance(one, Loaded))
    texts = embedded_texts(articles, model)
    tokens = sum(map(model.count_tokens, texts))
    started = time.perf_counter()
    for first in range(0, len(texts), BATCH):
        model.embed_passages(texts[first : first + BATCH])
    alone = _told(f"real model alone, {count} articles", time.perf_counter() - started)
    seconds, result = _reload(settings)
    build = _told(f"real model, {count} articles: first build", seconds)
    print(f"    {tokens} tokens: {tokens / alone:.0f} a second alone, {tokens / build:.0f} so")
    print(f"    share of the model's own rate: {alone / build:.3f} (at least 0.90)")
    unchanged = _told("real model: nothing changed", _reload(settings)[0])
    _change(corpus, 1)
    changed = _told("real model: one changed", _reload(settings)[0])
    return {
        "real: model alone": alone,
        "real: first build": build,
        "real: share of the model's rate": alone / build,
        "real: nothing changed": unchanged,
        "real: one changed": changed,
        "real: texts embedded": result["embedded"],
    }


def _reading_alone(root: Path, lines: int) -> dict[str, Any]:
    root.mkdir(parents=True)
    with (root / "articles.jsonl").open("w", encoding="utf-8") as stream:
        for number in range(lines):
            fields = {"id": f"a-{number}", "title": f"第{number}条", "text": "短讯一则。" * 20}
            print(json.dumps(fields, ensure_ascii=False), file=stream)
    started = time.perf_counter()
    finished = subprocess.run(
        [sys.executable, "-c", _READING, str(root)], capture_output=True, check=True, cwd=ROOT
    )
    seconds = _told(f"reading {lines} lines of JSON", time.perf_counter() - started)
    count, peak = map(int, finished.stdout.split())
    assert count >= lines
    megabytes = peak / 1024 if sys.platform == "linux" else peak / 1e6
    print(f"    peak memory {megabytes:.0f} MB (under 300)")
    return {"reading: seconds": seconds, "reading: peak MB": megabytes}


def _reload(settings: dict[str, str]) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    finished = subprocess.run(
        [sys.executable, "-m", "bot", "reload", "--json"],
        env=dict(os.environ) | settings,
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert finished.returncode == 0, finished.stderr.decode()
    return time.perf_counter() - started, json.loads(finished.stdout)


def _told(what: str, seconds: float) -> float:
    print(f"{what:58} {seconds:8.2f} s", flush=True)
    return seconds


def write_articles(root: Path, count: int, first: int = 0) -> Path:
    """So many generated articles in a folder, which is returned; from that number on."""
    corpus = root / "corpus"
    for number in range(first, first + count):
        path = corpus / f"{number // 100:03}" / f"{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_article(number, random.Random(number)), "utf-8")
    return corpus


def _change(corpus: Path, count: int) -> None:
    paths = sorted(corpus.rglob("*.md"))
    for path in random.Random(count).sample(paths, count):
        number = int(path.stem)
        path.write_text(_article(number, random.Random(time.time_ns())), "utf-8")


def _article(number: int, chance: random.Random) -> str:
    body = ""
    while len(body) < _CHARACTERS:
        body += _sentence(chance)
        if chance.random() < 0.2:
            body += "\n\n"
    return (
        f"---\ntitle: {_words(chance, 4)}第{number}号\nbyline: 本报记者 {_words(chance, 1)}\n"
        f"date: 2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}\n---\n\n{body}\n"
    )


def _sentence(chance: random.Random) -> str:
    clauses = [_words(chance, chance.randint(3, 6)) for _ in range(chance.randint(2, 4))]
    return "，".join(clauses) + f"{chance.randint(2, 999)}{chance.choice('个名项次')}。"


def _words(chance: random.Random, count: int) -> str:
    return "".join(chance.choice(_VOCABULARY) for _ in range(count))


_VOCABULARY = (
    "社区 工会 职工 服务 党员 志愿者 干部 街道 车间 书记 项目 活动 群众 居民 企业 生产 安全 质量 "
    "春运 列车 站台 测量 记录 河道 清理 展厅 讲解 培训 技能 比武 医院 体检 养老 教育 资源 机制 "
    "调查 满意度 诉求 响应 网格 热线 办理 改革 创新 提升 推动 组织 参与 走访 慰问 座谈 宣讲 劳模 "
    "工匠 骑行 课堂 园区 广场 市集 年货 非遗 体验 采购 摄影 报道 昨日 日前 上午 今年 去年 "
    "全市 全区 完成 开展 建立 打造 形成 解决 落实 优化 升级 保障 就业 岗位 "
    "家庭 孩子 老人 青年 学生 教师"
).split()


if __name__ == "__main__":
    main()
