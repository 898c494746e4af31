"""Building in a child process: what its end, whatever it is, means for the parent."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.building import Builder
from retrieval.child import BuilderDiedError, ChildBuilder
from retrieval.errors import CollectionError, CorpusError, ReloadError
from retrieval.index.generations import Generations
from retrieval.jobs import BuildJob, Built
from retrieval.lock import exclusive
from retrieval.reload import Reloader
from retrieval.types import Progress, Step
from tests.fakes import FakeEmbedder
from tests.small import make_reloader, reload, stored, write

SERVE = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from retrieval.building import Builder
from retrieval.child import serve
from tests.fakes import FakeEmbedder
serve(Builder(data_dir=Path({data_dir!r}), embedder=FakeEmbedder()))
"""
DIE = """
import json, os, sys
sys.stdin.readline()
for phase in {phases!r}:
    print(json.dumps({{"step": {{"phase": phase}}}}), flush=True)
os.kill(os.getpid(), {signal})
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(3):
        write(folder / f"{number}.md", f"第{number}篇", f"这是第{number}篇文章的正文。" * 9)
    return folder


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def serving(data_dir: Path) -> ChildBuilder:
    root = str(Path(__file__).parent.parent)
    return ChildBuilder([sys.executable, "-c", SERVE.format(root=root, data_dir=str(data_dir))])


def dying(*phases: str, by: signal.Signals = signal.SIGSEGV) -> ChildBuilder:
    script = DIE.format(phases=phases, signal=int(by))
    return ChildBuilder([sys.executable, "-c", script])


def reloader(corpus: Path, data_dir: Path, builder: object) -> Reloader:
    return Reloader(
        corpus_dir=corpus,
        data_dir=data_dir,
        builder=builder,  # type: ignore[arg-type]
        embedding="fake",
    )


def run(reloader: Reloader, steps: list[Step] | None = None) -> str | None:
    progress = (steps if steps is not None else []).append
    return reloader.reload(full=False, force=False, dry_run=False, progress=progress).generation


def test_a_child_builds_what_its_parent_publishes(corpus: Path, data_dir: Path) -> None:
    steps: list[Step] = []
    generation = run(reloader(corpus, data_dir, serving(data_dir)), steps)
    assert Generations(data_dir).live() == generation
    assert set(stored(data_dir)) == {"0.md", "1.md", "2.md"}
    phases = list(dict.fromkeys(step.phase for step in steps))
    assert phases == ["read", "chunk", "embed", "check"]
    last = [step for step in steps if step.phase == "embed"][-1]
    assert (last.done, last.seconds_left) == (last.total, 0)
    assert last.embedded > 0


def test_what_a_child_complains_of_its_parent_raises(corpus: Path, data_dir: Path) -> None:
    for path in corpus.iterdir():
        path.write_bytes(b"---\nnot: [closed\n---\n")
    with pytest.raises(CorpusError, match=r"no article in .* can be read"):
        run(reloader(corpus, data_dir, serving(data_dir)))
    assert list((data_dir / "generations").iterdir()) == []


def test_a_child_checks_a_generation(corpus: Path, data_dir: Path) -> None:
    generation = str(run(reloader(corpus, data_dir, serving(data_dir))))
    serving(data_dir).check(generation)
    (data_dir / "generations" / generation / "sentences.npy").write_bytes(b"garbage")
    with pytest.raises(CollectionError, match="is damaged"):
        serving(data_dir).check(generation)


def test_a_reader_killed_by_a_damaged_index_is_told_as_damage() -> None:
    with pytest.raises(CollectionError, match=r"20250305 cannot be opened.*signal 11"):
        dying().check("20250305")


def test_a_check_that_somebody_ends_is_no_damage(corpus: Path, data_dir: Path) -> None:
    generation = reload(corpus, data_dir).generation
    (data_dir / "checked.json").unlink()
    for ended in (dying(by=signal.SIGKILL), ChildBuilder([sys.executable, "-c", "exit(2)"])):
        with pytest.raises(ReloadError, match="ended with s"):
            reloader(corpus, data_dir, ended).verify_live()
        assert Generations(data_dir).live() == generation


def test_an_unreadable_manifest_is_damage(corpus: Path, data_dir: Path) -> None:
    first = reload(corpus, data_dir).generation
    second = str(reload(corpus, data_dir, full=True).generation)
    (data_dir / "generations" / second / "manifest.json").write_bytes(b"{")
    complaint = reloader(corpus, data_dir, serving(data_dir)).verify_live()
    assert f"the index {second} was set aside and {first} of before it serves" in str(complaint)


def test_a_child_that_dies_while_building_is_told_with_its_phase(
    corpus: Path, data_dir: Path
) -> None:
    with pytest.raises(BuilderDiedError, match="signal 11 while it was at: embed"):
        run(reloader(corpus, data_dir, dying("read", "embed")))
    assert list((data_dir / "generations").iterdir()) == []


def test_a_live_index_that_kills_its_reader_is_built_anew(corpus: Path, data_dir: Path) -> None:
    first = reload(corpus, data_dir).generation
    jobs: list[BuildJob] = []

    class DiesOfTheLiveIndex(Builder):
        def build(self, job: BuildJob, progress: Progress, *, lock: int) -> Built:
            jobs.append(job)
            if not job.distrust_live:
                raise BuilderDiedError("verify", -signal.SIGSEGV)
            return super().build(job, progress, lock=lock)

    builder = DiesOfTheLiveIndex(data_dir=data_dir, embedder=FakeEmbedder())
    assert run(reloader(corpus, data_dir, builder)) != first
    assert [job.distrust_live for job in jobs] == [False, True]
    assert set(stored(data_dir)) == {"0.md", "1.md", "2.md"}


def test_a_command_that_does_not_start_is_a_clear_error(corpus: Path, data_dir: Path) -> None:
    with pytest.raises(ReloadError, match=r"/no/such/program"):
        run(reloader(corpus, data_dir, ChildBuilder(["/no/such/program"])))
    with pytest.raises(BuilderDiedError, match="status 3 while it was at: start"):
        run(
            reloader(
                corpus, data_dir, ChildBuilder([sys.executable, "-c", "import sys; sys.exit(3)"])
            )
        )


def test_a_child_holds_the_lock_as_long_as_it_lives(data_dir: Path, corpus: Path) -> None:
    data_dir.mkdir()
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with exclusive(data_dir) as descriptor:
        child = subprocess.Popen(waiting, stdin=subprocess.PIPE, pass_fds=(descriptor,))
    with child:
        with pytest.raises(ReloadError, match=r"another reload is running \(process \d+ since"):
            run(reloader(corpus, data_dir, serving(data_dir)))
        child.kill()
    assert run(reloader(corpus, data_dir, serving(data_dir))) is not None


def test_too_little_disk_is_said_before_anything_is_built(corpus: Path, data_dir: Path) -> None:
    full = make_reloader(corpus, data_dir, FakeEmbedder(), free_bytes=lambda _: 1_000_000)
    with pytest.raises(ReloadError, match=r"needs about \d+ MB, but only 1 MB are free"):
        run(full)
    assert list((data_dir / "generations").iterdir()) == []
    assert not (data_dir / "embeddings.sqlite3").exists()
