"""The cache is worth time and nothing else: whatever happens to it, the findings are the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from flaskglobals_lint import analysis, cache, facts, lint, sources
from flaskglobals_lint import pool as pool_module
from flaskglobals_lint.config import Config
from flaskglobals_lint.extract import extract
from flaskglobals_lint.pool import decoded, extract_all
from flaskglobals_lint.sources import digest

APP = """
from flask import Flask
app = Flask(__name__)
views = 0

@app.route("/")
def home():
    global views
    views += 1
    return str(views)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "other.py").write_text("x = 1\n")
    return tmp_path


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every source that was extracted and not found in the cache."""
    seen: list[bytes] = []

    def watch(sources: list[bytes], *rest: object, **keywords: object) -> list[bytes]:
        seen.extend(sources)
        return extract_all(sources)

    monkeypatch.setattr("flaskglobals_lint.extraction.extract_all", watch)
    return seen


def codes(project: Path, **options: object) -> list[str]:
    report = lint.lint([str(project)], Config(**options), cwd=project)  # type: ignore[arg-type]
    return [finding.code for finding in report.findings]


def packs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pack"))


def test_only_changed_files_are_extracted_again(project: Path, extracted: list[bytes]) -> None:
    first = codes(project)
    assert "FGL101" in first
    assert len(extracted) == 2
    extracted.clear()
    assert codes(project) == first
    assert extracted == []
    (project / "other.py").write_text("x = 2\n")
    assert codes(project) == first
    assert extracted == [b"x = 2\n"]


def test_a_changed_file_gets_no_stale_answer(project: Path) -> None:
    assert "FGL101" in codes(project)
    (project / "app.py").write_text(APP.replace("views += 1", "views = 1"))
    assert "FGL101" not in codes(project)


def test_the_folder_tells_git_and_backups_to_pass_it_over(project: Path) -> None:
    codes(project)
    folder = project / ".flaskglobals_cache"
    assert "*" in (folder / ".gitignore").read_text().splitlines()
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert len(packs(folder)) == 1


def test_a_folder_with_other_files_stays_visible_to_git(project: Path, tmp_path: Path) -> None:
    """Its ``.gitignore`` would hide the project from git, and from the next run."""
    first = codes(project, cache_dir=project)
    assert packs(project)
    assert not (project / ".gitignore").exists()
    assert codes(project, cache_dir=project) == first != []


def test_a_folder_whose_path_is_too_long_is_done_without(project: Path) -> None:
    assert codes(project, cache_dir=project / ("a/" * 1900)) == codes(project, cache=False)
    assert not (project / "a").exists()


def test_no_cache_and_another_folder(project: Path, tmp_path: Path) -> None:
    codes(project, cache=False)
    assert not (project / ".flaskglobals_cache").exists()
    codes(project, cache_dir=tmp_path / "a" / "b")
    assert packs(tmp_path / "a" / "b")
    assert not (project / ".flaskglobals_cache").exists()


def test_other_code_or_another_version_asks_anew(
    project: Path, extracted: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes(project)
    extracted.clear()
    for module in ("lint", "extraction"):
        monkeypatch.setattr(f"flaskglobals_lint.{module}.code", lambda *names: b"another version")
    codes(project)
    assert len(extracted) == 2


def test_the_code_of_the_package_is_part_of_the_key() -> None:
    assert cache.code() == cache.code()
    assert len({cache.code(), cache.code("extract", "facts.py"), cache.code("facts.py")}) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:30],
        lambda content: content + b"x",
        lambda content: content.replace(b"pack 1", b"pack 9"),
        lambda content: content[:26] + b"\xff" * 4 + content[30:],
        lambda content: content[:-300] + bytes(255 - byte for byte in content[-300:]),
        lambda content: os.urandom(2000),
    ],
)
def test_a_damaged_pack_is_passed_over(project: Path, damage: object) -> None:
    first = codes(project)
    [pack] = packs(project / ".flaskglobals_cache")
    pack.write_bytes(damage(pack.read_bytes()))  # type: ignore[operator]
    assert codes(project) == first
    assert codes(project) == first


@pytest.mark.parametrize(
    "content", [b"", b"\xc1", b"\x91" * 5000, b"\x95\x90\x90\x90\x90", b"\x95\x91\xa1x\x90\x90\x90\xc0"]
)
def test_contents_of_the_wrong_shape_are_passed_over(project: Path, content: bytes) -> None:
    first = codes(project)
    name = cache.key("facts", cache.code("facts.py", "extract"), digest(APP.encode()))
    shutil.rmtree(project / ".flaskglobals_cache")
    store = cache.Cache(project / ".flaskglobals_cache")
    store.put(name, content)
    store.close()
    assert codes(project) == first


def test_facts_that_break_a_later_stage_are_replaced(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = codes(project)
    (project / "third.py").write_text("")  # what is found is not yet known for this program
    real, calls = analysis._checked, []

    def broken_once(*arguments: object, **keywords: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("no such function")
        return real(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(analysis, "_checked", broken_once)
    assert codes(project) == first
    assert len(calls) == 2


def test_a_file_a_link_or_a_pipe_in_its_place(project: Path, tmp_path: Path) -> None:
    folder = project / ".flaskglobals_cache"
    folder.write_text("mine")
    first = codes(project)
    assert folder.read_text() == "mine"
    folder.unlink()
    (project / "elsewhere").mkdir()
    folder.symlink_to(project / "elsewhere")
    assert codes(project) == first
    assert list((project / "elsewhere").iterdir()) == []
    folder.unlink()
    folder.mkdir()
    os.mkfifo(folder / "a.pack")
    (folder / "b.pack").symlink_to("/dev/zero")
    (folder / "c.pack").mkdir()
    assert codes(project) == first


@pytest.mark.parametrize("broken", ["mkdir", "replace", "open"])
def test_a_folder_that_cannot_be_written(project: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = codes(project, cache=False)

    real = getattr(os, broken)

    def full(path: object, *arguments: object, **keywords: object) -> object:
        if cache.FOLDER in str(path):
            raise OSError(28, "No space left on device")
        return real(path, *arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(f"flaskglobals_lint.cache.os.{broken}", full)
        assert codes(project) == first
    assert not list((project / ".flaskglobals_cache").glob("*.tmp"))
    assert not packs(project / ".flaskglobals_cache")
    assert codes(project) == first


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="where nobody can make a folder, whoever runs this")
def test_a_place_where_no_folder_can_be_made(project: Path) -> None:
    assert codes(project, cache_dir=Path("/proc/self/cache")) == codes(project, cache=False)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="who may write anywhere")
def test_a_folder_that_may_only_be_read(project: Path) -> None:
    first = codes(project)
    folder = project / ".flaskglobals_cache"
    before = packs(folder)
    folder.chmod(0o555)
    try:
        assert codes(project) == first
        (project / "app.py").write_text(f"{APP}x = 1\n")
        assert codes(project) == first
        assert packs(folder) == before
    finally:
        folder.chmod(0o755)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    one, two = cache.Cache(tmp_path), cache.Cache(tmp_path)
    one.put(b"1" * 16, b"one")
    two.put(b"2" * 16, b"two")
    one.close()
    two.close()
    merged = cache.Cache(tmp_path)
    assert (merged.get(b"1" * 16), merged.get(b"2" * 16)) == (b"one", b"two")
    merged.close()


def test_folders_of_two_machines_are_merged_by_copying(tmp_path: Path) -> None:
    for number in (1, 2):
        store = cache.Cache(tmp_path / str(number))
        store.put(bytes([number]) * 16, b"content")
        store.close()
    shutil.copytree(tmp_path / "1", tmp_path / "2", dirs_exist_ok=True)
    merged = cache.Cache(tmp_path / "2")
    assert [merged.get(bytes([number]) * 16) for number in (1, 2, 3)] == [b"content", b"content", None]
    merged.close()


def test_many_packs_become_one_and_old_entries_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(number: int) -> None:
        store = cache.Cache(tmp_path)
        store.get(bytes([0]) * 16)
        store.put(bytes([number]) * 16, b"content %d" % number)
        store.close()

    now = cache.time.time()
    dead, foreign = f"{'0' * 32}.pack.7.tmp", ["mine.tmp", "a.pack.7.tmp", f"{'0' * 32}.pack.x.tmp"]
    for name in (dead, *foreign):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (now - 9000, now - 9000))
    for number in range(12):
        run(number)
    assert len(packs(tmp_path)) == 12
    monkeypatch.setattr(cache.time, "time", lambda: now + 30 * 86_400)
    run(99)
    assert len(packs(tmp_path)) == 1
    assert sorted(path.name for path in tmp_path.glob("*.tmp")) == sorted(foreign)
    store = cache.Cache(tmp_path)
    assert store.get(bytes([0]) * 16) == b"content 0"
    assert store.get(bytes([99]) * 16) == b"content 99"
    assert store.get(bytes([5]) * 16) is None
    store.close()


# --- processes --------------------------------------------------------------------------------------------------------

SOURCES = [f"def f{number}(x):\n    return x + {number}\n".encode() * 30 for number in range(40)]


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_any_number_of_processes_gives_the_same(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_WORTH_A_PROCESS", 1000)
    monkeypatch.setattr(pool_module, "_CHUNK", 3000)
    assert modules_of(SOURCES, jobs, isolated=True) == modules_of(SOURCES, isolated=False)


def modules_of(sources: list[bytes], *arguments: int, **keywords: bool) -> list[facts.Module]:
    return [decoded(answer) for answer in extract_all(sources, *arguments, **keywords)]


def test_one_job_needs_a_process_only_for_what_takes_the_concrete_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_WORTH_A_PROCESS", 1000)
    asked: list[bytes] = []
    ask = pool_module._Worker.ask
    monkeypatch.setattr(
        pool_module._Worker, "ask", lambda self, tasks: (asked.extend(s for s, _ in tasks), ask(self, tasks))
    )
    changing = b"seen = []\n\ndef see(x):\n    seen.append(x)\n" * 30
    sources = [SOURCES[0], changing, b"x = = 1\n", SOURCES[1] * 20, *SOURCES[2:]]
    done: list[int] = []
    modules = [decoded(answer) for answer in extract_all(sources, 1, done.append)]
    assert modules == [extract(source) for source in sources]
    assert set(asked) == {changing, sources[2], sources[3], *(s for s in SOURCES if len(s) > 1000)}
    assert done == sorted(done)
    assert done[-1] == len(sources)


def _dying(monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    """Workers run ``action`` in place of extracting a source that holds the word POISON."""
    code = (
        "import sys; sys.path[:] = sys.argv[1:]; import os, signal; from flaskglobals_lint.extract import worker\n"
        "real = worker.extract\n"
        f"worker.extract = lambda source, outlined: {action} if b'POISON' in source else real(source, outlined)\n"
        "worker.main()"
    )
    monkeypatch.setattr(pool_module, "_CODE", code)


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(
    ("name", "message"), [("SIGSEGV", "the parser crashed on this file"), ("SIGXCPU", "takes too long to analyse")]
)
def test_a_source_that_ends_its_process_costs_itself_only(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _dying(monkeypatch, f"os.kill(os.getpid(), signal.{name})")
    sources = [*SOURCES[:3], b"POISON = 1\n", *SOURCES[3:5]]
    modules = modules_of(sources, 2, isolated=True)
    assert modules[3].problem == facts.SyntaxProblem(message, 1, 1)
    assert [module for at, module in enumerate(modules) if at != 3] == [extract(source) for source in SOURCES[:5]]


def test_without_workers_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module.sys, "executable", "/nowhere/python")
    assert modules_of(SOURCES[:2], 2, isolated=True) == modules_of(SOURCES[:2], isolated=False)
    monkeypatch.undo()
    monkeypatch.setattr(pool_module, "_CODE", "raise SystemExit(1)")
    assert modules_of(SOURCES[:2], 2, isolated=True) == modules_of(SOURCES[:2], isolated=False)


def test_many_facts_are_written_before_the_analysis(
    project: Path, extracted: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MUCH", 1)

    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(analysis, "analyse", stopped)
        with pytest.raises(KeyboardInterrupt):
            codes(project)
    assert len(packs(project / ".flaskglobals_cache")) >= 1
    extracted.clear()
    assert "FGL101" in codes(project)
    assert extracted == []


def test_a_disk_that_is_full_before_the_analysis(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MUCH", 1)

    def full(*arguments: object) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(cache, "_write_pack", full)
        found = codes(project)
    assert "FGL101" in found
    assert packs(project / ".flaskglobals_cache") == []
    assert codes(project) == found


def test_the_texts_of_a_large_program_are_kept_compressed_and_told_as_they_are(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_WORTH_FOLDING", 1)
    report = lint.lint([str(project)], Config(cache=False), cwd=project)
    assert report.sources["app.py"] == APP
    (project / "app.py").write_text("changed while it is told\n")
    assert report.sources["app.py"] == APP
